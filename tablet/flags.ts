/** vttablet's flags. */
import { parseTabletAlias } from "../shared/model/tablet.ts";
import { httpPort, PROGRAM_FLAGS, TOPO_FLAGS } from "../shared/flags/common.ts";
import { choice, duration, type Flag, integer, list, port, text } from "../shared/flags/flag.ts";
import { STREAM_FLAGS } from "../shared/flags/stream_flags.ts";
import type { FlagValues } from "../shared/flags/parse.ts";
import { QUERY_LIMITS, type QueryLimits } from "./query/query_limits.ts";

const FILE = { fallback: "", placeholder: "FILE" } as const;

function milliseconds(help: string, fallback: number): Flag<number> {
  return integer({ help: `${help}, milliseconds; 0: none`, fallback });
}

export const TABLET_FLAGS = {
  "tablet-alias": text({ help: "its name: CELL-UID", required: true, placeholder: "ALIAS" }),
  "init-keyspace": text({ help: "keyspace it serves", required: true, placeholder: "NAME" }),
  "init-shard": text({ help: "shard it serves: - or a key range", required: true }),
  "init-tablet-type": choice(["replica", "rdonly", "spare"], {
    help: "what it is while it isn't primary",
    fallback: "replica",
  }),
  "init-db-name-override": text({ help: "database, instead of vt_KEYSPACE", fallback: "" }),
  "init-db-sql-file": text({ help: "SQL to run once on a fresh mysqld", ...FILE }),
  "rpc-port": port({ help: "multiplexed RPC for gates", fallback: 15100 }),
  ...httpPort(15200),
  "mysql-port": port({ help: "mysqld's port, for replicas", fallback: 17100 }),
  "data-dir": text({ help: "its folder: data, socket, logs", fallback: "", placeholder: "DIR" }),
  "template-dir": text({
    help: "cache of initialised data directories (DATA-DIR/../mysqld_template)",
    fallback: "",
    placeholder: "DIR",
  }),
  "mysqld": text({ help: "server program (mariadbd, else mysqld)", ...FILE }),
  "mysqld-basedir": text({ help: "its base, if it was moved", fallback: "", placeholder: "DIR" }),
  "extra-my-cnf": text({ help: "lines to add to [mysqld]", ...FILE }),
  "unmanaged-socket": text({ help: "attach to the mysqld behind this socket", ...FILE }),
  "unmanaged-host": text({ help: "attach to the mysqld there", fallback: "", placeholder: "HOST" }),
  "unmanaged-port": port({ help: "its port", fallback: 3306 }),
  "unmanaged-user": text({
    help: "user there, of the tablet alone",
    fallback: "",
    placeholder: "NAME",
  }),
  "unmanaged-password-file": text({ help: "file with that user's password", ...FILE }),
  "unmanaged-readers": list({
    help: "users there that only read, so they may stay when traffic moves",
    fallback: [],
  }),
  "pool-size": integer({
    help: "connections for single statements",
    fallback: QUERY_LIMITS.poolSize,
    min: 1,
  }),
  "transaction-cap": integer({
    help: "transactions at once",
    fallback: QUERY_LIMITS.transactionCap,
    min: 1,
  }),
  "query-timeout-ms": milliseconds("limit of a statement", QUERY_LIMITS.queryTimeoutMs),
  "transaction-timeout-ms": milliseconds(
    "limit of a transaction",
    QUERY_LIMITS.transactionTimeoutMs,
  ),
  "max-result-rows": integer({ help: "rows of a result; 0: any", fallback: 0 }),
  "max-result-bytes": integer({ help: "bytes of a result; 0: any", fallback: 0 }),
  "shutdown-grace-period": duration({
    help: "how long transactions may end when serving does",
    fallback: 3000,
  }),
  "unhealthy-threshold": duration({
    help: "replication lag at which a replica stops serving",
    fallback: 7_200_000,
  }),
  ...STREAM_FLAGS,
  ...PROGRAM_FLAGS,
  ...TOPO_FLAGS,
} as const;

export type TabletFlags = FlagValues<typeof TABLET_FLAGS>;

export function queryLimits(flags: TabletFlags): QueryLimits {
  return {
    ...QUERY_LIMITS,
    poolSize: flags.poolSize,
    transactionCap: flags.transactionCap,
    queryTimeoutMs: flags.queryTimeoutMs,
    transactionTimeoutMs: flags.transactionTimeoutMs,
    resultRowsMax: flags.maxResultRows,
    resultBytesMax: flags.maxResultBytes,
  };
}

/** SyntaxError when it is none. */
export function aliasOf(flags: TabletFlags): ReturnType<typeof parseTabletAlias> {
  return parseTabletAlias(flags.tabletAlias);
}

/** mysqld's database of the keyspace. */
export function databaseOf(flags: TabletFlags): string {
  return flags.initDbNameOverride === "" ? `vt_${flags.initKeyspace}` : flags.initDbNameOverride;
}
