/**
 * Text of columns as UTF-8, for the character sets whose mapping is beyond doubt. A keyspace id is
 * made of UTF-8, whatever a column stores: so a text has the same one in a statement, in the binlog
 * and on every server. Texts are byte strings (docs/decisions/0002-sql-text-is-a-byte-string.md).
 */
import { Buffer } from "node:buffer";

// deno-lint-ignore no-control-regex
const NOT_ASCII = /[^\x00-\x7f]/;

/** Their bytes are taken as they are. */
const AS_THEY_ARE: ReadonlySet<string> = new Set(["utf8mb4", "utf8mb3", "utf8", "binary"]);

/** Units of more than one byte: ASCII is not ASCII in them. */
const WIDE: Readonly<Partial<Record<string, (bytes: Buffer) => string | undefined>>> = {
  ucs2: utf16be,
  utf16: utf16be,
  utf16le: (bytes) => bytes.length % 2 === 0 ? wellFormed(bytes.toString("utf16le")) : undefined,
  utf32: utf32be,
};

/** Their first half isn't ASCII throughout: a backslash may be a yen. */
const NOT_ON_ASCII: ReadonlySet<string> = new Set(["sjis", "swe7", "cp932", "filename"]);

/** Undefined when the character set's mapping isn't known here, or the text isn't one of it. */
export function toUtf8(text: string, characterSet: string): string | undefined {
  if (AS_THEY_ARE.has(characterSet)) return text;
  const wide = WIDE[characterSet];
  if (wide !== undefined) {
    const decoded = wide(Buffer.from(text, "latin1"));
    return decoded === undefined ? undefined : Buffer.from(decoded, "utf8").toString("latin1");
  }
  if (NOT_ON_ASCII.has(characterSet)) return undefined;
  if (!NOT_ASCII.test(text)) return text;
  if (characterSet !== "latin1") return undefined;
  let utf8 = "";
  for (const char of text) utf8 += LATIN1_TO_UTF8[char.charCodeAt(0)] ?? "";
  return utf8;
}

/**
 * Whether a column of the character set can hold a UTF-8 text unchanged. Undefined when that isn't
 * known here.
 */
export function canHold(characterSet: string, utf8: string): boolean | undefined {
  if (characterSet === "binary") return true;
  if (!NOT_ASCII.test(utf8)) return NOT_ON_ASCII.has(characterSet) ? undefined : true;
  const text = decodeUtf8(utf8);
  if (text === undefined) return false;
  switch (characterSet) {
    case "utf8mb4":
    case "utf16":
    case "utf16le":
    case "utf32":
      return true;
    case "utf8":
    case "utf8mb3":
    case "ucs2":
      return !SUPPLEMENTARY.test(text);
    case "latin1":
      return [...text].every((char) => LATIN1.has(char));
    case "ascii":
      return false;
    default:
      return undefined;
  }
}

const SUPPLEMENTARY = /[\u{10000}-\u{10ffff}]/u;

/** MySQL's latin1 is cp1252, with its five gaps as control characters: as the web's decoder. */
const LATIN1_TEXT = new TextDecoder("windows-1252").decode(
  Uint8Array.from({ length: 256 }, (_, byte) => byte),
);
const LATIN1: ReadonlySet<string> = new Set(LATIN1_TEXT);
const LATIN1_TO_UTF8: readonly string[] = [...LATIN1_TEXT].map((char) =>
  Buffer.from(char, "utf8").toString("latin1")
);

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: string): string | undefined {
  try {
    return UTF8.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return undefined;
  }
}

function wellFormed(text: string): string | undefined {
  return text.isWellFormed() ? text : undefined;
}

function utf16be(bytes: Buffer): string | undefined {
  if (bytes.length % 2 !== 0) return undefined;
  return wellFormed(Buffer.from(bytes).swap16().toString("utf16le"));
}

function utf32be(bytes: Buffer): string | undefined {
  if (bytes.length % 4 !== 0) return undefined;
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    const code = bytes.readUInt32BE(at);
    if (code > 0x10ffff) return undefined;
    text += String.fromCodePoint(code);
  }
  return wellFormed(text);
}
