/**
 * The salted hash that MySQL 8 keeps for caching_sha2_password: SHA-crypt with SHA-256
 * (https://www.akkadia.org/drepper/SHA-crypt.txt) and a salt of 20 bytes, written
 *
 *     $A$00A$ 20 bytes of salt, 43 characters of hash        (thousands of rounds, in hex)
 */
import { createHash } from "node:crypto";

const STORED = /^\$A\$([0-9A-Fa-f]{3})\$([\s\S]{20})([./0-9A-Za-z]{43})$/;
const ITOA64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Undefined when the text is no such hash. */
export function parseStoredSha2(
  text: string,
): { readonly verify: (password: string) => boolean } | undefined {
  const match = STORED.exec(text);
  if (match === null) return undefined;
  const [, thousands = "", salt = "", hash = ""] = match;
  const rounds = Number.parseInt(thousands, 16) * 1000;
  if (rounds === 0) return undefined;
  // Salts are bytes below 128, so this is how they stand in JSON and in mysql.user.
  const saltBytes = Uint8Array.from(salt, (character) => character.charCodeAt(0));
  return { verify: (password) => equalText(sha256Crypt(password, saltBytes, rounds), hash) };
}

/** The 43 characters. */
export function sha256Crypt(password: string, salt: Uint8Array, rounds: number): string {
  const key = new TextEncoder().encode(password);
  const first = firstDigest(key, salt);
  const p = repeated(sha256(...Array.from(key, () => key)), key.length);
  const saltTimes = 16 + (first[0] ?? 0);
  const s = repeated(sha256(...Array.from({ length: saltTimes }, () => salt)), salt.length);
  let digest = first;
  for (let round = 0; round < rounds; round++) {
    const isOdd = round % 2 === 1;
    const hash = createHash("sha256").update(isOdd ? p : digest);
    if (round % 3 !== 0) hash.update(s);
    if (round % 7 !== 0) hash.update(p);
    digest = hash.update(isOdd ? digest : p).digest();
  }
  return encode(digest);
}

/** Steps 1 to 12 of the description. */
function firstDigest(key: Uint8Array, salt: Uint8Array): Uint8Array {
  const other = sha256(key, salt, key);
  const parts: Uint8Array[] = [key, salt, repeated(other, key.length)];
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? other : key);
  return sha256(...parts);
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** As many bytes of the digest, over and over, as told. */
function repeated(digest: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => digest[i % digest.length] ?? 0);
}

/** Three bytes to four characters, in the order of the description's step 22. */
function encode(digest: Uint8Array): string {
  const at = (i: number) => digest[i] ?? 0;
  let out = "";
  let [a, b, c] = [0, 10, 20];
  for (let i = 0; i < 10; i++) {
    out += group((at(a) << 16) | (at(b) << 8) | at(c), 4);
    [a, b, c] = [c + 1, a + 1, b + 1];
  }
  return out + group((at(31) << 8) | at(30), 3);
}

function group(value: number, characters: number): string {
  let out = "";
  for (let i = 0; i < characters; i++) out += ITOA64.charAt((value >> (6 * i)) & 0x3f);
  return out;
}

/** In a time that doesn't tell where they differ. */
function equalText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
