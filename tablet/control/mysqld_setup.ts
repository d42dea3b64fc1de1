/** The tablet's mysqld as the flags have it: one of its own, or one that somebody else runs. */
import { dirname, join, resolve } from "node:path";
import { vtError } from "../../shared/error/errors.ts";
import type { Log } from "../../shared/io/log.ts";
import { aliasOf, type TabletFlags } from "../flags.ts";
import { type PreparedFolder, prepareFolder } from "../mysqld/data_dir.ts";
import { Dba } from "../mysqld/dba.ts";
import { BUILT_IN_INIT_DB_SQL, MYSQL_USERS, OWN_CLIENTS, runInitDbSql } from "../mysqld/init_db.ts";
import { type MysqldProcess, startMysqld } from "../mysqld/process.ts";
import type { ClientSessions, Server } from "../mysqld/replication.ts";
import { type MysqldLife, MysqldSupervisor } from "../mysqld/supervisor.ts";
import type { MysqldAddress } from "../mysqld/login.ts";
import type { ReplicationLogin } from "./convergence.ts";
import { isUnmanaged, setUpUnmanaged } from "./unmanaged_setup.ts";

export interface MysqldSetup extends AsyncDisposable {
  readonly server: Server;
  readonly life: MysqldLife;
  /** Ours: started, set up and changed as the topology wants it. */
  readonly managed: boolean;
  readonly clients: ClientSessions;
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

/** Beside the pools: administration, replicas, killers, a person who looks. */
const SPARE_CONNECTIONS = 100;
const BUFFER_POOL_MB = 32;

export interface SetupOptions extends Call {
  readonly log: Log;
  /** Throws when the tablet must not start with an empty data directory. */
  readonly mayBeEmpty: () => Promise<void>;
}

export function setUpMysqld(flags: TabletFlags, options: SetupOptions): Promise<MysqldSetup> {
  return isUnmanaged(flags) ? setUpUnmanaged(flags, options) : setUpManaged(flags, options);
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
    managed: true,
    clients: OWN_CLIENTS,
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

async function extraLines(file: string): Promise<readonly string[]> {
  if (file === "") return [];
  const lines = (await Deno.readTextFile(file)).split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("[mysqld]"));
}
