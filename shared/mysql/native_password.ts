/** mysql_native_password: SHA1(password) XOR SHA1(scramble + SHA1(SHA1(password))). */
import { createHash } from "node:crypto";

export const NATIVE_PASSWORD_PLUGIN = "mysql_native_password";

const DIGEST_BYTES = 20;

function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

export function xorBytes(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((byte, index) => byte ^ (right[index] ?? 0));
}

/** Compares in a time that depends on the lengths alone. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length;
  for (let i = 0; i < left.length; i++) difference |= (left[i] ?? 0) ^ (right[i] ?? 0);
  return difference === 0;
}

/** What a client answers to the scramble; empty for an empty password. */
export function nativePasswordResponse(password: string, scramble: Uint8Array): Uint8Array {
  if (password === "") return new Uint8Array(0);
  const stage1 = sha1(new TextEncoder().encode(password));
  return xorBytes(stage1, sha1(scramble, sha1(stage1)));
}

/** SHA1(SHA1(password)): what the server keeps, after the `*` in mysql.user. */
export function nativePasswordHash(password: string): Uint8Array {
  return sha1(sha1(new TextEncoder().encode(password)));
}

/** True when the response was made from a password with this hash. */
export function verifyNativePassword(
  response: Uint8Array,
  scramble: Uint8Array,
  hash: Uint8Array,
): boolean {
  if (response.length !== DIGEST_BYTES) return false;
  const stage1 = xorBytes(response, sha1(scramble, hash));
  return equalBytes(sha1(stage1), hash);
}
