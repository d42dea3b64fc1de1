/**
 * The rows of a table at one position, in the order of its key, for the copy phase: raw packets of
 * the text protocol wherever no filter has to look into them.
 */
import type { Field, Row, TableFields } from "../../shared/binlog/change.ts";
import { ER_BAD_FIELD_ERROR, ER_KEY_DOES_NOT_EXITS } from "../../shared/error/errno.ts";
import { vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import type { MysqlError } from "../../shared/error/mysql_error.ts";
import type { TablePlan } from "../../shared/filter/table_plan.ts";
import { MYSQL_TYPE_FLOAT } from "../../shared/mysql/column_types.ts";
import { ERR_HEADER, mysqlErrorOf } from "../../shared/mysql/err_packet.ts";
import { FRAME_HEADER_BYTES, packetEnd, packetPayload } from "../../shared/mysql/frame.ts";
import { ByteReader } from "../../shared/mysql/byte_reader.ts";
import { decodeTextRow, encodeTextRow, type RowValue } from "../../shared/mysql/text_row.ts";
import type { MysqldConnection } from "../mysqld/connection.ts";
import { printMysqldAddress } from "../mysqld/login.ts";
import type { DefinitionReader } from "../schema/definition_rows.ts";
import { quoteName } from "../mysqld/statement.ts";
import { connectForStream, type StreamLogin } from "./dump.ts";
import { printComparable } from "./literal.ts";
import { BatchBuffer, printFloatOfDouble } from "./row_batch.ts";
import { openSnapshots } from "./snapshot.ts";
import { STALL_MS, StallWatch } from "./stall_watch.ts";
import { type ReadKey, readTableColumns } from "./table_columns.ts";

export interface RowStreamOptions {
  readonly login: StreamLogin;
  readonly database: string;
  readonly table: string;
  /** The key of the last row that was read; undefined: from the first row on. */
  readonly lastKey: Row | undefined;
  /** Chooses among the plans for the table's columns (StreamFilter.plansFor); undefined: all rows. */
  readonly plan?: (fields: TableFields) => TablePlan | undefined;
  /** What is known of the table already. */
  readonly definitions?: DefinitionReader;
  /** Default 256 KB. */
  readonly batchBytes?: number;
  /** A mysqld that is silent for so long is given up. Default 60 000. */
  readonly stallMs?: number;
}

export type RowStreamItem =
  | {
    readonly kind: "start";
    /** The rows are those of this position. */
    readonly position: string;
    /** Of the rows as they come, behind the plan. */
    readonly fields: TableFields;
    /** Names of the key's columns; empty: there is none, and a read always starts anew. */
    readonly keyColumns: readonly string[];
  }
  | {
    readonly kind: "rows";
    /** Row packets of the text protocol with headers; row_packets.ts reads them. The sink's to keep. */
    readonly packets: Uint8Array;
    /** May be 0: then the key moved over rows that don't pass. */
    readonly count: number;
    /** Of the last row that was read, passed or not. Empty without a key. */
    readonly lastKey: Row;
  };

export type RowSink = (item: RowStreamItem) => void | Promise<void>;

interface Options {
  readonly signal: AbortSignal;
}

const BATCH_BYTES = 256 * 1024;

/**
 * Resolves at the end of the table. Throws VT05004 (no such table), VT20006, VT20012, VT26006 (it
 * hangs), VT26010 (altered), mysqld's refusals, what the sink throws, the signal's reason.
 */
export async function streamRows(
  options: RowStreamOptions,
  sink: RowSink,
  call: Options,
): Promise<void> {
  const { login, database, table } = options;
  const tables = { database, tables: [table] };
  using watch = watchFor(options);
  const signal = AbortSignal.any([call.signal, watch.signal]);
  using connection = await connectForStream(login, { signal });
  const position = await openSnapshots([connection], login, tables, { signal });
  // From here on the read has its own watch.
  watch[Symbol.dispose]();
  await readTable(connection, position, options, sink, call);
  await connection.quit(call);
}

function watchFor({ login, stallMs }: RowStreamOptions): StallWatch {
  return new StallWatch(printMysqldAddress(login.address), stallMs ?? STALL_MS);
}

/** The same on a connection that has a snapshot open, of this position. */
export async function readTable(
  connection: MysqldConnection,
  position: string,
  options: RowStreamOptions,
  sink: RowSink,
  call: Options,
): Promise<void> {
  using watch = watchFor(options);
  const signal = AbortSignal.any([call.signal, watch.signal]);
  const { fields, key } = await readTableColumns(
    connection,
    options.database,
    options.table,
    { signal },
    options.definitions,
  );
  const plan = options.plan?.(fields);
  const keyColumns = (key?.places ?? []).map((place) => fields.fields[place]?.name ?? "");
  await watch.heard(() =>
    sink({ kind: "start", position, fields: plan?.fields ?? fields, keyColumns })
  );
  const batches = new Batches(fields, key, plan, options.batchBytes ?? BATCH_BYTES);
  const terminal = await connection.query(
    new TextEncoder().encode(selectSql(options, fields, key)),
    (packets) =>
      watch.heard(async () => {
        for (const item of batches.add(packets)) await sink(item);
      }),
    { signal },
  );
  const payload = terminal.subarray(FRAME_HEADER_BYTES);
  if (payload[0] === ERR_HEADER) throw refusal(mysqlErrorOf(payload), options.table);
  const rest = batches.finish();
  if (rest !== undefined) await watch.heard(() => sink(rest));
}

/** The server itself said, a moment ago, that these were there. */
const ALTERED: ReadonlySet<number> = new Set([ER_BAD_FIELD_ERROR, ER_KEY_DOES_NOT_EXITS]);

function refusal(error: MysqlError, table: string): Error {
  return ALTERED.has(error.errno) ? vtErrorFrom(error, "VT26010", table, error.message) : error;
}

function selectSql(
  options: RowStreamOptions,
  fields: TableFields,
  key: ReadKey | undefined,
): string {
  // As a double a FLOAT comes with all its bits.
  const columns = fields.fields.map(({ name, type }) =>
    type === MYSQL_TYPE_FLOAT ? `${quoteName(name)} + 0e0` : quoteName(name)
  );
  const from = `${quoteName(options.database)}.${quoteName(options.table)}`;
  const select = `SELECT ${columns.join(", ")} FROM ${from}`;
  if (key === undefined) {
    if (options.lastKey === undefined || options.lastKey.length === 0) return select;
    throw vtError("VT26004", `table ${options.table} has no key to go on behind; copy it anew`);
  }
  const keyFields = key.places.flatMap((place) => fields.fields[place] ?? []);
  const order = keyFields.map(({ name }) => quoteName(name)).join(", ");
  const where = options.lastKey === undefined ? "" : ` WHERE ${behind(keyFields, options.lastKey)}`;
  return `${select} FORCE INDEX (${quoteName(key.index)})${where} ORDER BY ${order}`;
}

/** `a >= 1 AND (a > 1 OR (a = 1 AND (b > 2)))`: the first part lets the server seek. */
function behind(keyFields: readonly Field[], lastKey: Row): string {
  const [field, ...others] = keyFields;
  const [value, ...rest] = lastKey;
  if (field === undefined || value === null || value === undefined) {
    throw vtError("VT22001", "the last key doesn't fit the table's key");
  }
  const name = quoteName(field.name);
  const literal = printComparable(value, field);
  if (others.length === 0) return `${name} > ${literal}`;
  return `${name} >= ${literal} AND ` +
    `(${name} > ${literal} OR (${name} = ${literal} AND ${behind(others, rest)}))`;
}

/** Turns the packets of the answer into batches. */
class Batches {
  readonly #fieldCount: number;
  readonly #keyPlaces: readonly number[];
  readonly #plan: TablePlan | undefined;
  readonly #floats: readonly number[];
  readonly #raw: boolean;
  readonly #buffer: BatchBuffer;
  /** Packets in front of the rows; the first says how many. */
  #headPackets = 1;
  #sawCount = false;
  #lastKey: Row | undefined;

  constructor(
    fields: TableFields,
    key: ReadKey | undefined,
    plan: TablePlan | undefined,
    batchBytes: number,
  ) {
    this.#fieldCount = fields.fields.length;
    this.#keyPlaces = key?.places ?? [];
    this.#plan = plan;
    this.#floats = fields.fields.flatMap(({ type }, i) => type === MYSQL_TYPE_FLOAT ? [i] : []);
    const untouched = plan === undefined || (plan.keepsAll && plan.identity);
    this.#raw = untouched && this.#floats.length === 0;
    this.#buffer = new BatchBuffer(batchBytes);
  }

  /** Batches that are full now. */
  add(packets: Uint8Array): readonly RowStreamItem[] {
    const start = this.#skipHead(packets);
    if (start === packets.length) return [];
    const last = this.#raw ? this.#copy(packets, start) : this.#filter(packets, start);
    const row = decodeTextRow(packetPayload(packets, last, packets.length), this.#fieldCount);
    this.#lastKey = this.#keyPlaces.map((place) => row[place]?.slice() ?? null);
    return this.#buffer.full ? [this.#take(this.#lastKey)] : [];
  }

  /** What is left at the end. */
  finish(): RowStreamItem | undefined {
    return this.#lastKey === undefined ? undefined : this.#take(this.#lastKey);
  }

  #take(lastKey: Row): RowStreamItem {
    const count = this.#buffer.rows;
    this.#lastKey = undefined;
    return { kind: "rows", packets: this.#buffer.take(), count, lastKey };
  }

  #skipHead(packets: Uint8Array): number {
    let at = 0;
    while (this.#headPackets > 0 && at < packets.length) {
      const end = packetEnd(packets, at, packets.length);
      this.#headPackets--;
      if (!this.#sawCount) {
        this.#sawCount = true;
        this.#headPackets = new ByteReader(packets, at + FRAME_HEADER_BYTES).lenencInt();
      }
      at = end;
    }
    return at;
  }

  /** All rows as they are. Returns where the last packet starts. */
  #copy(packets: Uint8Array, start: number): number {
    let rows = 0;
    let last = start;
    for (let at = start; at < packets.length; rows++) {
      last = at;
      at = packetEnd(packets, at, packets.length);
    }
    this.#buffer.addPackets(start === 0 ? packets : packets.subarray(start), rows);
    return last;
  }

  #filter(packets: Uint8Array, start: number): number {
    const plan = this.#plan;
    const rewrites = this.#floats.length > 0 || (plan !== undefined && !plan.identity);
    let last = start;
    for (let at = start; at < packets.length;) {
      const end = packetEnd(packets, at, packets.length);
      const row = this.#row(packetPayload(packets, at, end));
      if (plan === undefined || plan.keeps(row)) {
        if (rewrites) {
          this.#buffer.addPayload(encodeTextRow(plan === undefined ? row : plan.project(row)));
        } else this.#buffer.addPackets(packets.subarray(at, end), 1);
      }
      last = at;
      at = end;
    }
    return last;
  }

  #row(payload: Uint8Array): RowValue[] {
    const row = decodeTextRow(payload, this.#fieldCount);
    for (const place of this.#floats) {
      const value = row[place];
      if (value !== null && value !== undefined) row[place] = printFloatOfDouble(value);
    }
    return row;
  }
}
