/** A table that rows are written to, and how a stream's columns fit it. */
import type { Field, TableFields } from "../../shared/binlog/change.ts";
import { vtError } from "../../shared/error/errors.ts";
import { quoteName } from "../mysqld/statement.ts";
import { type LiteralForm, literalForm } from "./sql_buffer.ts";

/** As information_schema has it. */
export interface TargetTable {
  readonly name: string;
  readonly columns: readonly TargetColumn[];
  /** Names in key order; empty without one. */
  readonly primaryKey: readonly string[];
}

export interface TargetColumn {
  readonly name: string;
  readonly generated: boolean;
}

export interface WrittenColumn {
  /** Place in the stream's rows. */
  readonly index: number;
  /** Quoted. */
  readonly name: string;
  readonly field: Field;
  readonly form: LiteralForm;
}

/** How rows of a stream are written to a table. */
export interface TablePlan {
  readonly table: string;
  /** Quoted. */
  readonly name: string;
  /** All that can be written, in the stream's order: generated columns make themselves. */
  readonly columns: readonly WrittenColumn[];
  /** The table's primary key; undefined when it has none. */
  readonly key: readonly WrittenColumn[] | undefined;
  /**
   * Rows may be replaced: they have a key, and the stream brings every column, so that nothing of
   * the old row has to stay.
   */
  readonly replaceable: boolean;
}

/** VT27002 when a column of the stream is not in the table. */
export function planTable(fields: TableFields, target: TargetTable): TablePlan {
  const byName = new Map(target.columns.map((column) => [column.name.toLowerCase(), column]));
  const written = new Map<string, WrittenColumn>();
  const columns: WrittenColumn[] = [];
  for (const [index, field] of fields.fields.entries()) {
    const column = byName.get(field.name.toLowerCase());
    if (column === undefined) throw vtError("VT27002", target.name, `column ${field.name}`);
    const plan = { index, name: quoteName(column.name), field, form: literalForm(field) };
    written.set(column.name.toLowerCase(), plan);
    if (!column.generated) columns.push(plan);
  }
  const key = keyOf(target, written);
  const missing = target.columns.some((column) =>
    !column.generated && !written.has(column.name.toLowerCase())
  );
  return {
    table: target.name,
    name: quoteName(target.name),
    columns,
    key,
    replaceable: key !== undefined && !missing,
  };
}

/** VT27002 when the table has a key that the stream does not bring. */
function keyOf(
  target: TargetTable,
  written: ReadonlyMap<string, WrittenColumn>,
): readonly WrittenColumn[] | undefined {
  if (target.primaryKey.length === 0) return undefined;
  return target.primaryKey.map((name) => {
    const column = written.get(name.toLowerCase());
    if (column !== undefined) return column;
    throw vtError("VT27003", target.name, name);
  });
}
