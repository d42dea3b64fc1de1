/** Values of a change stream as JSON: text as text, and bytes that are none as base64. */
import type { Field, Row, TableFields } from "../../shared/binlog/change.ts";
import { collationById } from "../../shared/mysql/collations.ts";

export type ColumnText = string | null | { readonly base64: string };

/** MySQL's character sets by the Encoding Standard's names. MySQL's latin1 is Windows' one. */
const ENCODINGS: Readonly<Record<string, string>> = {
  ascii: "utf-8",
  big5: "big5",
  binary: "utf-8",
  cp1250: "windows-1250",
  cp1251: "windows-1251",
  cp1256: "windows-1256",
  cp1257: "windows-1257",
  cp866: "ibm866",
  cp932: "shift_jis",
  eucjpms: "euc-jp",
  euckr: "euc-kr",
  gb18030: "gb18030",
  gb2312: "gbk",
  gbk: "gbk",
  greek: "iso-8859-7",
  hebrew: "iso-8859-8",
  koi8r: "koi8-r",
  koi8u: "koi8-u",
  latin1: "windows-1252",
  latin2: "iso-8859-2",
  latin5: "windows-1254",
  latin7: "iso-8859-13",
  macroman: "macintosh",
  sjis: "shift_jis",
  tis620: "windows-874",
  ucs2: "utf-16be",
  ujis: "euc-jp",
  utf16: "utf-16be",
  utf16le: "utf-16le",
  utf8mb3: "utf-8",
  utf8mb4: "utf-8",
};

const decoders = new Map<string, TextDecoder>();

/** Each column of a row by its name. */
export function rowText({ fields }: TableFields, row: Row): Readonly<Record<string, ColumnText>> {
  const entries = fields.map((field, i) =>
    [field.name, columnText(field, row[i] ?? null)] as const
  );
  return Object.fromEntries(entries);
}

function columnText(field: Field, value: Uint8Array | null): ColumnText {
  if (value === null) return null;
  const characterSet = collationById(field.collation)?.characterSet ?? "";
  const encoding = ENCODINGS[characterSet];
  // Of a character set that nobody here knows, no byte is sure to mean what it seems to.
  if (encoding === undefined) return { base64: value.toBase64() };
  try {
    return decoderOf(encoding).decode(value);
  } catch (error) {
    if (error instanceof TypeError) return { base64: value.toBase64() };
    throw error;
  }
}

function decoderOf(encoding: string): TextDecoder {
  let decoder = decoders.get(encoding);
  if (decoder === undefined) {
    decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
    decoders.set(encoding, decoder);
  }
  return decoder;
}
