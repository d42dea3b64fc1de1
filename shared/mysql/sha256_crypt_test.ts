import assert from "node:assert/strict";
import { latin1Text } from "./binary_value.ts";
import { parseStoredSha2, sha256Crypt } from "./sha256_crypt.ts";

// As `openssl passwd -5 -salt 0123456789abcdef` prints them.
const KNOWN = [
  ["Hello world!", "iwtal7EDnW3Ts3mURAdsgwwJMDONlOpKqRHd/eVLyQ0"],
  ["a", "ayU.IUrWVARjs3nYpgeybIXMNdiIBTFNCdxEEQ7j/x8"],
  [
    "a much longer password than thirty-two bytes, so that blocks repeat",
    "WQCw/0EdCZXKKxxniNFeEi5S8TtgXww9nogQLo0uXN5",
  ],
] as const;

/** Of CREATE USER ... IDENTIFIED WITH caching_sha2_password BY 'secret' on MySQL 9.7, as HEX(). */
const STORED_SECRET = "24412430304124043A017B0340675A384C6D335E22092D7008281A487A74414F4E576D" +
  "646A6F52666C4C4C6B6D6257755648653333754F584B337048457662746B5251504631";

Deno.test("sha256Crypt() hashes as crypt(3) does", () => {
  const salt = new TextEncoder().encode("0123456789abcdef");
  for (const [password, hash] of KNOWN) assert.equal(sha256Crypt(password, salt, 5000), hash);
});

Deno.test("parseStoredSha2() reads what MySQL stores", () => {
  const stored = latin1Text(Uint8Array.fromHex(STORED_SECRET));
  const found = parseStoredSha2(stored);
  assert.ok(found !== undefined);
  assert.equal(found.verify("secret"), true);
  assert.equal(found.verify("Secret"), false);
  assert.equal(found.verify(""), false);
  for (const wrong of ["", "$A$005$short", stored.slice(1), `${stored}x`, `$B${stored.slice(2)}`]) {
    assert.equal(parseStoredSha2(wrong), undefined, wrong);
  }
});
