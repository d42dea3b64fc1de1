/** One client that writes all the time, whatever happens to its server. */
import { Dba } from "../../tablet/mysqld/dba.ts";
import type { Random } from "./random.ts";
import type { TestTablet } from "./tablet.ts";

const PAUSE_AFTER_FAILURE_MS = 50;

export interface TransactionWriter {
  /** Transactions that were acknowledged. */
  readonly written: number;
  /** Resolves when the last one has ended. */
  stop(): Promise<void>;
}

/** Runs what `next` gives in the tablet's database, again and again. */
export function startTransactions(
  tablet: TestTablet,
  next: () => readonly string[],
): TransactionWriter {
  let written = 0;
  const stop = new AbortController();
  const running = (async () => {
    while (!stop.signal.aborted) {
      await using dba = new Dba({
        address: { socketPath: tablet.socketPath },
        user: "vt_app",
        password: "",
      });
      try {
        await dba.session(async (session) => {
          const call = { signal: new AbortController().signal };
          await session.query("USE vt_commerce", call);
          while (!stop.signal.aborted) {
            for (const sql of next()) await session.query(sql, call);
            written++;
          }
        }, { signal: stop.signal });
      } catch {
        // The server is away, or was killed under the statement: it comes back.
        await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_FAILURE_MS));
      }
    }
  })();
  return {
    get written() {
      return written;
    },
    async stop() {
      stop.abort();
      await running;
    },
  };
}

/** A lone statement commits itself; several now and then are rolled back. */
export function inTransaction(
  random: Random,
  statements: readonly string[],
): readonly string[] {
  const [only] = statements;
  if (statements.length === 1 && only !== undefined) return [only];
  return ["BEGIN", ...statements, random.int(8) === 0 ? "ROLLBACK" : "COMMIT"];
}
