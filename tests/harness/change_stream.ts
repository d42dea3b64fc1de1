/** For tests: runs a change stream beside the test and keeps what it says. */
import type { Row, RowChange, StreamItem, TableFields } from "../../shared/binlog/change.ts";
import { ResultRows } from "../../shared/mysql/result_rows.ts";
import { connectForStream } from "../../tablet/stream/dump.ts";
import { waitFor } from "./wait.ts";
import type { TestMysqld } from "./mysqld.ts";
import { type ChangeStreamOptions, streamChanges } from "../../tablet/stream/change_stream.ts";

export interface Recorded extends AsyncDisposable {
  readonly items: readonly StreamItem[];
  changes(): readonly RowChange[];
  fields(table: string): readonly TableFields[];
  /** Waits until the stream has said enough; rejects with its error when it ended. */
  until(what: string, probe: () => boolean): Promise<void>;
  /** The error that the stream ended with. */
  ended(): Promise<unknown>;
}

export function loginOf(server: TestMysqld): ChangeStreamOptions["login"] {
  return { address: { socketPath: server.socketPath }, user: "root", password: "" };
}

export function record(options: ChangeStreamOptions): Recorded {
  const stop = new AbortController();
  const items: StreamItem[] = [];
  let failure: unknown;
  const running = streamChanges(options, (more) => {
    items.push(...more);
  }, { signal: stop.signal }).catch((error) => {
    failure = error;
  });
  return {
    items,
    changes: () => items.flatMap((item) => item.kind === "transaction" ? item.changes : []),
    fields: (table) =>
      items.flatMap((item) =>
        item.kind === "fields" && item.fields.table === table ? [item.fields] : []
      ),
    async until(what, probe) {
      await waitFor(what, () => failure !== undefined || probe());
      if (failure !== undefined) throw failure;
    },
    async ended() {
      await running;
      return failure;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** One of what happens in vt_t from now on: what is written when this resolves is in it. */
export async function recordFromNow(
  server: TestMysqld,
  more: Partial<ChangeStreamOptions> = {},
): Promise<Recorded> {
  const stream = record({
    login: loginOf(server),
    database: "vt_t",
    position: "current",
    heartbeatMs: 100,
    ...more,
  });
  try {
    await stream.until("the stream to begin", () => stream.items.length > 0);
    return stream;
  } catch (error) {
    await stream[Symbol.asyncDispose]();
    throw error;
  }
}

/** Rows as a client reads them whose session prints UTC and each column's own charset. */
export async function selectRaw(server: TestMysqld, sql: string): Promise<readonly Row[]> {
  const { signal } = new AbortController();
  using connection = await connectForStream(loginOf(server), { signal });
  await connection.fetchRows("SET time_zone = '+00:00', character_set_results = NULL", { signal });
  const result = new ResultRows({ deprecateEof: true });
  await connection.query(new TextEncoder().encode(sql), (packets) => result.add(packets), {
    signal,
  });
  return result.rows;
}

/** A row for comparison and for people: bytes as characters. */
export function showRow(row: Row): readonly (string | null)[] {
  return row.map((value) =>
    value === null ? null : Array.from(value, (byte) => String.fromCharCode(byte)).join("")
  );
}
