/**
 * Has mysqld evaluate a rule's expressions for the rows that a stream brings. The rows go into a
 * temporary table with the very columns that they have on the source, so that each expression
 * sees values of their own types, collations and nullability, and means what it means there. A
 * plain SELECT reads the results: what is odd in them is a warning, as on the source, and only
 * what the target's columns can't hold is an error, where it is written.
 *
 * It has a session of its own: nothing of this belongs to the transaction that writes.
 */
import type { Field, Row, TableFields } from "../../shared/binlog/change.ts";
import { vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import type { ComputedItem, ComputedRule } from "../../shared/filter/computed.ts";
import type { ColumnDefinition } from "../../shared/mysql/column_definition.ts";
import { collationById } from "../../shared/mysql/collations.ts";
import {
  MYSQL_TYPE_FLOAT,
  MYSQL_TYPE_JSON,
  MYSQL_TYPE_TIME,
  NOT_NULL_FLAG,
  UNSIGNED_FLAG,
} from "../../shared/mysql/column_types.ts";
import { quoteName } from "../mysqld/statement.ts";
import { insertRows } from "./row_statements.ts";
import { type WriteLogin, WriteSession } from "./session.ts";
import { type LiteralForm, literalForm } from "./sql_buffer.ts";
import { numberColumn, type WrittenColumn } from "./target_table.ts";

interface Call {
  readonly signal: AbortSignal;
}

/**
 * What expressions may depend on. Texts of the rule are UTF-8, values come as they are. VDiff's
 * sources evaluate with the same.
 */
export const EVALUATION_SETTINGS = "SET NAMES utf8mb4 COLLATE utf8mb4_general_ci, " +
  "SESSION character_set_results = NULL, SESSION time_zone = '+00:00', " +
  "SESSION sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', " +
  "SESSION div_precision_increment = 4, SESSION default_week_format = 0, " +
  "SESSION lc_time_names = 'en_US'";

const ER_UNKNOWN_CHARACTER_SET = 1115;
const ER_UNKNOWN_COLLATION = 1273;

/** What one item of the rule comes to: an expression's value, an aggregate's argument. */
export interface Evaluated {
  readonly item: Exclude<ComputedItem, { is: "star" | "rows" }>;
  /** Of the values, under the item's name. */
  readonly field: Field;
  /** Digits behind the point of an exact number. */
  readonly scale: number;
}

export class Evaluator implements Disposable {
  readonly #session: WriteSession;
  readonly #stages = new Map<string, string>();

  private constructor(session: WriteSession) {
    this.#session = session;
  }

  static async open(login: WriteLogin, call: Call): Promise<Evaluator> {
    const session = await WriteSession.open(login, call);
    try {
      await session.run(EVALUATION_SETTINGS, call);
      return new Evaluator(session);
    } catch (error) {
      session[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * For rows with these columns. VT12001 for what depends on more than the row, VT03019 for
   * columns that are not there, mysqld's own refusal of an expression.
   */
  async prepare(rule: ComputedRule, fields: TableFields, call: Call): Promise<Evaluation> {
    refuseUnknownTypes(fields, rule.evaluatedColumns);
    rule.demandPure((column) =>
      fields.fields.some(({ name, type }) =>
        type === MYSQL_TYPE_TIME && name.toLowerCase() === column.toLowerCase()
      )
    );
    const rowColumn = unusedName(fields);
    const columns = [
      `${quoteName(rowColumn)} int unsigned NOT NULL PRIMARY KEY`,
      ...fields.fields.map(columnDefinition),
    ].join(", ");
    const stage = this.#stages.get(columns) ?? await this.#create(columns, fields.table, call);
    const items = evaluatedItems(rule, fields);
    const list = items.map((item) => expressionOf(item, fields)).join(", ");
    const select = `SELECT ${[quoteName(rowColumn), ...(list === "" ? [] : [list])].join(", ")} ` +
      `FROM ${quoteName(stage)} AS ${quoteName(rule.alias)}` +
      (rule.condition === "" ? "" : ` WHERE ${rule.condition}`);
    const [, ...results] = await this.#session.scan(`${select} LIMIT 0`, () => {}, call);
    const evaluated = items.flatMap((item, i) => {
      const column = results[i];
      return column === undefined ? [] : [evaluatedOf(item, column)];
    });
    return new Evaluation(this.#session, {
      stage,
      columns: stageColumns(rowColumn, fields),
      select: `${select} ORDER BY ${quoteName(rowColumn)}`,
      evaluated,
    });
  }

  /** A temporary table of these columns, once. */
  async #create(columns: string, table: string, call: Call): Promise<string> {
    const stage = `_vt_rows_${this.#stages.size + 1}`;
    try {
      await this.#session.run(`CREATE TEMPORARY TABLE ${quoteName(stage)} (${columns})`, call);
    } catch (error) {
      const known = error instanceof MysqlError &&
        (error.errno === ER_UNKNOWN_COLLATION || error.errno === ER_UNKNOWN_CHARACTER_SET);
      if (!known) throw error;
      throw vtErrorFrom(
        error,
        "VT12001",
        `expressions over columns of ${table} whose collation this server doesn't have (${error.message})`,
      );
    }
    this.#stages.set(columns, stage);
    return stage;
  }

  [Symbol.dispose](): void {
    this.#session[Symbol.dispose]();
  }
}

interface EvaluationParts {
  readonly stage: string;
  readonly columns: readonly WrittenColumn[];
  readonly select: string;
  readonly evaluated: readonly Evaluated[];
}

/** The expressions of one rule, for rows with certain columns. */
export class Evaluation {
  readonly #session: WriteSession;
  readonly #parts: EvaluationParts;

  constructor(session: WriteSession, parts: EvaluationParts) {
    this.#session = session;
    this.#parts = parts;
  }

  /** What each place of an evaluated row is. */
  get evaluated(): readonly Evaluated[] {
    return this.#parts.evaluated;
  }

  /** One result for each row, in their order; undefined for rows that the condition refuses. */
  async evaluate(rows: readonly Row[], call: Call): Promise<readonly (Row | undefined)[]> {
    if (rows.length === 0) return [];
    const { stage, columns, select } = this.#parts;
    const numbered = rows.map((row, i): Row => [digits(i), ...row]);
    const plan = { name: quoteName(stage), columns };
    await insertRows(plan, numbered, "INSERT", (sql) => this.#session.run(sql, call));
    const results: (Row | undefined)[] = new Array(rows.length).fill(undefined);
    await this.#session.scan(select, ([number = null, ...values]) => {
      results[numberOf(number)] = values.map((value) => value?.slice() ?? null);
    }, call);
    await this.#session.run(`DELETE FROM ${quoteName(stage)}`, call);
    return results;
  }
}

const ASCII = new TextEncoder();
const TEXT = new TextDecoder();

function digits(number: number): Uint8Array {
  return ASCII.encode(String(number));
}

function numberOf(value: Uint8Array | null): number {
  return value === null ? -1 : Number(TEXT.decode(value));
}

function unusedName({ fields }: TableFields): string {
  let name = "_vt_row";
  while (fields.some((field) => field.name.toLowerCase() === name)) name += "_";
  return name;
}

/** Streams don't tell all of these types. */
function refuseUnknownTypes(
  { table, fields }: TableFields,
  evaluated: ReadonlySet<string>,
): void {
  for (const { name, columnType } of fields) {
    // Its number is known, how it prints isn't.
    const isZerofill = columnType.includes("zerofill") && evaluated.has(name.toLowerCase());
    const why = isZerofill
      ? "ZEROFILL"
      : columnType.includes("\ufffd")
      ? "members that are no UTF-8"
      : undefined;
    if (why === undefined) continue;
    throw vtError("VT12001", `expressions over column ${name} of ${table}, which has ${why}`);
  }
}

function columnDefinition({ name, columnType, collation, type, nullable }: Field): string {
  const { characterSet = "binary", name: collationName = "" } = collationById(collation) ?? {};
  const charset = characterSet === "binary" || type === MYSQL_TYPE_JSON
    ? ""
    : ` CHARACTER SET ${characterSet} COLLATE ${collationName}`;
  return `${quoteName(name)} ${columnType}${charset} ${nullable ? "NULL" : "NOT NULL"}`;
}

function stageColumns(rowColumn: string, { fields }: TableFields): readonly WrittenColumn[] {
  return [
    numberColumn(0, quoteName(rowColumn)),
    ...fields.map((field, i) => ({
      index: i + 1,
      name: quoteName(field.name),
      field,
      form: utf8SessionForm(field),
    })),
  ];
}

const BINARY_INTRODUCER = ASCII.encode("_binary");

/** How values are written in a session that takes other texts for UTF-8. */
export function utf8SessionForm(field: Field): LiteralForm {
  const form = literalForm(field);
  return form.is === "bytes" ? { is: "text", introducer: BINARY_INTRODUCER } : form;
}

/** What is evaluated for each row; COUNT(*) needs nothing. */
export function evaluatedItems(
  rule: ComputedRule,
  { fields }: TableFields,
): readonly Evaluated["item"][] {
  return rule.items.flatMap((item): readonly Evaluated["item"][] => {
    if (item.is === "rows") return [];
    if (item.is !== "star") return [item];
    return fields.map(({ name }) => ({
      is: "value",
      name,
      sql: quoteName(name),
      column: name,
    }));
  });
}

/** A FLOAT's text has too few digits: as a double it comes with all its bits. */
export function expressionOf(item: Evaluated["item"], { fields }: TableFields): string {
  const column = item.is === "value" ? item.column?.toLowerCase() : undefined;
  const isFloat = column !== undefined &&
    fields.some((field) => field.type === MYSQL_TYPE_FLOAT && field.name.toLowerCase() === column);
  return isFloat ? `${item.sql} + 0e0` : `(${item.sql})`;
}

function evaluatedOf(item: Evaluated["item"], column: ColumnDefinition): Evaluated {
  return {
    item,
    scale: column.decimals,
    field: resultField(item.name, column),
  };
}

/** A column of a SELECT's result. */
export function resultField(name: string, column: ColumnDefinition): Field {
  return {
    name,
    type: column.type,
    columnType: "",
    collation: column.collation,
    unsigned: (column.flags & UNSIGNED_FLAG) !== 0,
    nullable: (column.flags & NOT_NULL_FLAG) === 0,
    invisible: false,
  };
}
