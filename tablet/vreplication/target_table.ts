/** A table that rows are written to, and how a stream's columns fit it. */
import type { Field, Row, RowChange, TableFields } from "../../shared/binlog/change.ts";
import { textTypeOf } from "../../shared/binlog/text_types.ts";
import { COLLATION_BINARY } from "../../shared/binlog/column_layout.ts";
import { vtError } from "../../shared/error/errors.ts";
import { MYSQL_TYPE_NEWDECIMAL } from "../../shared/mysql/column_types.ts";
import { isSameCollation } from "../../shared/mysql/collation_pairs.ts";
import { collationById } from "../../shared/mysql/collations.ts";
import { quoteName } from "../mysqld/statement.ts";
import type { RunSql } from "./row_statements.ts";
import type { WriteSession } from "./session.ts";
import { changesInSilence, changesWithNote } from "./silent_change.ts";
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
  /** "decimal(10,2)". */
  readonly columnType: string;
  /** "" for what is no text. */
  readonly collation: string;
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

/** For numbers of our own; `name` is quoted. */
export function numberColumn(index: number, name: string): WrittenColumn {
  const flags = { unsigned: false, nullable: false, invisible: false };
  const field = {
    name,
    type: MYSQL_TYPE_NEWDECIMAL,
    columnType: "decimal",
    collation: COLLATION_BINARY,
    ...flags,
  };
  return { index, name, field, form: literalForm(field) };
}

/**
 * How the copy of a table may be committed:
 *   pieces  batch by batch, each with the key up to which the rows are there
 *   whole   in one transaction: it could not be resumed, or one could not tell a row that a change
 *           brought before from another one with the same key
 *   end     the rows gather beside the table, and come with the commit that ends the copy
 */
export type Copies = "pieces" | "whole" | "end";

/** Writes what expressions make of a stream's rows. */
export interface RowWriter {
  apply(changes: readonly RowChange[], run: RunSql): Promise<void>;
  /** Rows of a snapshot. */
  copy(rows: readonly Row[], run: RunSql): Promise<void>;
  /** In the transaction that ends the copy. */
  endCopy(run: RunSql): Promise<void>;
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
  /**
   * The source doesn't see to it that keys differ: rows are never taken for one another, and each
   * row that is deleted or changed must be there.
   */
  readonly exact: boolean;
  readonly copies: Copies;
  /** Names of columns, in small letters, whose values mysqld may round or cut, and then notes it. */
  readonly rounded: readonly string[];
  /** Undefined: the stream's rows are the table's own. */
  readonly writer: RowWriter | undefined;
}

/** Runs a statement that writes rows by a plan. VT27013 when values of theirs were changed. */
export async function writeRows(
  session: WriteSession,
  { table, rounded }: TablePlan,
  sql: Uint8Array,
  call: { readonly signal: AbortSignal },
): Promise<number> {
  return rounded.length === 0
    ? await session.run(sql, call)
    : await session.write(table, rounded, sql, call);
}

/**
 * VT27002 when a column of the stream is not in the table, VT27013 when one may keep other values
 * there without a word.
 */
export function planTable(fields: TableFields, target: TargetTable): TablePlan {
  const byName = new Map(target.columns.map((column) => [column.name.toLowerCase(), column]));
  const written = new Map<string, WrittenColumn>();
  const columns: WrittenColumn[] = [];
  const rounded: string[] = [];
  for (const [index, field] of fields.fields.entries()) {
    const column = byName.get(field.name.toLowerCase());
    if (column === undefined) throw vtError("VT27002", target.name, `column ${field.name}`);
    const plan = { index, name: quoteName(column.name), field, form: literalForm(field) };
    written.set(column.name.toLowerCase(), plan);
    if (column.generated) continue;
    columns.push(plan);
    if (changesInSilence(field.columnType, column.columnType)) {
      throw vtError("VT27013", target.name, whatChanges(field, column));
    }
    if (changesWithNote(field.columnType, column.columnType)) {
      rounded.push(column.name.toLowerCase());
    }
  }
  const key = keyOf(target, written);
  const missing = target.columns.some((column) =>
    !column.generated && !written.has(column.name.toLowerCase())
  );
  const exact = key !== undefined && !(isKeyOfSource(fields, target) && comparesAlike(key, byName));
  return {
    table: target.name,
    name: quoteName(target.name),
    columns,
    key,
    replaceable: key !== undefined && !missing,
    exact,
    copies: key === undefined || exact ? "whole" : "pieces",
    rounded,
    writer: undefined,
  };
}

/** The source's primary key is part of the target's: then no two rows have one key. */
function isKeyOfSource({ fields, primaryKey }: TableFields, target: TargetTable): boolean {
  const names = target.primaryKey.map((name) => name.toLowerCase());
  return primaryKey.length > 0 &&
    primaryKey.every((place) => names.includes(fields[place]?.name.toLowerCase() ?? ""));
}

/** What the source takes for two texts, the target's key does, too. */
function comparesAlike(
  key: readonly WrittenColumn[],
  columns: ReadonlyMap<string, TargetColumn>,
): boolean {
  return key.every(({ field }) => {
    const { collation = "" } = columns.get(field.name.toLowerCase()) ?? {};
    if (collation === "" || textTypeOf(field.columnType) !== undefined) return true;
    return isSameCollation(collationById(field.collation)?.name ?? "", collation, true);
  });
}

function whatChanges({ name, columnType }: Field, column: TargetColumn): string {
  return `column ${name} is ${columnType} at the source and ${column.columnType} here`;
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
