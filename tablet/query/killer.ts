/**
 * Stops statements: KILL on a connection of its own, which is opened when first needed and kept.
 * Kills run one after the other.
 */
import { ER_NO_SUCH_THREAD } from "../../shared/error/errno.ts";
import type { MysqldConnection } from "../mysqld/connection.ts";
import { errnoOf, isErr } from "./terminal.ts";
import { mysqlErrorOf } from "../../shared/mysql/err_packet.ts";
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";

/** A KILL answers at once; one that doesn't has a dead mysqld. */
const KILL_MS = 5000;

const UTF8 = new TextEncoder();

export type Connect = (options: { readonly signal: AbortSignal }) => Promise<MysqldConnection>;

export class Killer implements Disposable {
  readonly #connect: Connect;
  readonly #stop = new AbortController();
  #connection: MysqldConnection | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  /** Resolves when mysqld took the order; the statement ends a little later, with an ERR. */
  killQuery(threadId: number): Promise<void> {
    return this.#enqueue(`kill query ${threadId}`);
  }

  /** Ends the connection on the server; its transaction is rolled back. */
  killConnection(threadId: number): Promise<void> {
    return this.#enqueue(`kill ${threadId}`);
  }

  #enqueue(sql: string): Promise<void> {
    const run = this.#last.then(() => this.#run(sql));
    // A failed kill must not fail those behind it.
    this.#last = run.catch(() => {});
    return run;
  }

  async #run(sql: string): Promise<void> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(KILL_MS)]);
    if (this.#connection === undefined || this.#connection.closed) {
      this.#connection = await this.#connect({ signal });
    }
    const terminal = await this.#connection.query(UTF8.encode(sql), () => {}, { signal });
    if (isErr(terminal) && errnoOf(terminal) !== ER_NO_SUCH_THREAD) {
      throw mysqlErrorOf(terminal.subarray(FRAME_HEADER_BYTES));
    }
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#connection?.close();
  }
}
