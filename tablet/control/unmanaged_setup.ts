/**
 * A mysqld that somebody else runs, with a database and users of its own: the tablet looks whether
 * it may do there what it has to, and changes nothing but its `_vt`.
 */
import { vtError } from "../../shared/error/errors.ts";
import { databaseOf, type TabletFlags } from "../flags.ts";
import { type CallOptions, Dba, queryRow, toRows } from "../mysqld/dba.ts";
import { flavorOf } from "../mysqld/flavor.ts";
import { MYSQL_USERS } from "../mysqld/init_db.ts";
import { type MysqldAddress, printMysqldAddress } from "../mysqld/login.ts";
import { missingGrants } from "../mysqld/privileges.ts";
import type { Server } from "../mysqld/replication.ts";
import { SIDECAR } from "../mysqld/sidecar.ts";
import { quote } from "../mysqld/statement.ts";
import { UnmanagedMysqld } from "../mysqld/supervisor.ts";
import { parseServerVersion } from "../mysqld/version.ts";
import type { MysqldSetup, SetupOptions } from "./mysqld_setup.ts";
import { whenReachable } from "./registration.ts";

const CHECK_MS = 1000;

export function isUnmanaged(flags: TabletFlags): boolean {
  return flags.unmanagedSocket !== "" || flags.unmanagedHost !== "";
}

/** Waits until the server answers. VT20033 and VT20034 say what is missing there. */
export async function setUpUnmanaged(
  flags: TabletFlags,
  { log, signal }: SetupOptions,
): Promise<MysqldSetup> {
  const password = flags.unmanagedPasswordFile === ""
    ? ""
    : (await Deno.readTextFile(flags.unmanagedPasswordFile)).replace(/\r?\n$/, "");
  const address = flags.unmanagedSocket === ""
    ? { hostname: flags.unmanagedHost, port: flags.unmanagedPort }
    : { socketPath: flags.unmanagedSocket };
  const login = { user: flags.unmanagedUser || MYSQL_USERS.dba, password };
  const dba = new Dba({ address, ...login });
  try {
    const look = (call: CallOptions) => inspect(dba, address, flags, call);
    const { server, port } = await whenReachable(look, log, { signal }, "mysqld");
    return {
      server,
      life: new UnmanagedMysqld(dba, CHECK_MS),
      managed: false,
      clients: {
        users: [login.user],
        database: databaseOf(flags),
        readers: flags.unmanagedReaders,
      },
      address,
      app: login,
      replication: login,
      workflows: login,
      host: flags.unmanagedHost || flags.hostname,
      port: flags.unmanagedHost === "" ? port : flags.unmanagedPort,
      [Symbol.asyncDispose]: () => dba[Symbol.asyncDispose](),
    };
  } catch (error) {
    await dba[Symbol.asyncDispose]();
    throw error;
  }
}

async function inspect(
  dba: Dba,
  address: MysqldAddress,
  flags: TabletFlags,
  call: CallOptions,
): Promise<{ readonly server: Server; readonly port: number }> {
  const row = await queryRow(
    dba,
    "SELECT VERSION() AS version, @@port AS port, CURRENT_USER() AS account",
    call,
  );
  const version = parseServerVersion(row?.["version"] ?? "");
  const where = printMysqldAddress(address);
  const database = databaseOf(flags);
  const grants = toRows(await dba.query("SHOW GRANTS", call))
    .map((grant) => Object.values(grant)[0] ?? "");
  const account = quoteAccount(row?.["account"] ?? "");
  const databases = { keyspace: database, sidecar: SIDECAR };
  const missing = missingGrants(grants, account, version, databases);
  if (missing.length > 0) throw vtError("VT20033", account, where, missing.join("; "));
  const found = await queryRow(
    dba,
    `SELECT 1 AS found FROM information_schema.schemata WHERE schema_name = ${quote(database)}`,
    call,
  );
  if (found === undefined) throw vtError("VT20034", where, database, flags.initKeyspace);
  return { server: { dba, flavor: flavorOf(version) }, port: Number(row?.["port"]) };
}

/** "vt@10.%" of CURRENT_USER() as statements write it; a user's name may hold an "@". */
function quoteAccount(account: string): string {
  const at = account.lastIndexOf("@");
  return `${quote(account.slice(0, at))}@${quote(account.slice(at + 1))}`;
}
