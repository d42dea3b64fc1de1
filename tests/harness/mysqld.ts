/**
 * A real mysqld for a test, fresh and small, in a folder of its own. The first start of a server
 * program on a machine initialises a data directory (seconds); later ones copy it.
 *
 *     await using server = await startTestMysqld();
 *     await server.root.query("CREATE DATABASE d", { signal });
 */
import { join } from "node:path";
import { Dba } from "../../tablet/mysqld/dba.ts";
import { prepareFolder } from "../../tablet/mysqld/data_dir.ts";
import type { Flavor } from "../../tablet/mysqld/flavor.ts";
import { BUILT_IN_INIT_DB_SQL, runInitDbSql } from "../../tablet/mysqld/init_db.ts";
import { startMysqld } from "../../tablet/mysqld/process.ts";
import { freePort } from "./ports.ts";

export type TestServer = "mariadb" | "mysql";

export interface TestMysqldOptions {
  /** Default: MariaDB, or MySQL when only VT_MYSQLD_MYSQL is there to run. */
  readonly server?: TestServer;
  /** More lines for my.cnf. */
  readonly extraLines?: readonly string[];
  /** The users of Vitess's init_db.sql (vt_dba, vt_app ...). Default true. */
  readonly users?: boolean;
}

export interface TestMysqld extends AsyncDisposable {
  readonly flavor: Flavor;
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly socketPath: string;
  readonly pid: number;
  readonly folder: string;
  /** Logged in as root@localhost, which has no password and works through the socket only. */
  readonly root: Dba;
}

/** Which servers the tests of this machine can run on. */
export function testServers(): readonly TestServer[] {
  return mysqlBinary() === undefined ? ["mariadb"] : ["mariadb", "mysql"];
}

/** Why a test on MySQL is skipped, or undefined. */
export function whyNoMysql(): string | undefined {
  return mysqlBinary() === undefined ? "VT_MYSQLD_MYSQL names no MySQL server" : undefined;
}

/** Program and base directory of a server for tests. */
export function testServerFiles(
  server: TestServer,
): { readonly binary: string | undefined; readonly basedir: string | undefined } {
  if (server === "mariadb") return { binary: undefined, basedir: undefined };
  const binary = mysqlBinary();
  if (binary === undefined) throw new Error("VT_MYSQLD_MYSQL is not set");
  return { binary, basedir: Deno.env.get("VT_MYSQLD_MYSQL_BASEDIR") };
}

/** Shared by all tests of this user; the templates in it are only ever read. */
export function testTemplateFolder(): string {
  return join(Deno.env.get("TMPDIR") ?? "/tmp", `vt-mysqld-templates-${Deno.uid() ?? 0}`);
}

let lastUid = 0;

/** Starts a server that is writable; about half a second once its template is there. */
export async function startTestMysqld(options: TestMysqldOptions = {}): Promise<TestMysqld> {
  const { signal } = new AbortController();
  const folder = await Deno.makeTempDir({ prefix: "vt-mysqld-" });
  const port = freePort();
  const choice = {
    ...testServerFiles(options.server ?? "mariadb"),
    templateFolder: testTemplateFolder(),
  };
  const prepared = await prepareFolder(folder, choice, {
    uid: Deno.pid * 1000 % 1_000_000_000 + ++lastUid,
    port,
    bindAddress: "127.0.0.1",
    extraLines: options.extraLines ?? [],
    bufferPoolMb: 32,
    connectionsMax: 300,
  }, { signal });
  const process = await startMysqld(prepared.server, prepared.paths, { signal });
  const address = { socketPath: prepared.paths.socket };
  const root = new Dba({ address, user: "root", password: "" });
  if (options.users !== false) {
    await runInitDbSql({ dba: root, flavor: prepared.flavor }, BUILT_IN_INIT_DB_SQL, { signal });
  }
  for (const statement of prepared.flavor.modes.setReadOnly(false)) {
    await root.query(statement, { signal });
  }
  await prepared.finish();
  return {
    flavor: prepared.flavor,
    host: "127.0.0.1",
    port,
    socketPath: prepared.paths.socket,
    pid: process.pid,
    folder,
    root,
    async [Symbol.asyncDispose]() {
      await root[Symbol.asyncDispose]();
      // The data is thrown away: no need to let it close its files in order.
      signalIfAlive(process.pid, "SIGKILL");
      await process.exited;
      prepared[Symbol.dispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function mysqlBinary(): string | undefined {
  const path = Deno.env.get("VT_MYSQLD_MYSQL");
  return path === undefined || path === "" ? undefined : path;
}

function signalIfAlive(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
