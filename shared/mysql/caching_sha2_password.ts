/**
 * caching_sha2_password. Fast path: the client answers the scramble with
 * SHA256(password) XOR SHA256(SHA256(SHA256(password)) + scramble), which a server that knows
 * SHA256(SHA256(password)) can check. Full path: the password itself, over TLS or a unix socket
 * as it is, otherwise XORed with the scramble and encrypted with the server's RSA key.
 */
import { createHash } from "node:crypto";
import { equalBytes, xorBytes } from "./native_password.ts";

export const CACHING_SHA2_PASSWORD_PLUGIN = "caching_sha2_password";

/** The client asks for the server's public key. */
export const REQUEST_PUBLIC_KEY = 0x02;
/** AuthMoreData: the fast path succeeded, an OK follows. */
export const FAST_AUTH_SUCCESS = 0x03;
/** AuthMoreData: the password itself is needed. */
export const PERFORM_FULL_AUTHENTICATION = 0x04;

const DIGEST_BYTES = 32;

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** What a client answers to the scramble; empty for an empty password. */
export function cachingSha2Response(password: string, scramble: Uint8Array): Uint8Array {
  if (password === "") return new Uint8Array(0);
  const stage1 = sha256(new TextEncoder().encode(password));
  return xorBytes(stage1, sha256(sha256(stage1), scramble));
}

/** SHA256(SHA256(password)): what the fast path needs to know. */
export function cachingSha2Hash(password: string): Uint8Array {
  return sha256(sha256(new TextEncoder().encode(password)));
}

/** True when the response was made from a password with this hash. */
export function verifyCachingSha2(
  response: Uint8Array,
  scramble: Uint8Array,
  hash: Uint8Array,
): boolean {
  if (response.length !== DIGEST_BYTES) return false;
  const stage1 = xorBytes(response, sha256(hash, scramble));
  return equalBytes(sha256(stage1), hash);
}

/** The password as the full path sends it: with its NUL. */
export function clearPassword(password: string): Uint8Array {
  return new TextEncoder().encode(password + "\0");
}

/** XOR with the repeated scramble, before encryption and after decryption. */
export function maskWithScramble(bytes: Uint8Array, scramble: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => byte ^ (scramble[index % scramble.length] ?? 0));
}
