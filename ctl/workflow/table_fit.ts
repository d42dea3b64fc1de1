/** Whether a table of a target keeps each row of its source's as it is. */
import type { TableDefinition } from "../../shared/rpc/tablet_admin.ts";
import { whyOtherName, whyUnlike } from "./column_fit.ts";

/**
 * Why not, said of the target's table; undefined when it does: the same columns in the same order,
 * and no key that could take two of the source's rows for one. Other indexes, defaults and options
 * may differ.
 */
export function whyUnlikeTable(
  source: TableDefinition,
  target: TableDefinition,
): string | undefined {
  const [wanted, found] = [source, target].map(({ primaryKeyColumns }) =>
    listed(primaryKeyColumns)
  );
  if (wanted !== found) return `has the primary key (${found}), its source (${wanted})`;
  const lacking = namesBeyond(source, target);
  if (lacking !== "") return `lacks the column ${lacking}`;
  const added = namesBeyond(target, source);
  if (added !== "") return `has the column ${added}, which its source has not`;
  const unique = new Set(target.uniqueKeys.flat().map(columnOf));
  for (const [i, column] of source.columns.entries()) {
    const known = target.columns[i];
    if (known === undefined) break;
    // The columns of a view are what its server makes of them.
    const why = source.type === "VIEW"
      ? whyOtherName(column, known)
      : whyUnlike(column, known, unique.has(known.name.toLowerCase()));
    if (why !== undefined) return why;
  }
  const own = target.uniqueKeys.find((key) =>
    !source.uniqueKeys.some((known) => implies(known, key))
  );
  return own === undefined
    ? undefined
    : `has a unique key (${listed(own)}), which its source has not`;
}

function namesBeyond(one: TableDefinition, other: TableDefinition): string {
  const known = new Set(other.columns.map(({ name }) => name.toLowerCase()));
  return one.columns.map(({ name }) => name).filter((name) => !known.has(name.toLowerCase()))
    .join(", ");
}

function listed(parts: readonly string[]): string {
  return parts.join(", ").toLowerCase();
}

/** Of "name(10)". */
function columnOf(part: string): string {
  return part.replace(/\(\d+\)$/, "").toLowerCase();
}

/** Rows that differ in `key` differ in `other`, too: it has all of its parts, or more of them. */
function implies(key: readonly string[], other: readonly string[]): boolean {
  const parts = new Set(other.map((part) => part.toLowerCase()));
  return key.every((part) => parts.has(part.toLowerCase()) || parts.has(columnOf(part)));
}
