/** A table's secondary keys that are not unique: what a copy may go without. */
import { quoteName } from "../mysqld/statement.ts";
import type { WriteSession } from "./session.ts";

export interface SecondaryKey {
  readonly name: string;
  /** As CREATE TABLE and ADD take it: "KEY `k` (`a`,`b`(10)) COMMENT 'x'". */
  readonly definition: string;
}

/** Of a definition: its name, quoted. */
const DEFINITION = /^KEY (`(?:[^`]|``)+`) /;

/** Undefined for what is no such key. */
export function parseSecondaryKey(definition: string): SecondaryKey | undefined {
  const [, quoted] = DEFINITION.exec(definition) ?? [];
  if (quoted === undefined) return undefined;
  return { name: quoted.slice(1, -1).replaceAll("``", "`"), definition };
}

/**
 * Out of SHOW CREATE TABLE, in its order: each has a line there, and texts have no lines of their
 * own. Those that are FULLTEXT or SPATIAL are none: what they need besides their columns stays when
 * they go.
 */
export function secondaryKeysIn(createTable: string): readonly SecondaryKey[] {
  return createTable.split("\n").flatMap((line) =>
    parseSecondaryKey(line.replace(/^ {2}/, "").replace(/,$/, "")) ?? []
  );
}

/** MysqlError ER_NO_SUCH_TABLE. The session's texts must be in UTF-8. */
export async function readSecondaryKeys(
  session: WriteSession,
  table: string,
  call: { readonly signal: AbortSignal },
): Promise<readonly SecondaryKey[]> {
  const [row] = await session.rows(`SHOW CREATE TABLE ${quoteName(table)}`, call);
  return secondaryKeysIn(row?.[1] ?? "");
}

/** The first of each name that is not among `there`; names compare as mysqld compares them. */
export function lackingKeys(
  keys: readonly SecondaryKey[],
  there: readonly SecondaryKey[],
): readonly SecondaryKey[] {
  const names = new Set(there.map(({ name }) => name.toLowerCase()));
  return keys.filter(({ name }) => {
    const isNew = !names.has(name.toLowerCase());
    names.add(name.toLowerCase());
    return isNew;
  });
}
