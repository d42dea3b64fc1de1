/**
 * AUTO_INCREMENT columns of sharded tables without a sequence: mysqld's own ids would be the same
 * on every shard, and other ones than those that rows are placed by. So statements give the ids.
 */
import type { Expr } from "../../shared/sql/ast.ts";
import type { VSchemaTable } from "../../shared/vschema/keyspace.ts";
import { unsupported } from "./block.ts";
import { constantOf } from "./constant.ts";
import type { StatementText } from "./context.ts";
import type { GivenIds, PlanValue } from "./plan.ts";

/** Columns of an INSERT, lower case, and the expressions for them in each row. */
export interface InsertedRows {
  readonly columns: readonly string[] | undefined;
  readonly rows: readonly (readonly Expr[])[];
}

/**
 * The ids that have to be checked when they are known. Undefined when the table has no such
 * column. Throws VT12001 when a row has none for it.
 */
export function givenIdsOf(
  table: VSchemaTable,
  text: StatementText,
  { columns, rows }: InsertedRows,
): GivenIds | undefined {
  if (!table.sharded) return undefined;
  const column = table.columns.find(({ autoIncrement }) => autoIncrement);
  if (column === undefined) return undefined;
  const name = column.name.toLowerCase();
  if (table.autoIncrement?.column.toLowerCase() === name) return undefined;
  const ids = { table: table.name, column: column.name };
  const at = columns?.indexOf(name) ?? -1;
  return { ...ids, values: rows.flatMap((values) => givenId(ids, values[at], text)) };
}

function givenId(
  ids: Pick<GivenIds, "table" | "column">,
  value: Expr | undefined,
  text: StatementText,
): readonly PlanValue[] {
  // Of another table's row: such a column has ids already.
  if (value?.kind === "column") return [];
  const constant = value === undefined ? undefined : constantOf(value, text);
  if (constant === undefined || constant.type === "null") throw noIdGiven(ids);
  return [constant.value];
}

/** VT12001 for a row that would get its id from mysqld. */
export function noIdGiven({ table, column }: Pick<GivenIds, "table" | "column">): Error {
  return unsupported(
    `AUTO_INCREMENT of ${table}.${column} in a sharded keyspace without a sequence; ` +
      "create one and name it in the VSchema's auto_increment, or give the ids",
  );
}
