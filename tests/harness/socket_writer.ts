/**
 * A client that writes to whichever of some mysqlds takes it, as an application does through a
 * gate, and remembers what was acknowledged. For tests of changing primaries without a gate.
 */
import mysql from "mysql2/promise";
import { sleep } from "../../shared/host/clock.ts";

const RETRY_MS = 10;

export class SocketWriter implements AsyncDisposable {
  readonly acknowledged: number[] = [];
  readonly #sockets: readonly string[];
  readonly #table: string;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #next: number;

  /** `table` has a column `id`; ids begin at `first`. */
  constructor(sockets: readonly string[], table: string, first: number) {
    this.#sockets = sockets;
    this.#table = table;
    this.#next = first;
    this.#running = this.#run();
  }

  /** Ends the client and gives the ids that were acknowledged. */
  async stop(): Promise<readonly number[]> {
    this.#stop.abort();
    await this.#running;
    return this.acknowledged;
  }

  async #run(): Promise<void> {
    for (let turn = 0; !this.#stop.signal.aborted; turn++) {
      const socketPath = this.#sockets[turn % this.#sockets.length] ?? "";
      try {
        await this.#writeTo(socketPath);
      } catch {
        // Read-only, ended, or not there: the next server may be the primary.
        await sleep(RETRY_MS, { signal: this.#stop.signal }).catch(() => {});
      }
    }
  }

  async #writeTo(socketPath: string): Promise<void> {
    const connection = await mysql.createConnection({ socketPath, user: "vt_app" });
    try {
      while (!this.#stop.signal.aborted) {
        const id = this.#next++;
        await connection.query(`INSERT INTO ${this.#table} (id) VALUES (${id})`);
        this.acknowledged.push(id);
      }
    } finally {
      connection.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Ids of a table, read as an administrator. */
export async function readIds(socketPath: string, table: string): Promise<ReadonlySet<number>> {
  const connection = await mysql.createConnection({ socketPath, user: "vt_dba" });
  try {
    const [rows] = await connection.query<mysql.RowDataPacket[]>(`SELECT id FROM ${table}`);
    return new Set(rows.map((row) => Number(row["id"])));
  } finally {
    await connection.end();
  }
}
