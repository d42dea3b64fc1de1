/**
 * MariaDB's UUID, INET4 and INET6: the binlog has their bytes as BINARY(n) and says nothing of the
 * type, clients see texts. Which columns they are is known from information_schema alone.
 */
import { vtError } from "../error/errors.ts";

export const TEXT_TYPES = ["uuid", "inet4", "inet6"] as const;
export type TextType = typeof TEXT_TYPES[number];

/** By table, by the column's name in lower case. */
export type TextTypes = ReadonlyMap<string, ReadonlyMap<string, TextType>>;

export const NO_TEXT_TYPES: TextTypes = new Map();

/** ascii_general_ci: as these texts are written and compared. */
export const COLLATION_ASCII = 11;

export function textTypeOf(name: string): TextType | undefined {
  return TEXT_TYPES.find((type) => type === name.toLowerCase());
}

/** The text that SELECT gives. */
export function printTextType(type: TextType, bytes: Uint8Array): string {
  switch (type) {
    case "uuid":
      return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    case "inet4":
      return bytes.join(".");
    case "inet6":
      return printInet6(bytes);
  }
}

const WORDS = 8;

/** As sql/sql_type_inet.cc does it: the first of the longest rows of zeros is "::". */
function printInet6(bytes: Uint8Array): string {
  const words = Array.from(
    { length: WORDS },
    (_, i) => (bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0),
  );
  const gap = longestGap(words);
  const mapped = gap.start === 0 &&
    (gap.length === WORDS - 2 || (gap.length === WORDS - 3 && words[5] === 0xffff));
  const print = (some: readonly number[]) => some.map((word) => word.toString(16)).join(":");
  if (mapped) {
    const middle = print(words.slice(gap.length, WORDS - 2));
    return `::${middle}${middle === "" ? "" : ":"}${bytes.subarray(12).join(".")}`;
  }
  if (gap.length === 0) return print(words);
  return `${print(words.slice(0, gap.start))}::${print(words.slice(gap.start + gap.length))}`;
}

function longestGap(
  words: readonly number[],
): { readonly start: number; readonly length: number } {
  let best = { start: -1, length: 0 };
  for (let start = 0; start < words.length; start++) {
    let length = 0;
    while (words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}

const ALTERS = /^\s*(?:alter|rename)\b/i;
const NAMES_TYPE = /\b(?:uuid|inet4|inet6)\b/i;
const MAY_RENAME = /\b(?:rename|change|modify)\b/i;

/**
 * VT26002 for a statement behind which a column may be of another type than information_schema says
 * it is now: rows from before and after it could not be told apart.
 */
export function refuseRetyping(sql: string, tables: readonly string[], types: TextTypes): void {
  if (!ALTERS.test(sql)) return;
  const known = tables.find((table) => types.has(table));
  const retypes = NAMES_TYPE.test(sql) || (known !== undefined && MAY_RENAME.test(sql));
  if (!retypes) return;
  throw vtError(
    "VT26002",
    `a change of columns of type UUID, INET4 or INET6 (${sql.slice(0, 100)}): the binlog doesn't ` +
      "say from where on rows have which; copy the table anew (cancel and create)",
  );
}
