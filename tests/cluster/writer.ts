/**
 * Writing clients that keep count: every insert ends as acknowledged, refused (a clean MySQL error:
 * it did not happen, or may be tried again), or unknown (the connection went away before the
 * answer). Afterwards the rows found must be all acknowledged ones, perhaps unknown ones, no other.
 */
import mysql from "mysql2/promise";

export interface WriterOptions {
  readonly port: number;
  readonly clients: number;
  /** Marks the rows of this run. */
  readonly tag: string;
  /** Table with a text column `email`. */
  readonly table: string;
}

export interface WriterCounts {
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  /** Longest time between two acknowledgements of one client, in ms. */
  readonly longestPauseMs: number;
  /** errno -> how often. */
  readonly errors: ReadonlyMap<number, number>;
}

/** What mysql2 says when the connection, not the statement, failed. */
const CONNECTION_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "PROTOCOL_CONNECTION_LOST",
]);

interface MysqlFailure {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
  readonly message: string;
}

export class Writer {
  readonly #options: WriterOptions;
  readonly #stop = new AbortController();
  readonly #clients: Promise<void>[] = [];
  readonly #acknowledged = new Set<string>();
  readonly #unknown = new Set<string>();
  readonly #errors = new Map<number, number>();
  #refused = 0;
  #longestPauseMs = 0;
  #failure: unknown;

  constructor(options: WriterOptions) {
    this.#options = options;
    for (let i = 0; i < options.clients; i++) this.#clients.push(this.#run(i));
  }

  get acknowledged(): number {
    return this.#acknowledged.size;
  }

  /** Resolves once `count` more rows are acknowledged than now. */
  async moreAcknowledged(count: number, timeoutMs: number): Promise<void> {
    const want = this.acknowledged + count;
    const deadline = performance.now() + timeoutMs;
    while (this.acknowledged < want) {
      if (this.#failure !== undefined) throw this.#failure;
      if (performance.now() > deadline) {
        throw new Error(
          `only ${count - (want - this.acknowledged)} of ${count} rows acknowledged in ` +
            `${timeoutMs} ms; errors: ${JSON.stringify([...this.#errors])}`,
        );
      }
      await pause(20);
    }
  }

  /** Ends the clients and tells what they saw. */
  async stop(): Promise<WriterCounts> {
    this.#stop.abort();
    await Promise.all(this.#clients);
    if (this.#failure !== undefined) throw this.#failure;
    return {
      acknowledged: this.#acknowledged.size,
      refused: this.#refused,
      unknown: this.#unknown.size,
      longestPauseMs: Math.round(this.#longestPauseMs),
      errors: this.#errors,
    };
  }

  /** Throws when an acknowledged row is missing, or a row is there that nobody wrote. */
  verify(found: readonly string[]): void {
    const rows = new Set(found);
    const lost = [...this.#acknowledged].filter((row) => !rows.has(row));
    const strange = [...rows].filter((row) =>
      !this.#acknowledged.has(row) && !this.#unknown.has(row)
    );
    if (rows.size !== found.length) {
      throw new Error(`${found.length - rows.size} rows are there twice`);
    }
    if (lost.length > 0) {
      throw new Error(`${lost.length} acknowledged rows are lost: ${lost.slice(0, 5)}`);
    }
    if (strange.length > 0) {
      throw new Error(`${strange.length} refused rows are there: ${strange.slice(0, 5)}`);
    }
  }

  async #run(client: number): Promise<void> {
    const { signal } = this.#stop;
    let connection: mysql.Connection | undefined;
    let lastMs = performance.now();
    for (let n = 0; !signal.aborted && this.#failure === undefined; n++) {
      const row = `${this.#options.tag}-${client}-${n}`;
      let sent = false;
      try {
        connection ??= await this.#connect();
        sent = true;
        await connection.query(`insert into ${this.#options.table}(email) values ('${row}')`);
        this.#acknowledged.add(row);
        const nowMs = performance.now();
        this.#longestPauseMs = Math.max(this.#longestPauseMs, nowMs - lastMs);
        lastMs = nowMs;
      } catch (error) {
        const lost = this.#classify(error as MysqlFailure, row, sent);
        if (lost) {
          connection?.destroy();
          connection = undefined;
        }
        await pause(20);
      }
    }
    await connection?.end().catch(() => {}); // The gate may be gone; the rows are what counts.
  }

  async #connect(): Promise<mysql.Connection> {
    const connection = await mysql.createConnection({
      host: "127.0.0.1",
      port: this.#options.port,
      user: "user",
      connectTimeout: 5000,
    });
    // An idle connection that breaks tells it here; the next use fails too, and is counted.
    connection.on("error", () => {});
    return connection;
  }

  /** Books a failure; true when the connection is of no more use. */
  #classify(error: MysqlFailure, row: string, sent: boolean): boolean {
    const errno = error.errno ?? 0;
    this.#errors.set(errno, (this.#errors.get(errno) ?? 0) + 1);
    if (error.code !== undefined && CONNECTION_CODES.has(error.code)) {
      if (sent) this.#unknown.add(row);
      return true;
    }
    if (error.message.includes("closed state")) return true;
    if (errno <= 0 || error.sqlState === undefined || !/^[0-9A-Z]{5}$/.test(error.sqlState)) {
      this.#failure = new Error(`not a clean MySQL error: ${error.code} ${error.message}`);
      return true;
    }
    // 2013: the gate lost the tablet after it had sent the statement; nobody knows.
    if (errno === 2013) this.#unknown.add(row);
    else this.#refused++;
    return errno === 1053 || errno === 2006;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
