/** For tests: runs a change stream beside the test and keeps what it says. */
import type { RowChange, StreamItem, TableFields } from "../../shared/binlog/change.ts";
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
