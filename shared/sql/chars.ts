/** Classes of bytes, as MySQL's lexer sees them (sql/lex_charset, `my_lex_states`). */

export const CLASS_OTHER = 0;
export const CLASS_SPACE = 1;
/** Begins a word: letters, `_`, `$` and every byte above 0x7f. */
export const CLASS_WORD = 2;
export const CLASS_DIGIT = 3;
export const CLASS_QUOTE = 4;
export const CLASS_DOUBLE_QUOTE = 5;
export const CLASS_BACKTICK = 6;
/** Comments may begin here: `/`, `-`, `#`. `*` may end one. */
export const CLASS_SLASH = 7;
export const CLASS_DASH = 8;
export const CLASS_HASH = 9;
export const CLASS_STAR = 10;
export const CLASS_DOT = 11;
export const CLASS_AT = 12;
export const CLASS_QUESTION = 13;
export const CLASS_SEMICOLON = 14;
export const CLASS_OPEN = 15;
/** `)` and `}`: an operand ends here. */
export const CLASS_CLOSE = 16;

const BY_CHAR: ReadonlyMap<string, number> = new Map([
  ["'", CLASS_QUOTE],
  ['"', CLASS_DOUBLE_QUOTE],
  ["`", CLASS_BACKTICK],
  ["/", CLASS_SLASH],
  ["-", CLASS_DASH],
  ["#", CLASS_HASH],
  ["*", CLASS_STAR],
  [".", CLASS_DOT],
  ["@", CLASS_AT],
  ["?", CLASS_QUESTION],
  [";", CLASS_SEMICOLON],
  ["(", CLASS_OPEN],
  [")", CLASS_CLOSE],
  ["}", CLASS_CLOSE],
]);

/** Indexed by byte. A string with larger char codes is no byte string. */
export const CHAR_CLASS: Uint8Array = buildClasses();

function buildClasses(): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) table[byte] = classOf(byte);
  return table;
}

function classOf(byte: number): number {
  const char = String.fromCharCode(byte);
  if (/[ \t\r\n\v\f]/.test(char)) return CLASS_SPACE;
  if (byte >= 0x80 || /[A-Za-z_$]/.test(char)) return CLASS_WORD;
  if (/[0-9]/.test(char)) return CLASS_DIGIT;
  return BY_CHAR.get(char) ?? CLASS_OTHER;
}

/** 1 for bytes that may stand inside a word, indexed by byte: the innermost loops read it. */
export const WORD_BYTE: Uint8Array = CHAR_CLASS.map((charClass) =>
  charClass === CLASS_WORD || charClass === CLASS_DIGIT ? 1 : 0
);

export function isWordByte(byte: number): boolean {
  return WORD_BYTE[byte] === 1;
}

/** False for NaN, which charCodeAt() gives behind the end. */
export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

export function isSpace(byte: number): boolean {
  return CHAR_CLASS[byte] === CLASS_SPACE;
}

export function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}
