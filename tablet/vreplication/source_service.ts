/** What this tablet streams to others: its binlog and its tables, filtered by their rules. */
import { vtError } from "../../shared/error/errors.ts";
import type { StreamSink } from "../../shared/binlog/change.ts";
import type { FilterContext } from "../../shared/filter/keyspace_id.ts";
import { parseRule } from "../../shared/filter/rule.ts";
import { StreamFilter } from "../../shared/filter/stream_filter.ts";
import type { Log } from "../../shared/io/log.ts";
import { sameShard } from "../../shared/key/range.ts";
import type {
  ChangeStreamRequest,
  RowStreamRequest,
  RowStreamSink,
  StreamService,
  StreamTarget,
} from "../../shared/rpc/stream_service.ts";
import { streamChanges } from "../stream/change_stream.ts";
import type { StreamLogin } from "../stream/dump.ts";
import { streamRows } from "../stream/row_stream.ts";

export interface SourceServiceOptions {
  readonly login: StreamLogin;
  /** vt_KEYSPACE. */
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

  constructor(options: SourceServiceOptions) {
    this.#options = options;
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

  async streamRows(request: RowStreamRequest, sink: RowStreamSink, call: Call): Promise<void> {
    const { login, database } = this.#options;
    this.#admit(request.target);
    const filter = new StreamFilter([request.rule], await this.#options.context(call));
    await streamRows({
      login,
      database,
      table: tableOf(request),
      lastKey: request.lastPk,
      plan: (fields) => filter.plansFor(fields)[0],
    }, (item) => {
      if (item.kind === "rows") {
        const lastPk = item.lastKey.length === 0 ? undefined : item.lastKey;
        return sink.rows(item.packets, item.count, lastPk);
      }
      const { fields, position, keyColumns } = item;
      return sink.start({ fields, position, keyColumns });
    }, call);
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
function tableOf({ rule }: RowStreamRequest): string {
  const parsed = parseRule(rule);
  if (parsed.kind === "select") return parsed.select.table;
  if (!rule.match.startsWith("/")) return rule.match;
  throw vtError("VT22001", `rows are streamed of one table, not of ${rule.match}`);
}
