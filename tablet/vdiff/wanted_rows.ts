/**
 * The rows that a table should have that expressions make: what the sources' own servers give
 * gathers in a temporary table beside the target's, with the same columns and key. So values are
 * stored as the target stores them, groups of several sources fall together as they do there, and
 * two tables of one server are compared.
 */
import type { Field, Row } from "../../shared/binlog/change.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { ComputedItem, ComputedRule } from "../../shared/filter/computed.ts";
import { quoteName } from "../mysqld/statement.ts";
import { EVALUATION_SETTINGS, utf8SessionForm } from "../vreplication/evaluator.ts";
import { insertRows } from "../vreplication/row_statements.ts";
import { numberColumn, type WrittenColumn } from "../vreplication/target_table.ts";
import type { KeyColumn } from "./key_order.ts";
import { decodeSpan } from "./source_sessions.ts";
import type { SourceReader } from "./table_diff.ts";
import { tablePages } from "./table_pages.ts";
import type { TableSides } from "./table_sides.ts";
import { ALL_ROWS, type ReadOptions, type TableSnapshot } from "./table_snapshot.ts";

interface Call {
  readonly signal: AbortSignal;
}

const WANTED = "_vt_wanted";
/** Of a group: some source has it. */
const FOUND = quoteName("_vt_found");

const ALL = {
  key: [],
  span: { after: null, upTo: null },
  utf8: false,
  json: [],
  part: null,
} as const;

/** Statements that make the temporary table, before the snapshot is taken. */
export function wantedStatements(
  rule: ComputedRule,
  { database, table }: { readonly database: string; readonly table: string },
): readonly string[] {
  const wanted = `${quoteName(database)}.${quoteName(WANTED)}`;
  const like = `${quoteName(database)}.${quoteName(table)}`;
  return [
    `CREATE TEMPORARY TABLE ${wanted} LIKE ${like}`,
    ...(rule.grouped
      ? [`ALTER TABLE ${wanted} ADD COLUMN ${FOUND} bigint NOT NULL DEFAULT 0`]
      : []),
  ];
}

/** The target's columns that the rule makes, in its order. VT27002 when one is not there. */
export function madeColumns(
  table: string,
  made: readonly Field[],
  target: TableSnapshot,
): readonly Field[] {
  return made.map(({ name }) => {
    const found = target.columns.fields.fields.find((field) =>
      field.name.toLowerCase() === name.toLowerCase()
    );
    if (found === undefined) throw vtError("VT27002", table, `column ${name}`);
    return found;
  });
}

export interface MadeSource {
  readonly fields: readonly Field[];
  readonly reader: SourceReader;
}

/** Fills the table from all sources; reads it as one. mysqld's refusals. */
export async function gatherWanted(
  rule: ComputedRule,
  sources: readonly MadeSource[],
  target: TableSnapshot,
  sides: TableSides,
  call: Call,
): Promise<SourceReader> {
  await target.run(EVALUATION_SETTINGS, call);
  const wanted = target.beside(WANTED);
  const gathering = rule.grouped
    ? new GroupGathering(rule, target, wanted, sides)
    : new RowGathering(wanted, sides.fields);
  await gathering.begin(call);
  for (const { fields, reader } of sources) {
    for (;;) {
      const { rows, next } = await reader.rows(ALL, call);
      await gathering.add(fields, rows, call);
      if (next === undefined) break;
    }
  }
  await gathering.end(call);
  return readerOf(wanted, sides);
}

function readerOf(wanted: TableSnapshot, { columns, targetKey }: TableSides): SourceReader {
  const options = ({ span, part }: Parameters<SourceReader["digest"]>[0]): ReadOptions => ({
    columns,
    view: ALL_ROWS,
    key: targetKey,
    span: decodeSpan(span),
    utf8: false,
    part: part ?? undefined,
  });
  return {
    digest: (read, call) => wanted.digest(options(read), call),
    rows: async (read, call) => {
      // Of a chunk, or of a part of a table without a key.
      const limits = { rowsMax: Number.MAX_SAFE_INTEGER, bytesMax: Infinity };
      const { rows } = await wanted.rows(options(read), limits, call);
      return { rows: rows.map(({ row }) => row), next: undefined };
    },
  };
}

interface Gathering {
  begin(call: Call): Promise<void>;
  add(fields: readonly Field[], rows: readonly Row[], call: Call): Promise<void>;
  end(call: Call): Promise<void>;
}

/** Values of `fields` for columns of other types: as they are written, they are converted. */
function writtenColumns(
  fields: readonly Field[],
  names: readonly string[],
): readonly WrittenColumn[] {
  return fields.map((field, index) => ({
    index,
    name: quoteName(names[index] ?? ""),
    field,
    form: utf8SessionForm(field),
  }));
}

class RowGathering implements Gathering {
  readonly #wanted: TableSnapshot;
  readonly #names: readonly string[];

  constructor(wanted: TableSnapshot, columns: readonly Field[]) {
    this.#wanted = wanted;
    this.#names = columns.map(({ name }) => name);
  }

  begin(): Promise<void> {
    return Promise.resolve();
  }

  async add(fields: readonly Field[], rows: readonly Row[], call: Call): Promise<void> {
    const plan = { name: this.#wanted.table, columns: writtenColumns(fields, this.#names) };
    await insertRows(plan, rows, "INSERT", (sql) => this.#wanted.run(sql, call));
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

type Item = Exclude<ComputedItem, { is: "star" }>;

const ZERO = new TextEncoder().encode("0");
const ONE = new TextEncoder().encode("1");
/** Groups of the target that are in memory at once. */
const PAGE = { rowsMax: 5000, bytesMax: 8 * 1024 * 1024 };
const IS_ZERO = /^-?0*(?:\.0*)?$/;

/**
 * Begins with the target's groups, so that of texts that are equal the target's own stands for
 * the group; those that no source has go in the end.
 */
class GroupGathering implements Gathering {
  readonly #items: readonly Item[];
  readonly #target: TableSnapshot;
  readonly #wanted: TableSnapshot;
  readonly #columns: readonly Field[];
  readonly #key: readonly KeyColumn[];

  constructor(
    rule: ComputedRule,
    target: TableSnapshot,
    wanted: TableSnapshot,
    { fields, targetKey }: TableSides,
  ) {
    this.#items = rule.items.filter((item) => item.is !== "star");
    this.#target = target;
    this.#wanted = wanted;
    this.#columns = fields;
    this.#key = targetKey;
  }

  async begin(call: Call): Promise<void> {
    const columns = this.#columns.map(({ name }) => name);
    const pages = { columns, key: this.#key, limits: PAGE };
    for await (const page of tablePages(this.#target, pages, call)) {
      await this.#write(this.#columns, page.map((row) => this.#seed(row)), call);
    }
  }

  /** Where nobody counts rows, a group of nothing may stay: it is then found. */
  #seed(row: Row): Row {
    const stays = !this.#items.some(({ is }) => is === "rows") &&
      this.#items.every(({ is }, i) => is === "value" || isZero(row[i] ?? null));
    const values = this.#items.map((item, i) => {
      if (item.is === "value" || stays) return row[i]?.slice() ?? null;
      return this.#mayBeNull(item, i) ? null : ZERO;
    });
    return [...values, stays ? ONE : ZERO];
  }

  async add(fields: readonly Field[], rows: readonly Row[], call: Call): Promise<void> {
    const found = rows.map((row): Row => [
      ...this.#items.map((item, i) => {
        const value = row[i] ?? null;
        return value === null && item.is === "sum" && !this.#mayBeNull(item, i) ? ZERO : value;
      }),
      ONE,
    ]);
    await this.#write(fields, found, call);
  }

  /** As the target has it: a sum of nothing is NULL where values are counted, too. */
  #mayBeNull(item: Item, place: number): boolean {
    return item.is === "sum" && this.#columns[place]?.nullable === true &&
      this.#items.some((other) => other.is === "count" && other.sql === item.sql);
  }

  async #write(fields: readonly Field[], rows: readonly Row[], call: Call): Promise<void> {
    const names = this.#columns.map(({ name }) => name);
    const columns = writtenColumns(fields, names);
    const added = this.#items.flatMap((item, i) => {
      if (item.is === "value") return [];
      const name = quoteName(names[i] ?? "");
      return [`${name} = COALESCE(${name} + VALUES(${name}), ${name}, VALUES(${name}))`];
    });
    const plan = {
      name: this.#wanted.table,
      columns: [...columns, numberColumn(fields.length, FOUND)],
    };
    const tail = ` ON DUPLICATE KEY UPDATE ${[...added, `${FOUND} = 1`].join(", ")}`;
    await insertRows(plan, rows, "INSERT", (sql) => this.#wanted.run(sql, call), tail);
  }

  async end(call: Call): Promise<void> {
    await this.#wanted.run(`DELETE FROM ${this.#wanted.table} WHERE ${FOUND} = 0`, call);
  }
}

function isZero(value: Uint8Array | null): boolean {
  return value === null || IS_ZERO.test(new TextDecoder().decode(value));
}
