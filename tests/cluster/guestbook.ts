/**
 * An application that goes on writing while tables move and shards split: clients that insert,
 * update and delete rows through the gate, readers beside them, and ledgers of what they were told.
 * What is written is a Visitor's (visitors.ts); here is how it goes on in spite of everything.
 */
import mysql from "mysql2/promise";
import type { Ledger, RowState } from "./ledger.ts";

/** Writes one row and books what came of it; tries again while it is refused. */
export type Write = (statement: {
  readonly sql: string;
  readonly ledger: Ledger;
  readonly row: string;
  /** What the row is afterwards. */
  readonly state: RowState;
  /** Rows that it must affect; undefined: any number. */
  readonly affects?: number;
}) => Promise<Outcome>;

export interface Visitor {
  readonly ledgers: readonly Ledger[];
  /** What readers ask. */
  readonly readSql: string;
  /** Writes some rows that are known by `text`. Gives how to take them back, when that is known. */
  visit(write: Write, text: string): Promise<(() => Promise<void>) | undefined>;
}

export interface GuestbookOptions {
  readonly port: number;
  readonly clients: number;
  readonly visitor: Visitor;
  /** Between two rounds of a client; 0 as fast as it goes. */
  readonly pauseMs?: number;
  /** Of ten visits so many stay in the book. */
  readonly keepOfTen?: number;
  /** Clients that only read; default 1. */
  readonly readers?: number;
  /** What its rows' texts begin with; default "g". */
  readonly tag?: string;
  /** Selected by each client; none by default. */
  readonly database?: string;
}

export interface GuestbookReport {
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  /** errno -> how often, of writes. */
  readonly errors: ReadonlyMap<number, number>;
  /** An example of each errno. */
  readonly examples: ReadonlyMap<number, string>;
  readonly reads: number;
  readonly failedReads: readonly string[];
  /** Longest time of one write, from the first try to its acknowledgement, ms. */
  readonly longestMs: number;
}

/** What mysql2 says when the connection, not the statement, failed. */
const CONNECTION_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "PROTOCOL_CONNECTION_LOST",
]);
const RETRY_MS = 20;

/** CR_SERVER_LOST: the gate lost the tablet after the statement was sent. */
const SERVER_LOST = 2013;
/** The gate is stopping, or has gone: the connection is of no more use. */
const CONNECTION_ERRNOS: ReadonlySet<number> = new Set([1053, 2006]);

interface MysqlFailure extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
}

export type Outcome =
  | { readonly is: "done"; readonly insertId: number; readonly affectedRows: number }
  | { readonly is: "unknown" }
  | { readonly is: "stopped" };

export class Guestbook {
  /** Of acknowledged writes: when they ended and how long they took, ms. */
  readonly latencies: { readonly atMs: number; readonly tookMs: number }[] = [];
  /** Of reads that were answered. */
  readonly readLatencies: { readonly atMs: number; readonly tookMs: number }[] = [];
  readonly #options: GuestbookOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[] = [];
  readonly #errors = new Map<number, number>();
  readonly #examples = new Map<number, string>();
  readonly #failedReads: string[] = [];
  #refused = 0;
  #unknown = 0;
  #reads = 0;
  #failure: unknown;
  #pausing: (PromiseWithResolvers<void> & { readonly forget: boolean }) | undefined;
  #paused = 0;

  constructor(options: GuestbookOptions) {
    this.#options = options;
    for (let i = 0; i < options.clients; i++) this.#running.push(this.#client(i));
    for (let i = 0; i < (options.readers ?? 1); i++) this.#running.push(this.#reader());
  }

  get acknowledged(): number {
    const { ledgers } = this.#options.visitor;
    return ledgers.reduce((all, { acknowledgements }) => all + acknowledgements, 0);
  }

  get totals(): Pick<GuestbookReport, "acknowledged" | "refused" | "unknown"> {
    const { acknowledged } = this;
    return { acknowledged, refused: this.#refused, unknown: this.#unknown };
  }

  get failedReads(): number {
    return this.#failedReads.length;
  }

  /** Resolves once `count` more writes are acknowledged than now. */
  async more(count: number, timeoutMs: number): Promise<void> {
    const want = this.acknowledged + count;
    const deadline = performance.now() + timeoutMs;
    while (this.acknowledged < want) {
      this.#check();
      if (performance.now() > deadline) {
        const errors = JSON.stringify([...this.#examples.values()]);
        throw new Error(
          `only ${count - (want - this.acknowledged)} of ${count} writes went through in ` +
            `${timeoutMs} ms; errors: ${errors}`,
        );
      }
      await pause(RETRY_MS);
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  get tag(): string {
    return this.#options.tag ?? "g";
  }

  /** Runs `work` while the clients stand still, and with `forget` have taken their rows away. */
  async quiet<T>(
    work: () => Promise<T>,
    { forget = true }: { readonly forget?: boolean } = {},
  ): Promise<T> {
    const pausing = { ...Promise.withResolvers<void>(), forget };
    this.#pausing = pausing;
    try {
      while (this.#paused < this.#options.clients) {
        this.#check();
        await pause(RETRY_MS);
      }
      return await work();
    } finally {
      this.#pausing = undefined;
      pausing.resolve();
    }
  }

  async stop(): Promise<GuestbookReport> {
    this.#stop.abort();
    await Promise.all(this.#running);
    this.#check();
    return {
      acknowledged: this.acknowledged,
      refused: this.#refused,
      unknown: this.#unknown,
      errors: this.#errors,
      examples: this.#examples,
      reads: this.#reads,
      failedReads: this.#failedReads,
      longestMs: Math.round(this.latencies.reduce((max, { tookMs }) => Math.max(max, tookMs), 0)),
    };
  }

  async #client(number: number): Promise<void> {
    const { keepOfTen = 4, pauseMs = 0, visitor } = this.#options;
    const session = new Session(this.#options.port, this.#options.database);
    const write: Write = (statement) => this.#write(session, statement);
    const kept: (() => Promise<void>)[] = [];
    try {
      for (let n = 0; !this.#stop.signal.aborted && this.#failure === undefined; n++) {
        if (this.#pausing !== undefined) await this.#stand(this.#pausing, kept);
        const forget = await visitor.visit(write, `${this.tag}${number}-${n}`);
        if (forget !== undefined && n % 10 < keepOfTen) kept.push(forget);
        else await forget?.();
        if (pauseMs > 0) await pause(pauseMs);
      }
    } catch (error) {
      this.#failure ??= error;
    } finally {
      await session.close();
    }
  }

  async #stand(
    pausing: { readonly promise: Promise<void>; readonly forget: boolean },
    kept: (() => Promise<void>)[],
  ): Promise<void> {
    if (pausing.forget) { for (const forget of kept.splice(0)) await forget(); }
    this.#paused++;
    await pausing.promise;
    this.#paused--;
  }

  /** Tries until it is acknowledged, or nobody can know whether it was done. */
  async #write(session: Session, statement: Parameters<Write>[0]): Promise<Outcome> {
    const { sql, ledger, row, state, affects } = statement;
    const startedMs = performance.now();
    for (;;) {
      if (this.#failure !== undefined) return { is: "stopped" };
      try {
        const outcome = await session.run(sql);
        const atMs = performance.now();
        this.latencies.push({ atMs, tookMs: atMs - startedMs });
        ledger.acknowledged(row, state);
        if (affects !== undefined && outcome.affectedRows !== affects) {
          throw new Error(`${outcome.affectedRows} rows instead of ${affects}: ${sql}`);
        }
        return { is: "done", ...outcome };
      } catch (error) {
        if (this.#classify(error, session) === "unknown") {
          this.#unknown++;
          ledger.unknown(row, state);
          return { is: "unknown" };
        }
        if (this.#stop.signal.aborted) return { is: "stopped" };
        await pause(RETRY_MS);
      }
    }
  }

  /** Refused: it did not happen. Throws what is no clean answer. */
  #classify(error: unknown, session: Session): "refused" | "unknown" {
    const { code, errno = 0, sqlState, message } = error as MysqlFailure;
    const broken = (code !== undefined && CONNECTION_CODES.has(code)) ||
      message.includes("closed state");
    if (!broken && (errno <= 0 || sqlState === undefined || !/^[0-9A-Z]{5}$/.test(sqlState))) {
      throw error;
    }
    this.#errors.set(errno, (this.#errors.get(errno) ?? 0) + 1);
    this.#examples.set(errno, message);
    const sent = session.sent;
    if (broken || CONNECTION_ERRNOS.has(errno)) session.drop();
    if ((broken && sent) || errno === SERVER_LOST) return "unknown";
    this.#refused++;
    return "refused";
  }

  /** Reads must always be answered, whatever is being switched. */
  async #reader(): Promise<void> {
    const session = new Session(this.#options.port, this.#options.database);
    while (!this.#stop.signal.aborted && this.#failure === undefined) {
      const startedMs = performance.now();
      try {
        await session.run(this.#options.visitor.readSql);
        const atMs = performance.now();
        this.readLatencies.push({ atMs, tookMs: atMs - startedMs });
        this.#reads++;
      } catch (error) {
        const { errno, message } = error as MysqlFailure;
        this.#failedReads.push(`${errno}: ${message}`);
        session.drop();
      }
      await pause(5);
    }
    await session.close();
  }
}

/** One client's connection, made anew when it breaks. */
class Session {
  readonly #port: number;
  readonly #database: string | undefined;
  #connection: mysql.Connection | undefined;
  /** The last statement was sent: if the connection broke, nobody knows of it. */
  sent = false;

  constructor(port: number, database: string | undefined) {
    this.#port = port;
    this.#database = database;
  }

  async run(sql: string): Promise<{ readonly insertId: number; readonly affectedRows: number }> {
    this.sent = false;
    this.#connection ??= await this.#connect();
    this.sent = true;
    const [result] = await this.#connection.query(sql);
    const { insertId = 0, affectedRows = 0 } = result as mysql.ResultSetHeader;
    return { insertId, affectedRows };
  }

  async #connect(): Promise<mysql.Connection> {
    const connection = await mysql.createConnection({
      host: "127.0.0.1",
      port: this.#port,
      user: "user",
      ...(this.#database !== undefined && { database: this.#database }),
      connectTimeout: 5000,
    });
    // An idle connection that breaks tells it here; the next use fails too, and is counted.
    connection.on("error", () => {});
    return connection;
  }

  drop(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }

  async close(): Promise<void> {
    await this.#connection?.end().catch(() => {}); // The gate may be gone; the rows are what counts.
    this.#connection = undefined;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** p-th percentile of what took place between two moments, in ms. */
export function percentile(
  latencies: readonly { readonly atMs: number; readonly tookMs: number }[],
  p: number,
  fromMs = -Infinity,
  toMs = Infinity,
): number {
  const sorted = latencies.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p / 100))] ?? 0;
}
