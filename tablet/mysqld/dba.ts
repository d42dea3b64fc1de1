/**
 * Administrative statements on one mysqld, over npm:mysql2. Not for clients' statements: those
 * pass as packets (tablet/query).
 *
 * Values are texts as the server printed them. Errors are MysqlError (the server said so) or
 * VT20012 (it could not be reached, or the connection broke).
 */
import type { Buffer } from "node:buffer";
import {
  type Connection,
  type ConnectionOptions,
  createConnection,
  createPool,
  type Pool,
} from "mysql2/promise";
import { vtErrorFrom } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import type { QueryRows } from "../../shared/rpc/tablet_admin.ts";
import type { Row } from "./flavor.ts";
import type { MysqldAddress } from "./login.ts";

export interface MysqlLogin {
  readonly address: MysqldAddress;
  readonly user: string;
  readonly password: string;
}

export interface CallOptions {
  /** Ends the wait and kills the statement on the server. */
  readonly signal: AbortSignal;
}

/** One statement after another; the texts of a session, or a pool behind the same face. */
export interface StatementRunner {
  query(sql: string, options: CallOptions): Promise<QueryRows>;
}

const POOL_SIZE = 10;
/** Administration comes from a few loops and from vtctld: more waiters are a fault somewhere. */
const WAITERS_MAX = 100;
const CONNECT_TIMEOUT_MS = 5000;

export class Dba implements StatementRunner, AsyncDisposable {
  readonly login: MysqlLogin;
  readonly #pool: Pool;

  constructor(login: MysqlLogin) {
    this.login = login;
    this.#pool = createPool({
      ...connectionOptions(login),
      connectionLimit: POOL_SIZE,
      maxIdle: POOL_SIZE,
      queueLimit: WAITERS_MAX,
    });
  }

  async query(sql: string, options: CallOptions): Promise<QueryRows> {
    options.signal.throwIfAborted();
    const connection = await translated(() => this.#pool.getConnection());
    let reusable = false;
    try {
      const rows = await runOn(connection, sql, this.login, options);
      reusable = true;
      return rows;
    } catch (error) {
      // After an error of the server the connection is as good as before.
      reusable = error instanceof MysqlError && !options.signal.aborted;
      throw error;
    } finally {
      if (reusable) connection.release();
      else connection.destroy();
    }
  }

  /** Runs `work` on a connection of its own, for what SET SESSION and locks do; closes it after. */
  async session<T>(
    work: (session: StatementRunner) => Promise<T>,
    options: CallOptions,
  ): Promise<T> {
    options.signal.throwIfAborted();
    const connection = await translated(() => createConnection(connectionOptions(this.login)));
    try {
      return await work({
        query: (sql, call) => runOn(connection, sql, this.login, call),
      });
    } finally {
      connection.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }
}

/** The rows by column name. */
export function toRows(result: QueryRows): readonly Row[] {
  return result.rows.map((row) =>
    Object.fromEntries(result.columns.map((column, i) => [column, row[i] ?? null]))
  );
}

export async function queryRow(
  runner: StatementRunner,
  sql: string,
  options: CallOptions,
): Promise<Row | undefined> {
  return toRows(await runner.query(sql, options))[0];
}

export async function runAll(
  runner: StatementRunner,
  statements: readonly string[],
  options: CallOptions,
): Promise<void> {
  for (const statement of statements) await runner.query(statement, options);
}

function connectionOptions(login: MysqlLogin): ConnectionOptions {
  const { address } = login;
  return {
    ...("socketPath" in address ? address : { host: address.hostname, port: address.port }),
    user: login.user,
    password: login.password,
    charset: "utf8mb4",
    connectTimeout: CONNECT_TIMEOUT_MS,
    rowsAsArray: true,
    flags: ["-FOUND_ROWS"],
    typeCast: (field: { buffer(): Buffer | null }) => printValue(field.buffer()),
  };
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text as it is; bytes that are not UTF-8 as "0x...". */
function printValue(bytes: Buffer | null): string | null {
  if (bytes === null) return null;
  try {
    return UTF8.decode(bytes);
  } catch {
    // A fatal decoder throws exactly when the bytes are not UTF-8.
    return `0x${bytes.toString("hex")}`;
  }
}

async function runOn(
  connection: Connection,
  sql: string,
  login: MysqlLogin,
  { signal }: CallOptions,
): Promise<QueryRows> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => {
    const { threadId } = connection;
    connection.destroy();
    // The server would go on with the statement otherwise.
    void killQuery(login, threadId).finally(() => aborted.reject(signal.reason));
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const [rows, fields] = await translated(
      () => Promise.race([connection.query(sql), aborted.promise]),
      signal,
    );
    // MySQL answers a killed SLEEP with a row, not an error; the caller left all the same.
    signal.throwIfAborted();
    return toQueryRows(rows, fields);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Best effort: a server that can't be reached runs nothing for us either. */
async function killQuery(login: MysqlLogin, threadId: number): Promise<void> {
  try {
    const connection = await createConnection(connectionOptions(login));
    try {
      await connection.query(`KILL QUERY ${threadId}`);
    } finally {
      connection.destroy();
    }
  } catch {
    // The statement ended by itself, or the server is gone: nothing is left to stop.
  }
}

/** What mysql2 answers: rows and fields, or the header of an OK packet. */
function toQueryRows(rows: unknown, fields: unknown): QueryRows {
  if (!Array.isArray(rows)) {
    const header = rows as { readonly affectedRows: number; readonly insertId: number | string };
    return {
      columns: [],
      rows: [],
      affectedRows: header.affectedRows,
      lastInsertId: String(header.insertId),
    };
  }
  const columns = (fields as readonly { readonly name: string }[]).map((field) => field.name);
  return {
    columns,
    rows: rows as readonly (readonly (string | null)[])[],
    affectedRows: 0,
    lastInsertId: "0",
  };
}

interface DriverError extends Error {
  readonly errno?: number;
  readonly sqlState?: string;
}

async function translated<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    const { errno, sqlState, message } = error as DriverError;
    if (typeof errno === "number" && errno > 0 && sqlState !== undefined) {
      throw new MysqlError(errno, sqlState, message, { cause: error });
    }
    throw vtErrorFrom(error, "VT20012", message);
  }
}
