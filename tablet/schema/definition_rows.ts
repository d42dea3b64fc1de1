/**
 * What information_schema says of tables' columns and keys, as rows. A look at the columns of one
 * table costs mysqld as much as one at those of a hundred, so tables that are going to be read one
 * after the other are looked at together, and what is a second old is looked at anew.
 */
import type { Clock } from "../../shared/io/clock.ts";
import { quote } from "../mysqld/statement.ts";

export type Texts = readonly (readonly (string | null)[])[];

export interface DefinitionQuery {
  readonly database: string;
  /** Of information_schema.columns; its rows come in the columns' order. */
  readonly columns: string;
  /** Of information_schema.statistics; its rows come in each key's order. */
  readonly keys: string;
  /** Which keys. */
  readonly keysWhere: string;
}

export interface DefinitionRows {
  /** None: there is no such table. */
  readonly columns: Texts;
  readonly keys: Texts;
}

type Read = (sql: string) => Promise<Texts>;

const FRESH_MS = 1000;

export class DefinitionReader {
  readonly #query: DefinitionQuery;
  readonly #clock: Clock;
  /** Not read yet. */
  readonly #expected = new Set<string>();
  #ahead: ReadonlyMap<string, DefinitionRows> = new Map();
  #aheadMs = -Infinity;

  constructor(query: DefinitionQuery, clock: Clock) {
    this.#query = query;
    this.#clock = clock;
  }

  /** These are going to be read, each once. */
  async expect(tables: readonly string[], read: Read): Promise<void> {
    for (const table of tables) this.#expected.add(table);
    if (tables.length > 0) await this.#look(read);
  }

  /** As they were at most a second ago. */
  async rows(table: string, read: Read): Promise<DefinitionRows> {
    const isStale = this.#clock.monotonicMs() - this.#aheadMs >= FRESH_MS;
    if (isStale && this.#expected.size > 1 && this.#expected.has(table)) await this.#look(read);
    const ahead = this.#expected.delete(table) ? this.#ahead.get(table) : undefined;
    if (ahead !== undefined) return ahead;
    // A name in other letters than the server's was not found among the others.
    const { columns, keys } = await this.#rowsWhere(`table_name = ${quote(table)}`, read);
    return { columns: columns.map(withoutTable), keys: keys.map(withoutTable) };
  }

  async #look(read: Read): Promise<void> {
    const atMs = this.#clock.monotonicMs();
    const names = [...this.#expected].map(quote).join(", ");
    const { columns, keys } = await this.#rowsWhere(`table_name IN (${names})`, read);
    const keysOf = byTable(keys);
    this.#ahead = new Map(
      [...byTable(columns)].map(([table, own]) => [
        table,
        { columns: own, keys: keysOf.get(table) ?? [] },
      ]),
    );
    this.#aheadMs = atMs;
  }

  /** Not by a join: for that MariaDB opens all tables that it has. */
  async #rowsWhere(which: string, read: Read): Promise<DefinitionRows> {
    const { database, columns, keys, keysWhere } = this.#query;
    const where = `WHERE table_schema = ${quote(database)} AND ${which}`;
    return {
      columns: await read(
        `SELECT table_name, ${columns} FROM information_schema.columns ${where} ` +
          "ORDER BY ordinal_position",
      ),
      keys: await read(
        `SELECT table_name, ${keys} FROM information_schema.statistics ${where} ` +
          `AND ${keysWhere} ORDER BY index_name, seq_in_index`,
      ),
    };
  }
}

function withoutTable([, ...row]: readonly (string | null)[]): readonly (string | null)[] {
  return row;
}

function byTable(rows: Texts): ReadonlyMap<string, Texts> {
  const tables = new Map<string, (readonly (string | null)[])[]>();
  for (const [table, ...row] of rows) {
    const known = tables.get(table ?? "");
    if (known === undefined) tables.set(table ?? "", [row]);
    else known.push(row);
  }
  return tables;
}
