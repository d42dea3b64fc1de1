/** The tables of the keyspace's database that a stream writes to, and its plan for each. */
import type { TableFields } from "../../shared/binlog/change.ts";
import { vtError } from "../../shared/error/errors.ts";
import { quote } from "../mysqld/statement.ts";
import { planTable, type TablePlan, type TargetTable } from "./target_table.ts";

/** Gives rows of a small result. */
export type ReadRows = (sql: string) => Promise<readonly (readonly (string | null)[])[]>;

export class TargetTables {
  readonly #read: ReadRows;
  readonly #database: string;
  readonly #plans = new Map<string, TablePlan>();

  constructor(read: ReadRows, database: string) {
    this.#read = read;
    this.#database = database;
  }

  /** Names of all base tables, in order. */
  async names(): Promise<readonly string[]> {
    const rows = await this.#read(
      "SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' " +
        `AND table_schema = ${quote(this.#database)} ORDER BY table_name`,
    );
    return rows.map(([name]) => name ?? "");
  }

  /** Makes the plan for rows of a table, whose columns are read anew. VT27002 ... VT27004. */
  async describe(fields: TableFields): Promise<TablePlan> {
    const plan = planTable(fields, await this.#table(fields.table));
    this.#plans.set(fields.table, plan);
    return plan;
  }

  /** Of a table that was described. */
  plan(table: string): TablePlan {
    const plan = this.#plans.get(table);
    if (plan === undefined) throw vtError("VT13001", `rows of ${table} came before its fields`);
    return plan;
  }

  async #table(name: string): Promise<TargetTable> {
    const where = `table_schema = ${quote(this.#database)} AND table_name = ${quote(name)}`;
    const columns = await this.#read(
      "SELECT column_name, extra, column_type FROM information_schema.columns " +
        `WHERE ${where} ORDER BY ordinal_position`,
    );
    if (columns.length === 0) throw vtError("VT27004", name);
    const key = await this.#read(
      "SELECT column_name FROM information_schema.key_column_usage " +
        `WHERE ${where} AND constraint_name = 'PRIMARY' ORDER BY ordinal_position`,
    );
    return {
      name,
      columns: columns.map(([column, extra]) => ({
        name: column ?? "",
        generated: isGenerated(extra ?? ""),
      })),
      primaryKey: key.map(([column]) => column ?? ""),
    };
  }
}

/** "STORED GENERATED", "VIRTUAL GENERATED, INVISIBLE"; but not MySQL's "DEFAULT_GENERATED". */
function isGenerated(extra: string): boolean {
  return /\b(?:STORED|VIRTUAL|PERSISTENT) GENERATED\b|^(?:PERSISTENT|VIRTUAL)\b/i.test(extra);
}
