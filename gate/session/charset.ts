/**
 * Character sets that a client may use. SQL text is scanned as bytes
 * (docs/decisions/0002-sql-text-is-a-byte-string.md), so a set whose trailing bytes can look like
 * a quote or a backslash is refused.
 */
import { vtError } from "../../shared/error/errors.ts";

/** Charset name to the id of its default collation, as MariaDB and MySQL number them. */
const DEFAULT_COLLATIONS: ReadonlyMap<string, number> = new Map([
  ["utf8mb4", 45],
  ["utf8mb3", 33],
  ["utf8", 33],
  ["latin1", 8],
  ["ascii", 11],
  ["binary", 63],
  ["default", 45],
]);

const COLLATIONS: ReadonlyMap<string, number> = new Map([
  ["utf8mb4_general_ci", 45],
  ["utf8mb4_bin", 46],
  ["utf8mb4_unicode_ci", 224],
  ["utf8mb4_unicode_520_ci", 246],
  // MySQL's default, which MariaDB lacks; both order plain text alike for what a literal needs.
  ["utf8mb4_0900_ai_ci", 45],
  ["utf8mb3_general_ci", 33],
  ["utf8_general_ci", 33],
  ["utf8mb3_bin", 83],
  ["utf8_bin", 83],
  ["utf8mb3_unicode_ci", 192],
  ["utf8_unicode_ci", 192],
  ["latin1_swedish_ci", 8],
  ["latin1_bin", 47],
  ["latin1_general_ci", 48],
  ["latin1_general_cs", 49],
  ["ascii_general_ci", 11],
  ["ascii_bin", 65],
  ["binary", 63],
]);

/** The collation id of `SET NAMES charset [COLLATE collation]`. VT24003, or MySQL's 1273. */
export function collationOfNames(charset: string, collation: string | undefined): number {
  const byCharset = DEFAULT_COLLATIONS.get(charset.toLowerCase());
  if (byCharset === undefined) throw vtError("VT24003", charset);
  if (collation === undefined || collation.toLowerCase() === "default") return byCharset;
  const id = COLLATIONS.get(collation.toLowerCase());
  if (id === undefined) throw vtError("ER_UNKNOWN_COLLATION", collation);
  return id;
}

/** Throws VT24003 unless statements in this character set can be read as bytes. */
export function checkClientCharset(charset: string): void {
  if (!DEFAULT_COLLATIONS.has(charset.toLowerCase())) throw vtError("VT24003", charset);
}
