/** What this tablet streams to others: its binlog and its tables, filtered by their rules. */
import { vtError } from "../../shared/error/errors.ts";
import type { StreamSink, TableFields } from "../../shared/binlog/change.ts";
import type { FilterContext } from "../../shared/filter/keyspace_id.ts";
import { parseRule } from "../../shared/filter/rule.ts";
import { StreamFilter } from "../../shared/filter/stream_filter.ts";
import type { Log } from "../../shared/io/log.ts";
import { sameShard } from "../../shared/key/range.ts";
import {
  type ChangeStreamRequest,
  type OpenSnapshot,
  type RowStreamRequest,
  type RowStreamSink,
  SNAPSHOT_READERS_MAX,
  SNAPSHOT_TABLES_MAX,
  type SnapshotRequest,
  type StreamService,
  type StreamTarget,
} from "../../shared/rpc/stream_service.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import { streamChanges } from "../stream/change_stream.ts";
import type { StreamLogin } from "../stream/dump.ts";
import { HeldSnapshots } from "../stream/held_snapshots.ts";
import { readTable, type RowStreamItem, streamRows } from "../stream/row_stream.ts";

export interface SourceServiceOptions {
  readonly login: StreamLogin;
  /** See HeldSnapshots. */
  readonly snapshotLogin: StreamLogin;
  /** The keyspace's, as mysqld calls it: vt_KEYSPACE unless the tablet is told another. */
  readonly database: string;
  readonly place: StreamTarget;
  /** Of this keyspace's VSchema, read when a stream begins. */
  readonly context: (call: Call) => Promise<FilterContext>;
  readonly log: Log;
}

interface Call {
  readonly signal: AbortSignal;
}

/** A mysqld that stays away longer is told to the reader, who may have another source. */
const RETRY_MS = 2000;

export class SourceService implements StreamService {
  readonly #options: SourceServiceOptions;
  readonly #snapshots: HeldSnapshots;
  /** By snapshot: what its rules mean must not change from table to table. */
  readonly #contexts = new Map<string, FilterContext>();

  constructor(options: SourceServiceOptions) {
    this.#options = options;
    this.#snapshots = new HeldSnapshots(options.snapshotLogin);
  }

  async streamChanges(
    request: ChangeStreamRequest,
    sink: StreamSink,
    call: Call,
  ): Promise<void> {
    const { login, database, log } = this.#options;
    this.#admit(request.target);
    const filter = new StreamFilter(request.rules, await this.#options.context(call));
    await streamChanges(
      {
        login,
        database,
        position: request.position === "" ? "current" : request.position,
        filter,
        retryMs: RETRY_MS,
        log,
        ...(request.until !== undefined && { until: request.until }),
        ...(request.copying !== undefined && { copying: request.copying }),
      },
      sink,
      call,
    );
  }

  async holdSnapshot(
    { target, rules, readers }: SnapshotRequest,
    opened: (snapshot: OpenSnapshot) => void,
    call: Call,
  ): Promise<void> {
    this.#admit(target);
    checkCount("tables", rules.length, SNAPSHOT_TABLES_MAX);
    checkCount("readers", readers, SNAPSHOT_READERS_MAX);
    const { database } = this.#options;
    const tables = [...new Set(rules.map(tableOf))];
    const context = await this.#options.context(call);
    const held: string[] = [];
    try {
      await this.#snapshots.hold({ database, tables }, readers, (snapshot) => {
        this.#contexts.set(snapshot.id, context);
        held.push(snapshot.id);
        opened(snapshot);
      }, call);
    } finally {
      for (const id of held) this.#contexts.delete(id);
    }
  }

  async streamRows(request: RowStreamRequest, sink: RowStreamSink, call: Call): Promise<void> {
    const { login, database } = this.#options;
    this.#admit(request.target);
    const context = this.#contexts.get(request.snapshot ?? "") ?? await this.#options.context(call);
    const filter = new StreamFilter([request.rule], context);
    const options = {
      login,
      database,
      table: tableOf(request.rule),
      lastKey: request.lastPk,
      plan: (fields: TableFields) => filter.plansFor(fields)[0],
    };
    const receive = (item: RowStreamItem) => {
      if (item.kind === "rows") {
        const lastPk = item.lastKey.length === 0 ? undefined : item.lastKey;
        return sink.rows(item.packets, item.count, lastPk);
      }
      const { fields, position, keyColumns } = item;
      return sink.start({ fields, position, keyColumns });
    };
    if (request.snapshot === undefined) return await streamRows(options, receive, call);
    await this.#snapshots.use(
      request.snapshot,
      (connection, { position, definitions }) =>
        readTable(connection, position, { ...options, definitions }, receive, call),
      call,
    );
  }

  /** VT20003 when another shard's rows are asked for. */
  #admit(target: StreamTarget): void {
    const { keyspace, shard } = this.#options.place;
    if (target.keyspace === keyspace && isSameShard(target.shard, shard)) return;
    throw vtError("VT20003", `${target.keyspace}/${target.shard}`, `${keyspace}/${shard}`);
  }
}

function isSameShard(a: string, b: string): boolean {
  try {
    return sameShard(a, b);
  } catch (error) {
    if (error instanceof SyntaxError) return a === b;
    throw error;
  }
}

/** The table that the rule reads. VT22001 for a pattern. */
function tableOf(rule: FilterRule): string {
  const parsed = parseRule(rule);
  if (parsed.kind === "select") return parsed.select.table;
  if (!rule.match.startsWith("/")) return rule.match;
  throw vtError("VT22001", `rows are streamed of one table, not of ${rule.match}`);
}

function checkCount(what: string, count: number, max: number): void {
  if (count >= 1 && count <= max) return;
  throw vtError("VT22001", `a snapshot for ${count} ${what}; from 1 to ${max} are possible`);
}
