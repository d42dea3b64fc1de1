/**
 * SET NAMES and SET CHARACTER SET. SQL text is scanned as bytes
 * (docs/decisions/0002-sql-text-is-a-byte-string.md), so a set whose trailing bytes can look like
 * a quote or a backslash is refused.
 */
import { vtError } from "../../shared/error/errors.ts";
import {
  CLIENT_CHARACTER_SETS,
  collationByName,
  defaultCollation,
} from "../../shared/mysql/collations.ts";

/** The collation id of `SET NAMES charset [COLLATE collation]`. VT24003, or MySQL's 1273. */
export function collationOfNames(charset: string, collation: string | undefined): number {
  const name = charset.toLowerCase() === "default" ? "utf8mb4" : charset;
  const byCharset = defaultCollation(name);
  if (byCharset === undefined || !CLIENT_CHARACTER_SETS.has(byCharset.characterSet)) {
    throw vtError("VT24003", charset);
  }
  if (collation === undefined || collation.toLowerCase() === "default") return byCharset.id;
  const chosen = collationByName(collation);
  if (chosen === undefined) throw vtError("ER_UNKNOWN_COLLATION", collation);
  return chosen.id;
}

/** Throws VT24003 unless statements in this character set can be read as bytes. */
export function checkClientCharset(charset: string): void {
  collationOfNames(charset, undefined);
}
