import { deepEqual, equal } from "node:assert/strict";
import type { LiteralType } from "./ast.ts";
import { decodeLiteral, type LiteralValue } from "./literal.ts";
import { decodeName, decodeText, encodeText } from "./names.ts";
import { normalize } from "./normalize.ts";
import { DEFAULT_OPTIONS, type SqlOptions } from "./options.ts";
import { quoteBytes, quoteName, quoteString } from "./print.ts";

function decode(source: string, options: SqlOptions = DEFAULT_OPTIONS): LiteralValue {
  const sql = `select ${source}`;
  const [slot] = normalize(sql, options).slots;
  if (slot === undefined || slot.type === "param") throw new Error(source);
  const type: LiteralType = slot.type;
  return decodeLiteral(sql, { ...slot, type }, options);
}

Deno.test("decodeLiteral() keeps whole numbers and decimals exact", () => {
  deepEqual(decode("18446744073709551615"), { type: "int", value: 18446744073709551615n });
  deepEqual(decode("-9223372036854775808"), { type: "int", value: -9223372036854775808n });
  deepEqual(decode("007"), { type: "int", value: 7n });
  deepEqual(decode("12345678901.123456789"), { type: "decimal", text: "12345678901.123456789" });
  deepEqual(decode("-1e3"), { type: "float", value: -1000 });
});

Deno.test("decodeLiteral() undoes escapes, doubled quotes and adjacency", () => {
  const string = (source: string, options?: SqlOptions): string => {
    const value = decode(source, options);
    if (value.type !== "string") throw new Error(value.type);
    return value.bytes;
  };
  equal(string("'it''s'"), "it's");
  equal(string(`"a""b'c"`), `a"b'c`);
  equal(string(String.raw`'\0\'\"\b\n\r\t\Z\\\%\_\x'`), "\0'\"\b\n\r\t\x1a\\\\%\\_x");
  equal(string(`'a' /* c */ "b" 'c'`), "abc");
  equal(string(`'a\\'`, { ...DEFAULT_OPTIONS, noBackslashEscapes: true }), "a\\");
});

Deno.test("decodeLiteral() reads hexadecimal and bit literals as bytes", () => {
  const bytes = (source: string): readonly number[] => {
    const value = decode(source);
    if (value.type !== "binary") throw new Error(value.type);
    return [...value.bytes];
  };
  deepEqual(bytes("x'00ff'"), [0, 255]);
  deepEqual(bytes("0xABC"), [0x0a, 0xbc]);
  deepEqual(bytes("b'101'"), [5]);
  deepEqual(bytes("0b100000001"), [1, 1]);
});

Deno.test("quoteString() and decodeLiteral() are each other's inverse for any bytes", () => {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
  for (const noBackslashEscapes of [false, true]) {
    const options = { ...DEFAULT_OPTIONS, noBackslashEscapes };
    const text = quoteString(all, noBackslashEscapes);
    deepEqual(decode(text, options), { type: "string", bytes: all });
  }
  equal(quoteBytes(Uint8Array.of(0, 255)), "x'00ff'");
});

Deno.test("names decode from bytes and back, quotes undone", () => {
  equal(decodeName("`a``b`", "utf8"), "a`b");
  equal(decodeName('"a""b"', "utf8"), 'a"b');
  equal(decodeName("gr\xc3\xb6\xc3\x9fe", "utf8"), "größe");
  equal(decodeName("gr\xf6\xdfe", "latin1"), "größe");
  equal(encodeText("größe", "utf8"), "gr\xc3\xb6\xc3\x9fe");
  equal(decodeText(encodeText("漢字", "utf8"), "utf8"), "漢字");
  equal(quoteName("a`ö"), "`a``\xc3\xb6`");
});
