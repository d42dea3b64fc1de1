/** Foreign keys that a workflow can't carry, found before it begins. */
import { vtError } from "../../shared/error/errors.ts";

export interface ForeignKey {
  readonly name: string;
  /** The table that has it, and the one that it refers to. */
  readonly table: string;
  readonly refersTo: string;
  /** "CASCADE", "SET NULL", "RESTRICT" ... as information_schema says it. */
  readonly onDelete: string;
  readonly onUpdate: string;
}

/**
 * VT22002 for a key that changes rows below the binlog, so that copies of them would stay as they
 * were, and for one between a table that moves and one that stays. `logged`: the server says in its
 * binlog what keys do (MySQL from 9.6 on).
 */
export function checkForeignKeys(
  keys: readonly ForeignKey[],
  tables: readonly string[],
  logged: boolean,
): void {
  for (const key of keys) {
    const { name, table, refersTo } = key;
    const [comes, parentComes] = [tables.includes(table), tables.includes(refersTo)];
    if (comes !== parentComes) {
      const [moves, stays] = comes ? [table, refersTo] : [refersTo, table];
      throw vtError(
        "VT22002",
        `foreign key ${name} of ${table} refers to ${refersTo}, but only ${moves} would be moved; move ${stays} along, or drop the key: ALTER TABLE ${table} DROP FOREIGN KEY ${name}`,
      );
    }
    const action = actionOf(key);
    if (!comes || logged || action === undefined) continue;
    throw vtError(
      "VT22002",
      `foreign key ${name} changes rows of ${table} ${action} without a word in the binlog, so that the copies of these rows would stay as they were; drop it, or make it RESTRICT and let the application do what it did: ALTER TABLE ${table} DROP FOREIGN KEY ${name}`,
    );
  }
}

const INERT: ReadonlySet<string> = new Set(["RESTRICT", "NO ACTION"]);

/** "ON DELETE CASCADE"; undefined when it only refuses. */
function actionOf({ onDelete, onUpdate }: ForeignKey): string | undefined {
  if (!INERT.has(onDelete)) return `ON DELETE ${onDelete}`;
  return INERT.has(onUpdate) ? undefined : `ON UPDATE ${onUpdate}`;
}
