import { SCRAMBLE_BYTES } from "../../shared/mysql/handshake_greeting.ts";

/**
 * A random challenge of a connection. Printable, as mysqld's: no NUL, which ends it on the wire,
 * and no `$`, which separates fields of stored hashes.
 */
export function randomScramble(): Uint8Array {
  const scramble = crypto.getRandomValues(new Uint8Array(SCRAMBLE_BYTES));
  return scramble.map((byte) => {
    const printable = 1 + (byte & 0x7f) % 126;
    return printable === 0x24 ? 0x25 : printable;
  });
}
