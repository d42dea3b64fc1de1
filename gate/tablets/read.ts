/** Tells statements that change nothing, and so may run twice. When in doubt they don't. */

/** Blanks and comments without hints of execution, then the word. */
const READ =
  /^(?:\s|\/\*(?!!)(?:[^*]|\*(?!\/))*\*\/|--\s[^\n]*\n|#[^\n]*\n|\()*(?:select|show|describe|desc|explain)\b/i;

/** Locks, values and files outlive the statement; INTO writes; user variables carry over. */
const SIDE_EFFECT =
  /\b(?:into|for\s+update|for\s+share|lock\s+in|get_lock|release_lock|nextval|next\s+value|setval|sleep|analyze|call)\b|:=/i;

const LATIN1 = new TextDecoder("latin1");
/** A longer statement is no read that is worth repeating. */
const READ_BYTES_MAX = 64 * 1024;

export function isRead(sql: Uint8Array): boolean {
  if (sql.length > READ_BYTES_MAX) return false;
  const text = LATIN1.decode(sql);
  return READ.test(text) && !SIDE_EFFECT.test(text);
}
