/** The tables of the keyspace's database that a stream writes to, and its plan for each. */
import type { TableFields } from "../../shared/binlog/change.ts";
import { ER_DUP_ENTRY } from "../../shared/error/errno.ts";
import { vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { type ComputedRule, computedRule } from "../../shared/filter/computed.ts";
import { constantNames } from "../../shared/filter/projection.ts";
import { collationById } from "../../shared/mysql/collations.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import { readCatalog } from "../schema/catalog.ts";
import { DefinitionReader, type Texts } from "../schema/definition_rows.ts";
import { isGenerated } from "../schema/generated.ts";
import { quote, quoteName } from "../mysqld/statement.ts";
import type { ColumnType } from "./column_fit.ts";
import { ComputedWriter } from "./computed_writer.ts";
import { type Evaluation, Evaluator } from "./evaluator.ts";
import { type GroupPlan, type GroupTable, planGroups } from "./group_plan.ts";
import { GroupWriter } from "./group_writer.ts";
import type { WriteLogin, WriteSession } from "./session.ts";
import { planTable, type TablePlan, type TargetTable } from "./target_table.ts";

export interface TargetTablesOptions {
  readonly streamId: number;
  /** Writes the rows. */
  readonly session: WriteSession;
  /** For a session that evaluates expressions. */
  readonly login: WriteLogin;
  readonly rules: readonly FilterRule[];
}

interface Call {
  readonly signal: AbortSignal;
}

export class TargetTables implements Disposable {
  readonly #options: TargetTablesOptions;
  readonly #call: Call;
  readonly #definitions: DefinitionReader;
  readonly #computed: ReadonlyMap<string, ComputedRule>;
  /** Columns that rules make of constants, by target. */
  readonly #constants: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #plans = new Map<string, TablePlan>();
  /** Temporary tables that groups gather in, by target and columns. */
  readonly #gathering = new Map<string, string>();
  #evaluator: Evaluator | undefined;

  /** `call` ends what it does. VT26007 and VT12001 for rules that can't be. */
  constructor(options: TargetTablesOptions, call: Call) {
    this.#options = options;
    this.#call = call;
    this.#definitions = new DefinitionReader({
      database: options.login.database,
      columns: "column_name, extra, column_type, data_type, IFNULL(character_set_name, ''), " +
        "IFNULL(collation_name, ''), COALESCE(numeric_scale, datetime_precision, 0), is_nullable",
      keys: "column_name, seq_in_index, sub_part",
      keysWhere: "index_name = 'PRIMARY'",
    }, HOST_CLOCK);
    this.#computed = computedByTarget(options.rules);
    this.#constants = new Map(options.rules.map((rule) => [rule.match, constantNames(rule)]));
  }

  /** Names of all base tables, in order. */
  async names(): Promise<readonly string[]> {
    const rows = await this.#readCatalog(
      "SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' " +
        `AND table_schema = ${quote(this.#options.login.database)} ORDER BY table_name`,
    );
    return rows.map(([name]) => name ?? "");
  }

  /** These are going to be described, each once: what they are like may be looked at together. */
  async expect(tables: readonly string[]): Promise<void> {
    await this.#definitions.expect(tables, (sql) => this.#readCatalog(sql));
  }

  /**
   * Makes the plan for rows of a table, whose columns are read anew. VT27002 ... VT27004, VT27009,
   * VT12001.
   */
  async describe(fields: TableFields): Promise<TablePlan> {
    const rule = this.#computed.get(fields.table);
    const constants = this.#constants.get(fields.table);
    const declared = constants === undefined ? fields : withoutTypes(fields, constants);
    const plan = rule === undefined
      ? planTable(declared, targetTable(fields.table, await this.#columns(fields.table)))
      : await this.#computedPlan(rule, fields);
    this.#plans.set(fields.table, plan);
    return plan;
  }

  /** Of a table that was described. */
  plan(table: string): TablePlan {
    const plan = this.#plans.get(table);
    if (plan === undefined) throw vtError("VT13001", `rows of ${table} came before its fields`);
    return plan;
  }

  /**
   * What an error of writing to a table means. Where keys are not the source's, two of its shards
   * may have one key one after the other: then VT27011, which passes, instead of mysqld's refusal.
   */
  async explain(table: string, error: unknown): Promise<unknown> {
    const plan = this.#plans.get(table);
    const known = error instanceof MysqlError && error.errno === ER_DUP_ENTRY;
    if (!known || plan?.exact !== true || !await this.#hasSiblings()) return error;
    return vtErrorFrom(error, "VT27011", table, error.message);
  }

  /** Other streams of the workflow write here, too. */
  async #hasSiblings(): Promise<boolean> {
    const { session, streamId } = this.#options;
    const [row] = await session.rows(
      "SELECT COUNT(*) FROM _vt.vreplication AS mine JOIN _vt.vreplication AS other " +
        "ON mine.workflow = other.workflow AND mine.db_name = other.db_name " +
        `WHERE mine.id = ${streamId} AND other.id <> mine.id`,
      this.#call,
    );
    return row?.[0] !== "0";
  }

  async #computedPlan(rule: ComputedRule, fields: TableFields): Promise<TablePlan> {
    this.#evaluator ??= await Evaluator.open(this.#options.login, this.#call);
    const evaluation = await this.#evaluator.prepare(rule, fields, this.#call);
    const columns = await this.#columns(rule.target);
    if (rule.grouped) {
      demandOneShard(rule, fields);
      return await this.#groupPlan(rule, evaluation, columns);
    }
    const plan = planTable(madeFields(fields, evaluation), targetTable(rule.target, columns));
    const exact = plan.exact || plan.key === undefined;
    const inner = { ...plan, exact };
    return { ...inner, writer: new ComputedWriter(evaluation, inner, this.#call) };
  }

  async #groupPlan(
    rule: ComputedRule,
    evaluation: Evaluation,
    columns: readonly DescribedColumn[],
  ): Promise<TablePlan> {
    const table = groupTable(rule.target, columns);
    const plan = (gathering: string): GroupPlan =>
      planGroups(rule, evaluation.evaluated, table, gathering);
    const { definition } = plan("").statements;
    const key = `${rule.target} ${definition}`;
    let gathering = this.#gathering.get(key);
    if (gathering === undefined) {
      gathering = `_vt_groups_${this.#gathering.size + 1}`;
      await this.#options.session.run(
        `CREATE TEMPORARY TABLE ${quoteName(gathering)} (${definition})`,
        this.#call,
      );
      this.#gathering.set(key, gathering);
    }
    return {
      table: rule.target,
      name: quoteName(rule.target),
      columns: [],
      key: undefined,
      replaceable: false,
      exact: true,
      copies: "end",
      rounded: [],
      writer: new GroupWriter(evaluation, plan(gathering), this.#call),
    };
  }

  async #columns(table: string): Promise<readonly DescribedColumn[]> {
    const { columns, keys } = await this.#definitions.rows(table, (sql) => this.#readCatalog(sql));
    if (columns.length === 0) throw vtError("VT27004", table);
    const byName = new Map(keys.map(([name, ...place]) => [name, place]));
    return columns.map((row) => describedColumn([...row, ...byName.get(row[0]) ?? []]));
  }

  #readCatalog(sql: string): Promise<Texts> {
    return readCatalog((one) => this.#options.session.rows(one, this.#call), sql, this.#call);
  }

  [Symbol.dispose](): void {
    this.#evaluator?.[Symbol.dispose]();
  }
}

/** The first rule that makes a table counts. */
function computedByTarget(rules: readonly FilterRule[]): ReadonlyMap<string, ComputedRule> {
  const byTarget = new Map<string, ComputedRule | undefined>();
  for (const rule of rules) {
    if (!byTarget.has(rule.match)) byTarget.set(rule.match, computedRule(rule));
  }
  return new Map(
    [...byTarget].flatMap(([target, rule]) => rule === undefined ? [] : [[target, rule]]),
  );
}

/** What is no column of the source has no type that its values were declared in. */
function withoutTypes(fields: TableFields, names: ReadonlySet<string>): TableFields {
  return {
    ...fields,
    fields: fields.fields.map((field) =>
      names.has(field.name) ? { ...field, columnType: "" } : field
    ),
  };
}

interface DescribedColumn extends ColumnType {
  readonly name: string;
  readonly generated: boolean;
  /** Place in the primary key, from 1; undefined outside of it. */
  readonly keyPlace: number | undefined;
  /** Only the first characters are in the key. */
  readonly keyPrefix: boolean;
}

function describedColumn(row: readonly (string | null)[]): DescribedColumn {
  const [name, extra, columnType, dataType, characterSet, collation, scale, nullable] = row;
  const [keyPlace = null, keyPrefix = null] = row.slice(8);
  return {
    name: name ?? "",
    generated: isGenerated(extra ?? ""),
    columnType: columnType ?? "",
    dataType: (dataType ?? "").toLowerCase(),
    characterSet: characterSet ?? "",
    collation: collation ?? "",
    scale: Number(scale ?? 0),
    nullable: nullable === "YES",
    keyPlace: keyPlace === null ? undefined : Number(keyPlace),
    keyPrefix: keyPrefix !== null,
  };
}

function keyOf(columns: readonly DescribedColumn[]): readonly DescribedColumn[] {
  return columns.filter(({ keyPlace }) => keyPlace !== undefined)
    .toSorted((a, b) => (a.keyPlace ?? 0) - (b.keyPlace ?? 0));
}

function targetTable(name: string, columns: readonly DescribedColumn[]): TargetTable {
  return { name, columns, primaryKey: keyOf(columns).map((column) => column.name) };
}

function groupTable(name: string, columns: readonly DescribedColumn[]): GroupTable {
  const key = keyOf(columns);
  return {
    name,
    columns: new Map(columns.map((column) => [column.name.toLowerCase(), column])),
    primaryKey: key.some(({ keyPrefix }) => keyPrefix) ? undefined : key.map((one) => one.name),
  };
}

/** The columns behind the expressions; the source's key stays one where it passes as it is. */
function madeFields(
  { table, fields, primaryKey }: TableFields,
  { evaluated }: Evaluation,
): TableFields {
  const key = primaryKey.map((place) =>
    evaluated.findIndex(({ item }) =>
      item.is === "value" && item.column?.toLowerCase() === fields[place]?.name.toLowerCase()
    )
  );
  return {
    table,
    fields: evaluated.map(({ field }) => field),
    primaryKey: key.includes(-1) ? [] : key,
  };
}

/** In these, texts are equal only when their bytes are. */
const BYTEWISE = /^(?:binary|.*_(?:0900_bin|nopad_bin))$/;

/**
 * Rows of one group must lie on one shard, but vindexes look at bytes. VT12001 when a text that
 * decides it may be equal to one of other bytes: the shards would have a group each.
 */
function demandOneShard({ target, keyRangeColumns }: ComputedRule, { fields }: TableFields): void {
  const loose = fields.find(({ name, collation }) =>
    keyRangeColumns.some((column) => column.toLowerCase() === name.toLowerCase()) &&
    !BYTEWISE.test(collationById(collation)?.name ?? "binary")
  );
  if (loose === undefined) return;
  const collation = collationById(loose.collation)?.name ?? "";
  throw vtError(
    "VT12001",
    `groups of ${target} that are sharded by text column ${loose.name} of collation ${collation}: texts that are equal in it would lie on several shards; shard by another column, give it a binary collation, or keep the groups in an unsharded keyspace`,
  );
}
