/** The tablet's mysqld as the flags have it: one of its own, or one that somebody else runs. */
import { dirname, join, resolve } from "node:path";
import { vtError } from "../../shared/error/errors.ts";
import type { Log } from "../../shared/io/log.ts";
import { aliasOf, type TabletFlags } from "../flags.ts";
import { type PreparedFolder, prepareFolder } from "../mysqld/data_dir.ts";
import { Dba, queryRow } from "../mysqld/dba.ts";
import { flavorOf } from "../mysqld/flavor.ts";
import { BUILT_IN_INIT_DB_SQL, MYSQL_USERS, runInitDbSql } from "../mysqld/init_db.ts";
import { type MysqldProcess, startMysqld } from "../mysqld/process.ts";
import type { Server } from "../mysqld/replication.ts";
import { type MysqldLife, MysqldSupervisor, UnmanagedMysqld } from "../mysqld/supervisor.ts";
import type { MysqldAddress } from "../mysqld/login.ts";
import { parseServerVersion } from "../mysqld/version.ts";
import type { ReplicationLogin } from "./convergence.ts";

export interface MysqldSetup extends AsyncDisposable {
  readonly server: Server;
  readonly life: MysqldLife;
  readonly address: MysqldAddress;
  /** For clients' statements. */
  readonly app: ReplicationLogin;
  readonly replication: ReplicationLogin;
  /** For streams that write rows: one that a read-only server stops. */
  readonly workflows: ReplicationLogin;
  /** Where replicas reach it. */
  readonly host: string;
  readonly port: number;
}

interface Call {
  readonly signal: AbortSignal;
}

const UNMANAGED_CHECK_MS = 1000;
/** Beside the pools: administration, replicas, killers, a person who looks. */
const SPARE_CONNECTIONS = 100;
const BUFFER_POOL_MB = 32;

export interface SetupOptions extends Call {
  readonly log: Log;
  /** Throws when the tablet must not start with an empty data directory. */
  readonly mayBeEmpty: () => Promise<void>;
}

export function setUpMysqld(flags: TabletFlags, options: SetupOptions): Promise<MysqldSetup> {
  const managed = flags.unmanagedSocket === "" && flags.unmanagedHost === "";
  return managed ? setUpManaged(flags, options) : setUpUnmanaged(flags, options);
}

async function setUpManaged(flags: TabletFlags, options: SetupOptions): Promise<MysqldSetup> {
  if (flags.dataDir === "") {
    throw vtError("VT22001", "--data-dir is missing: a tablet keeps its mysqld's data there");
  }
  const initSql = flags.initDbSqlFile === ""
    ? BUILT_IN_INIT_DB_SQL
    : { name: flags.initDbSqlFile, text: await Deno.readTextFile(flags.initDbSqlFile) };
  const folder = await prepareFolder(flags.dataDir, {
    binary: flags.mysqld === "" ? undefined : flags.mysqld,
    basedir: flags.mysqldBasedir === "" ? undefined : flags.mysqldBasedir,
    templateFolder: flags.templateDir === ""
      ? join(dirname(resolve(flags.dataDir)), "mysqld_template")
      : flags.templateDir,
  }, {
    uid: aliasOf(flags).uid,
    port: flags.mysqlPort,
    bindAddress: flags.hostname,
    extraLines: await extraLines(flags.extraMyCnf),
    bufferPoolMb: BUFFER_POOL_MB,
    connectionsMax: flags.poolSize + flags.transactionCap + SPARE_CONNECTIONS,
  }, options);
  const address = { socketPath: folder.paths.socket };
  const first = folder.fresh ? await initialise(folder, address, initSql, options) : undefined;
  const dba = new Dba({ address, user: MYSQL_USERS.dba, password: "" });
  const life = new MysqldSupervisor(folder, options.log, first);
  return {
    server: { dba, flavor: folder.flavor },
    life,
    address,
    app: { user: MYSQL_USERS.app, password: "" },
    replication: { user: MYSQL_USERS.repl, password: "" },
    workflows: { user: MYSQL_USERS.filtered, password: "" },
    host: flags.hostname,
    port: flags.mysqlPort,
    async [Symbol.asyncDispose]() {
      await dba[Symbol.asyncDispose]();
      await life.release();
      folder[Symbol.dispose]();
    },
  };
}

/** First start: the users are made, and from then on the data counts. */
async function initialise(
  folder: PreparedFolder,
  address: MysqldAddress,
  initSql: Parameters<typeof runInitDbSql>[1],
  options: SetupOptions,
): Promise<MysqldProcess> {
  let process: MysqldProcess | undefined;
  try {
    await options.mayBeEmpty();
    process = await startMysqld(folder.server, folder.paths, options);
    await using root = new Dba({ address, user: "root", password: "" });
    await runInitDbSql({ dba: root, flavor: folder.flavor }, initSql, options);
    await folder.finish();
    return process;
  } catch (error) {
    await process?.stop();
    folder[Symbol.dispose]();
    throw error;
  }
}

async function setUpUnmanaged(flags: TabletFlags, call: Call): Promise<MysqldSetup> {
  const password = flags.unmanagedPasswordFile === ""
    ? ""
    : (await Deno.readTextFile(flags.unmanagedPasswordFile)).replace(/\r?\n$/, "");
  const address = flags.unmanagedSocket === ""
    ? { hostname: flags.unmanagedHost, port: flags.unmanagedPort }
    : { socketPath: flags.unmanagedSocket };
  const login = { user: flags.unmanagedUser || MYSQL_USERS.dba, password };
  const dba = new Dba({ address, ...login });
  try {
    const row = await queryRow(dba, "SELECT VERSION() AS version, @@port AS port", call);
    const flavor = flavorOf(parseServerVersion(row?.["version"] ?? ""));
    return {
      server: { dba, flavor },
      life: new UnmanagedMysqld(dba, UNMANAGED_CHECK_MS),
      address,
      app: login,
      replication: login,
      workflows: login,
      host: flags.unmanagedHost || flags.hostname,
      port: flags.unmanagedHost === "" ? Number(row?.["port"]) : flags.unmanagedPort,
      [Symbol.asyncDispose]: () => dba[Symbol.asyncDispose](),
    };
  } catch (error) {
    await dba[Symbol.asyncDispose]();
    throw error;
  }
}

async function extraLines(file: string): Promise<readonly string[]> {
  if (file === "") return [];
  const lines = (await Deno.readTextFile(file)).split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("[mysqld]"));
}
