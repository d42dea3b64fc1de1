/**
 * Every error this system raises, one row each. The key is the id; it is written nowhere else.
 *
 * Ids of the form VTnnnnn, their texts, errnos and SQLSTATEs are Vitess's
 * (go/vt/vterrors/code.go), so its users' runbooks fit. Rows named ER_... are MySQL's own errors
 * (manual, "Server Error Message Reference"): their text goes to the client without the id in
 * front, as a mysqld would send it.
 *
 * Whoever handles an error looks at `status` (what may be done about it), never at the text.
 */

import { settingRemedy } from "./setting_remedy.ts";

/** gRPC's canonical codes: what a caller may do about an error, whatever its text. */
export type Status =
  | "invalid_argument"
  | "failed_precondition"
  | "not_found"
  | "already_exists"
  | "permission_denied"
  | "unauthenticated"
  | "resource_exhausted"
  | "aborted"
  | "unavailable"
  | "unimplemented"
  | "deadline_exceeded"
  | "cancelled"
  | "internal"
  /** The tablet does not serve what was asked (reparent, reshard): refresh, then try again. */
  | "cluster_event";

interface Definition<Args extends readonly (string | number)[]> {
  readonly status: Status;
  /** The MySQL error number and SQLSTATE that a client sees. */
  readonly errno: number;
  readonly sqlState: string;
  readonly text: (...args: Args) => string;
}

function row<Args extends readonly (string | number)[]>(
  status: Status,
  errno: number,
  sqlState: string,
  text: (...args: Args) => string,
): Definition<Args> {
  return { status, errno, sqlState, text };
}

// deno-fmt-ignore
export const ERRORS = {
  VT03001: row("invalid_argument", 1149, "42000", (name: string) => `aggregate functions take a single argument '${name}'`),
  VT03002: row("invalid_argument", 1450, "HY000", (from: string, to: string) => `changing schema from '${from}' to '${to}' is not allowed`),
  VT03003: row("invalid_argument", 1109, "42S02", (table: string) => `unknown table '${table}' in MULTI DELETE`),
  VT03004: row("invalid_argument", 1288, "HY000", (table: string) => `the target table ${table} of the DELETE is not updatable`),
  VT03005: row("invalid_argument", 1056, "42000", (expression: string) => `cannot group on '${expression}'`),
  VT03006: row("invalid_argument", 1136, "21S01", () => "column count does not match value count with the row"),
  VT03007: row("invalid_argument", 1105, "HY000", () => "keyspace not specified"),
  VT03008: row("invalid_argument", 1234, "42000", (token: string) => `incorrect usage/placement of '${token}'`),
  VT03009: row("invalid_argument", 1231, "42000", (name: string, type: string) => `unexpected value type for '${name}': ${type}`),
  VT03010: row("invalid_argument", 1238, "HY000", (name: string) => `variable '${name}' is a read only variable`),
  VT03011: row("invalid_argument", 1105, "HY000", (what: string) => `invalid value type: ${what}`),
  VT03012: row("invalid_argument", 1105, "HY000", (what: string) => `invalid syntax: ${what}`),
  VT03013: row("invalid_argument", 1066, "42000", (alias: string) => `not unique table/alias: '${alias}'`),
  VT03014: row("invalid_argument", 1054, "42S22", (column: string, clause: string) => `unknown column '${column}' in '${clause}'`),
  VT03015: row("invalid_argument", 1105, "HY000", (what: string) => `column has duplicate set values: '${what}'`),
  VT03016: row("invalid_argument", 1105, "HY000", (what: string) => `unknown vindex column: '${what}'`),
  VT03017: row("invalid_argument", 1149, "42000", () => "where clause can only be of the type 'pos > <value>'"),
  VT03018: row("invalid_argument", 1105, "HY000", () => "NEXT used on a non-sequence table"),
  VT03019: row("invalid_argument", 1105, "HY000", (what: string) => `column ${what} not found`),
  VT03020: row("invalid_argument", 1105, "HY000", (what: string) => `column ${what} not found in subquery`),
  VT03021: row("invalid_argument", 1105, "HY000", (what: string) => `ambiguous column reference: ${what}`),
  VT03022: row("invalid_argument", 1105, "HY000", (what: string, detail: string) => `column ${what} not found in ${detail}`),
  VT03023: row("invalid_argument", 1105, "HY000", (what: string) => `INSERT not supported when targeting a key range: ${what}`),
  VT03024: row("invalid_argument", 1105, "HY000", (what: string) => `'${what}' user defined variable does not exists`),
  VT03025: row("invalid_argument", 1210, "HY000", (what: string) => `Incorrect arguments to ${what}`),
  VT03026: row("invalid_argument", 1105, "HY000", (what: string) => `'${what}' bind variable does not exists`),
  VT03027: row("invalid_argument", 1048, "23000", (what: string) => `Column '${what}' cannot be null`),
  VT03028: row("invalid_argument", 1048, "23000", (what: string, detail: number, more: number) => `Column '${what}' cannot be null on row ${detail}, col ${more}`),
  VT03029: row("invalid_argument", 1136, "21S01", (what: string) => `column count does not match value count with the row for vindex '${what}'`),
  VT03030: row("invalid_argument", 1136, "21S01", (what: string, detail: number) => `lookup column count does not match value count with the row (columns, count): (${what}, ${detail})`),
  VT03031: row("invalid_argument", 1105, "HY000", () => "EXPLAIN is only supported for single keyspace"),
  VT03032: row("invalid_argument", 1288, "HY000", (what: string) => `the target table ${what} of the UPDATE is not updatable`),
  VT03033: row("invalid_argument", 1353, "HY000", () => "In definition of view, derived table or common table expression, SELECT list and column names list have different column counts"),
  VT05001: row("not_found", 1008, "HY000", (what: string) => `cannot drop database '${what}'; database does not exists`),
  VT05002: row("not_found", 1049, "42000", (what: string) => `cannot alter database '${what}'; unknown database`),
  VT05003: row("not_found", 1049, "42000", (what: string) => `unknown database '${what}' in vschema`),
  VT05004: row("not_found", 1109, "42S02", (what: string) => `table '${what}' does not exist`),
  VT05005: row("not_found", 1146, "42S02", (table: string, keyspace: string) => `table '${table}' does not exist in keyspace '${keyspace}'`),
  VT05006: row("not_found", 1193, "HY000", (what: string) => `unknown system variable '${what}'`),
  VT05007: row("not_found", 1105, "HY000", () => "no table info"),
  VT06001: row("already_exists", 1007, "HY000", (what: string) => `cannot create database '${what}'; database exists`),
  VT07001: row("permission_denied", 1095, "HY000", (what: string) => `${what}`),
  VT09001: row("failed_precondition", 1173, "42000", (what: string) => `table '${what}' does not have a primary vindex`),
  VT09002: row("failed_precondition", 1874, "HY000", (what: string) => `${what} statement with a replica target`),
  VT09003: row("failed_precondition", 1105, "HY000", (column: string) => `INSERT query does not have primary vindex column '${column}' in the column list`),
  VT09004: row("failed_precondition", 1105, "HY000", () => "INSERT should contain column list or the table should have authoritative columns in vschema"),
  VT09005: row("failed_precondition", 1046, "3D000", () => "no database selected: use keyspace<:shard><@type> or keyspace<[range]><@type> (<> are optional)"),
  VT09006: row("failed_precondition", 1105, "HY000", (what: string) => `${what} VITESS_MIGRATION works only on primary tablet`),
  VT09007: row("failed_precondition", 1105, "HY000", (what: string) => `${what} VITESS_THROTTLED_APPS works only on primary tablet`),
  VT09008: row("failed_precondition", 1105, "HY000", () => "vexplain queries/all will actually run queries` | vexplain queries/all will actually run queries. `/*vt+ EXECUTE_DML_QUERIES */` must be set to run DML queries in vtexplain. Example: `vexplain /*vt+ EXECUTE_DML_QUERIES */ queries delete from t1"),
  VT09009: row("failed_precondition", 1105, "HY000", (what: string) => `stream is supported only for primary tablet type, current type: ${what}`),
  VT09010: row("failed_precondition", 1105, "HY000", () => "SHOW VITESS_THROTTLER STATUS works only on primary tablet"),
  VT09011: row("failed_precondition", 1243, "HY000", (handler: string, statement: string) => `Unknown prepared statement handler (${handler}) given to ${statement}`),
  VT09012: row("failed_precondition", 1105, "HY000", (statement: string, tabletType: string) => `${statement} statement with ${tabletType} tablet not allowed`),
  VT09013: row("failed_precondition", 1105, "HY000", () => "semi-sync plugins are not loaded"),
  VT09014: row("failed_precondition", 1105, "HY000", () => "vindex cannot be modified"),
  VT09015: row("failed_precondition", 1105, "HY000", () => "schema tracking required"),
  VT09016: row("failed_precondition", 1451, "23000", () => "Cannot delete or update a parent row: a foreign key constraint fails"),
  VT09017: row("failed_precondition", 1105, "HY000", (what: string) => `${what}`),
  VT09018: row("failed_precondition", 1105, "HY000", (what: string) => `${what}`),
  VT09019: row("failed_precondition", 1105, "HY000", (keyspace: string, cycle: string) => `keyspace '${keyspace}' has cyclic foreign keys. Cycle exists between ${cycle}`),
  VT09020: row("failed_precondition", 1105, "HY000", (what: string) => `can not use multiple vindex hints for table ${what}`),
  VT09021: row("failed_precondition", 1176, "42000", (vindex: string, table: string) => `Vindex '${vindex}' does not exist in table '${table}'`),
  VT09022: row("failed_precondition", 1105, "HY000", (what: string) => `Destination does not have exactly one shard: ${what}`),
  VT09023: row("failed_precondition", 1105, "HY000", (values: string) => `could not map ${values} to a keyspace id`),
  VT09024: row("failed_precondition", 1105, "HY000", (values: string, keyspaceIds: string) => `could not map ${values} to a unique keyspace id: ${keyspaceIds}`),
  VT09025: row("failed_precondition", 1105, "HY000", (what: string) => `atomic transaction error: ${what}`),
  VT09026: row("failed_precondition", 3573, "HY000", (what: string) => `Recursive Common Table Expression '${what}' should contain a UNION`),
  VT09027: row("failed_precondition", 3575, "HY000", (what: string) => `Recursive Common Table Expression '${what}' can contain neither aggregation nor window functions in recursive query block`),
  VT09028: row("failed_precondition", 3576, "HY000", (what: string) => `In recursive query block of Recursive Common Table Expression '${what}', the recursive table must neither be in the right argument of a LEFT JOIN, nor be forced to be non-first with join order hints`),
  VT09029: row("failed_precondition", 3577, "HY000", (what: string) => `In recursive query block of Recursive Common Table Expression ${what}, the recursive table must be referenced only once, and not in any subquery`),
  VT09030: row("failed_precondition", 3636, "HY000", () => "Recursive query aborted after 1000 iterations."),
  VT09031: row("failed_precondition", 1105, "HY000", () => "Primary demotion is stalled"),
  VT09032: row("failed_precondition", 1105, "HY000", () => "previous transaction failed. Issue a ROLLBACK to resolve the failure."),
  VT10001: row("aborted", 1317, "70100", () => "foreign key constraints are not allowed"),
  VT10002: row("aborted", 1317, "70100", (what: string) => `atomic distributed transaction not allowed: ${what}`),
  VT12001: row("unimplemented", 1235, "42000", (what: string) => `unsupported: ${what}`),
  VT12002: row("unimplemented", 1235, "42000", (table: string, parent: string) => `unsupported: cross-shard foreign keys between table '${table}' and '${parent}'`),
  VT13001: row("internal", 1815, "HY000", (what: string) => `[BUG] ${what}`),
  VT13002: row("internal", 1815, "HY000", (what: string) => `unexpected AST struct for query: ${what}`),
  VT14001: row("unavailable", 1105, "HY000", () => "connection error"),
  VT14002: row("unavailable", 1105, "HY000", () => "no available connection"),
  VT14003: row("unavailable", 1105, "HY000", (what: string) => `no connection for tablet ${what}`),
  VT14004: row("unavailable", 1105, "HY000", (what: string) => `cannot find keyspace for: ${what}`),
  VT14005: row("unavailable", 1105, "HY000", (what: string) => `cannot lookup sidecar database for keyspace: ${what}`),
  VT15001: row("aborted", 1317, "70100", (cause: string) => `transaction error, issue ROLLBACK and retry the transaction: ${cause}`),

  // The tablet and the gate's way to it. Vitess raises these without an id; ours start at VT20001.
  VT20001: row("cluster_event", 1105, "HY000", (state: string) => `operation not allowed in state ${state}`),
  VT20002: row("cluster_event", 1105, "HY000", (got: string, want: string) => `wrong tablet type: ${got}, want: ${want}; the gate refreshes its view of the topology and retries`),
  VT20003: row("cluster_event", 1105, "HY000", (got: string, want: string) => `wrong keyspace or shard: asked for ${got}, this tablet serves ${want}`),
  VT20004: row("cluster_event", 1105, "HY000", (table: string) => `disallowed due to rule: enforce denied tables (table ${table}); a workflow moves it or has moved it to another keyspace: vtctl GetRoutingRules says who serves it, vtctl Workflow --keyspace KEYSPACE show how far the workflow is; one that a completion has kept is opened by vtctl SetShardTabletControl --remove`),
  VT20005: row("unavailable", 1105, "HY000", (target: string) => `no healthy tablet available for ${target}; 'show vitess_tablets' lists what runs`),
  VT20006: row("unavailable", 2013, "HY000", (target: string, cause: string) => `connection to ${target} lost: ${cause}`),
  VT20007: row("deadline_exceeded", 3024, "HY000", (limitMs: number) => `Query execution was interrupted, maximum statement execution time of ${limitMs} ms exceeded; raise it with SET query_timeout or /*vt+ QUERY_TIMEOUT_MS=... */`),
  VT20008: row("resource_exhausted", 1203, "42000", (pool: string, size: number) => `${pool} pool is full: all ${size} connections were in use; raise the pool size or lower the load`),
  VT20009: row("aborted", 1317, "70100", (transaction: string, reason: string) => `transaction ${transaction} is gone: ${reason}; issue ROLLBACK and start it again`),
  VT20010: row("aborted", 1317, "70100", (rows: number) => `row count exceeded ${rows}; add a LIMIT, or SET workload = 'olap'`),
  VT20011: row("resource_exhausted", 1153, "08S01", (bytes: number, limit: number) => `result of more than ${bytes} bytes exceeds the limit of ${limit} bytes for one query; add a LIMIT, or SET workload = 'olap'`),
  VT20012: row("unavailable", 2002, "HY000", (cause: string) => `mysqld of this tablet does not answer: ${cause}; the tablet is bringing it back`),
  VT20013: row("invalid_argument", 1105, "HY000", (what: string) => `malformed message: ${what}`),
  VT20014: row("unavailable", 1105, "HY000", (what: string) => `${what} did not answer in time`),
  VT20015: row("failed_precondition", 1105, "HY000", (theirs: number, ours: number) => `the peer speaks version ${theirs} of the gate-tablet protocol, this program version ${ours}; run vtgate and vttablet of releases that fit`),
  VT20016: row("resource_exhausted", 1203, "42000", (waiting: number, target: string) => `buffer full: ${waiting} statements already wait for ${target} to come back`),
  VT20017: row("failed_precondition", 1105, "HY000", (what: string) => `${what}`),
  VT20018: row("unavailable", 2013, "HY000", (cause: string) => `Lost connection to MySQL server during query: ${cause}; whether the statement took effect is not known, look before you repeat it`),
  VT20030: row("unavailable", 1105, "HY000", (program: string, cause: string) => `${program} could not initialise a data directory: ${cause}`),
  VT20031: row("unavailable", 2002, "HY000", (cause: string, log: string) => `mysqld did not start: ${cause}; its log is ${log}`),
  VT20032: row("failed_precondition", 1105, "HY000", (file: string, statement: number, cause: string) => `${file}: statement ${statement} failed: ${cause}; mend it and start the tablet again, the data directory is made anew`),
  VT20033: row("failed_precondition", 1227, "42000", (account: string, where: string, grants: string) => `${account} may not do all that a tablet does on mysqld at ${where}: run there ${grants}`),
  VT20034: row("failed_precondition", 1049, "42000", (where: string, database: string, keyspace: string) => `mysqld at ${where} has no database ${database}, or its user may not see it; --init-db-name-override names the database of keyspace ${keyspace}`),
  VT20035: row("failed_precondition", 1105, "HY000", (database: string, sessions: string) => `sessions use database ${database} past the gate, and what they write then would be lost: ${sessions}; let them connect to vtgate, or end them; users that only read may be named in the tablet's --unmanaged-readers`),
  VT20036: row("failed_precondition", 1105, "HY000", (what: string, alias: string) => `${what} is refused: whoever runs the mysqld of unmanaged tablet ${alias} decides on its role; change that there, then run TabletExternallyReparented with the new primary`),
  VT20037: row("failed_precondition", 1105, "HY000", (alias: string) => `statements can't be tried out on the mysqld of unmanaged tablet ${alias}, which lets us make no scratch database; --skip-preflight runs them as they are`),

  // Topology (texts of go/vt/topo/errors.go).
  VT21001: row("not_found", 1105, "HY000", (path: string) => `node doesn't exist: ${path}`),
  VT21002: row("already_exists", 1105, "HY000", (path: string) => `node already exists: ${path}`),
  VT21003: row("aborted", 1105, "HY000", (path: string) => `bad node version: ${path} was changed by somebody else; read it again and retry`),
  VT21004: row("deadline_exceeded", 1105, "HY000", (what: string) => `topology: deadline exceeded: ${what}; is etcd up?`),
  VT21005: row("unavailable", 1105, "HY000", (what: string) => `topology is not reachable: ${what}; is etcd up?`),
  VT21006: row("failed_precondition", 1105, "HY000", (path: string, holder: string) => `${path} is locked by ${holder}; wait until that ends, or remove the lock when its holder is gone`),
  VT21007: row("aborted", 1105, "HY000", (path: string) => `the lock on ${path} was lost: its lease expired`),
  VT21008: row("invalid_argument", 1105, "HY000", (path: string, cause: string) => `record ${path} cannot be read: ${cause}`),
  VT21009: row("unauthenticated", 1105, "HY000", (cause: string) => `topology refused the credentials: ${cause}; see --topo-user, --topo-password-file and --topo-cert`),
  VT21010: row("failed_precondition", 1105, "HY000", (path: string) => `node not empty: ${path}`),

  // Administration.
  VT22001: row("invalid_argument", 1105, "HY000", (what: string) => `${what}`),
  VT22002: row("failed_precondition", 1105, "HY000", (what: string) => `${what}`),
  VT22003: row("not_found", 1105, "HY000", (what: string) => `${what}`),
  VT22004: row("already_exists", 1105, "HY000", (what: string) => `${what}`),
  VT22005: row("unavailable", 1105, "HY000", (tablet: string, cause: string) => `tablet ${tablet} can't be reached: ${cause}; start its vttablet, or open the way to it, and run this again`),
  VT22006: row("internal", 1815, "HY000", (what: string) => `${what}`),
  VT22007: row("resource_exhausted", 1203, "HY000", (limit: number) => `${limit} commands run at this vtctld already; try again when some have ended`),
  VT22008: row("deadline_exceeded", 1105, "HY000", (what: string) => `${what}`),
  VT22009: row("aborted", 1105, "HY000", (what: string) => `${what} was sent by somebody who has lost the keyspace's lock since; who holds it now goes on. When it is the topology that was made anew, whose locks begin again: delete the row workflow_fence of _vt.shard_metadata on the shard's primary, and restart its tablet`),

  // What a program was started with.
  VT23001: row("invalid_argument", 1105, "HY000", (flag: string, hint: string) => `unknown flag --${flag}${hint}; --help lists all`),
  VT23002: row("invalid_argument", 1105, "HY000", (flag: string, cause: string) => `bad value for --${flag}: ${cause}`),
  VT23003: row("invalid_argument", 1105, "HY000", (flag: string, help: string) => `--${flag} is required: ${help}`),
  VT23004: row("invalid_argument", 1105, "HY000", (file: string, cause: string) => `config file ${file}: ${cause}`),
  VT23005: row("invalid_argument", 1105, "HY000", (argument: string) => `unexpected argument "${argument}"; flags are written --name value or --name=value`),

  // The gate: what a session may do.
  VT24001: row("invalid_argument", 1049, "42000", (what: string) => `${what}; want keyspace<:shard><@type>, keyspace[hex] or keyspace[range]`),
  VT24002: row("failed_precondition", 1105, "HY000", () => "cannot set tablet target while in a transaction"),
  VT24003: row("invalid_argument", 1115, "42000", (name: string) => `charset/name ${name} is not supported; use utf8mb4, utf8mb3, latin1, ascii or binary`),
  VT24004: row("unimplemented", 1235, "42000", (mode: string) => `setting the ${mode} sql_mode is unsupported: it changes how statements are read`),
  VT24005: row("aborted", 1317, "70100", (shards: string) => `multi-db transaction attempted: ${shards}; transaction_mode is single`),
  VT24007: row("resource_exhausted", 1461, "42000", (limit: number) => `Can't create more than max_prepared_stmt_count statements (current value: ${limit})`),
  VT24008: row("resource_exhausted", 1153, "08S01", (limit: number) => `in-memory row count exceeded allowed limit of ${limit}`),

  // Vindexes, VSchemas and the names they resolve (texts of go/vt/vtgate/vindexes where it has one).
  VT25001: row("invalid_argument", 1105, "HY000", (vindex: string, cause: string) => `vindex ${vindex}: ${cause}`),
  VT25002: row("not_found", 1146, "42S02", (table: string) => `table ${table} not found`),
  VT25003: row("failed_precondition", 1105, "HY000", (table: string) => `ambiguous table reference: ${table}; write keyspace.${table}, or select a keyspace`),
  VT25004: row("invalid_argument", 1105, "HY000", (path: string, cause: string) => `VSchema: ${path}: ${cause}`),
  VT25005: row("failed_precondition", 1105, "HY000", (table: string) => `table ${table} has been disabled`),

  // Change streams: what a binlog holds and what a stream's rules ask for.
  VT26001: row("internal", 1815, "HY000", (what: string) => `binlog is damaged: ${what}`),
  VT26002: row("unimplemented", 1235, "42000", (what: string) => `unsupported in a binlog: ${what}`),
  VT26003: row("failed_precondition", 1105, "HY000", (setting: string, value: string, want: string) => `${setting} is ${value} on the source, but a change stream needs ${want}: ${settingRemedy(setting, want)}`),
  VT26004: row("failed_precondition", 1105, "HY000", (what: string) => `${what}`),
  VT26005: row("failed_precondition", 1236, "HY000", (position: string, cause: string) => `the source can't stream from ${position}: ${cause}; its binlogs may have been purged, then the copy must start anew`),
  VT26006: row("unavailable", 1105, "HY000", (source: string, silentMs: number) => `the change stream of ${source} is stalled: nothing came for ${silentMs} ms`),
  VT26007: row("invalid_argument", 1105, "HY000", (rule: string, cause: string) => `filter rule ${rule}: ${cause}`),
  VT26008: row("aborted", 1205, "HY000", (tables: string) => `no snapshot of ${tables}: some transaction on the source keeps what it wrote there uncommitted; it is tried again, and succeeds when that transaction ends (information_schema.INNODB_TRX lists it)`),
  VT26009: row("aborted", 1105, "HY000", (snapshot: string) => `snapshot ${snapshot} is gone, or has no reader to spare: copying begins again behind what is committed`),
  VT26010: row("aborted", 1105, "HY000", (table: string, cause: string) => `table ${table} was altered while it was about to be read: ${cause}; copying begins again behind what is committed`),

  // VReplication: streams that bring rows from other shards.
  VT27001: row("failed_precondition", 1105, "HY000", (id: number, state: string, message: string) => `stream ${id} is ${state}${message === "" ? "" : `: ${message}`}; start it with Workflow start`),
  VT27002: row("failed_precondition", 1054, "42S22", (table: string, what: string) => `table ${table} of the target has no ${what}; make the schemas alike, then start the workflow again`),
  VT27003: row("failed_precondition", 1105, "HY000", (table: string, column: string) => `the stream does not bring ${column}, a column of the primary key of ${table}; add it to the rule's select`),
  VT27004: row("failed_precondition", 1146, "42S02", (table: string) => `table ${table} does not exist on the target; create it, then start the workflow again`),
  VT27005: row("unavailable", 1105, "HY000", (shard: string, types: string) => `no tablet of ${shard} to stream from (${types}): none is healthy and answers`),
  VT27006: row("aborted", 1105, "HY000", (id: number) => `stream ${id} is gone: its row was deleted`),
  VT27007: row("failed_precondition", 1105, "HY000", (what: string) => `${what}`),
  VT27008: row("aborted", 1105, "HY000", (id: number, state: string, message: string) => `stream ${id} was changed by somebody else: it is ${state}${message === "" ? "" : `, ${message}`}; try again`),
  VT27009: row("failed_precondition", 1105, "HY000", (table: string, cause: string) => `table ${table} of the target doesn't fit its rule: ${cause}; cancel the workflow, and create it with a table that fits`),
  VT27010: row("failed_precondition", 1105, "HY000", (table: string, what: string) => `table ${table} of the target is not what the stream made it: ${what}; somebody else wrote to it, or several rows of the source have one key. Cancel the workflow and create it again`),
  VT27011: row("aborted", 1105, "HY000", (table: string, cause: string) => `table ${table} of the target has a row with the key of one that comes: ${cause}; until the stream that brought the other takes it away this one tries again`),
  VT27012: row("aborted", 1105, "HY000", (id: number, seconds: number) => `a session that wrote for stream ${id} before has not ended in ${seconds} s; the stream goes on when it has (information_schema.PROCESSLIST shows what it does)`),
  VT27013: row("failed_precondition", 1105, "HY000", (table: string, cause: string) => `table ${table} of the target would keep other values than its source has: ${cause}; alter it as the source has it (ExecuteFetchAsDba on the target's primary), then start the workflow again`),
  VT27014: row("failed_precondition", 1105, "HY000", (table: string, cause: string) => `table ${table} of the target lacks secondary keys that its copy went without: ${cause}; remove the cause, or take a key that is no longer wanted out of column action of _vt.post_copy_action (ExecuteFetchAsDba on the target's primary), then start the workflow again`),

  // MySQL's own: sent as a mysqld would send them.
  ER_CON_COUNT_ERROR: row("resource_exhausted", 1040, "08004", () => "Too many connections"),
  ER_HANDSHAKE_ERROR: row("invalid_argument", 1043, "08S01", () => "Bad handshake"),
  ER_DBACCESS_DENIED_ERROR: row("permission_denied", 1044, "42000", (user: string, host: string, database: string) => `Access denied for user '${user}'@'${host}' to database '${database}'`),
  ER_ACCESS_DENIED_ERROR: row("unauthenticated", 1045, "28000", (user: string, host: string, usedPassword: string) => `Access denied for user '${user}'@'${host}' (using password: ${usedPassword})`),
  ER_UNKNOWN_COM_ERROR: row("unimplemented", 1047, "08S01", () => "Unknown command"),
  ER_SERVER_SHUTDOWN: row("unavailable", 1053, "08S01", () => "Server shutdown in progress"),
  ER_PARSE_ERROR: row("invalid_argument", 1064, "42000", (message: string, near: string, line: number) => `${message} near '${near}' at line ${line}`),
  ER_EMPTY_QUERY: row("invalid_argument", 1065, "42000", () => "Query was empty"),
  ER_NO_SUCH_THREAD: row("not_found", 1094, "HY000", (id: number) => `Unknown thread id: ${id}`),
  ER_NET_PACKET_TOO_LARGE: row("resource_exhausted", 1153, "08S01", () => "Got a packet bigger than 'max_allowed_packet' bytes"),
  ER_NET_PACKETS_OUT_OF_ORDER: row("invalid_argument", 1156, "08S01", () => "Got packets out of order"),
  ER_NET_READ_INTERRUPTED: row("deadline_exceeded", 1159, "08S01", () => "Got timeout reading communication packets"),
  ER_NET_WRITE_INTERRUPTED: row("deadline_exceeded", 1161, "08S01", () => "Got timeout writing communication packets"),
  ER_LOCK_OR_ACTIVE_TRANSACTION: row("failed_precondition", 1192, "HY000", () => "Can't execute the given command because you have active locked tables or an active transaction"),
  ER_UNKNOWN_SYSTEM_VARIABLE: row("not_found", 1193, "HY000", (name: string) => `Unknown system variable '${name}'`),
  ER_WRONG_VALUE_FOR_VAR: row("invalid_argument", 1231, "42000", (name: string, value: string) => `Variable '${name}' can't be set to the value of '${value}'`),
  ER_WRONG_TYPE_FOR_VAR: row("invalid_argument", 1232, "42000", (name: string) => `Incorrect argument type to variable '${name}'`),
  ER_WARN_DATA_OUT_OF_RANGE: row("invalid_argument", 1264, "22003", (column: string, row: number) => `Out of range value for column '${column}' at row ${row}`),
  ER_UNKNOWN_COLLATION: row("not_found", 1273, "HY000", (name: string) => `Unknown collation: '${name}'`),
  ER_UNKNOWN_STMT_HANDLER: row("not_found", 1243, "HY000", (id: string, command: string) => `Unknown prepared statement handler (${id}) given to ${command}`),
  ER_NOT_SUPPORTED_AUTH_MODE: row("unauthenticated", 1251, "08004", () => "Client does not support authentication protocol requested by server; consider upgrading MySQL client"),
  ER_SP_DOES_NOT_EXIST: row("not_found", 1305, "42000", (kind: string, name: string) => `${kind} ${name} does not exist`),
  ER_TRUNCATED_WRONG_VALUE_FOR_FIELD: row("invalid_argument", 1366, "HY000", (column: string, row: number) => `Incorrect string value for column '${column}' at row ${row}: its character set has not all of the characters`),
  ER_DATA_TOO_LONG: row("invalid_argument", 1406, "22001", (column: string, row: number) => `Data too long for column '${column}' at row ${row}`),
  ER_SECURE_TRANSPORT_REQUIRED: row("unauthenticated", 3159, "HY000", () => "Connections using insecure transport are prohibited while --require_secure_transport=ON."),
  ER_QUERY_INTERRUPTED: row("cancelled", 1317, "70100", () => "Query execution was interrupted"),
  ER_CANT_CHANGE_TX_CHARACTERISTICS: row("failed_precondition", 1568, "25001", () => "Transaction characteristics can't be changed while a transaction is in progress"),
  ER_TOO_HIGH_LEVEL_OF_NESTING_FOR_SELECT: row("resource_exhausted", 1473, "HY000", (levels: number) => `Too high level of nesting for select: more than ${levels} levels; flatten the statement, or send it in parts`),
  ER_MALFORMED_PACKET: row("invalid_argument", 1835, "HY000", () => "Malformed communication packet."),
} as const satisfies Record<string, Definition<never>>;

export type ErrorId = keyof typeof ERRORS;
type Args<Id extends ErrorId> = Parameters<(typeof ERRORS)[Id]["text"]>;

/** An error of the table, as it travels inside a program and over the wire (id, text). */
export class VtError extends Error {
  override readonly name = "VtError";
  readonly id: ErrorId;

  constructor(id: ErrorId, text: string, options?: ErrorOptions) {
    super(id.startsWith("VT") ? `${id}: ${text}` : text, options);
    this.id = id;
  }

  get status(): Status {
    return ERRORS[this.id].status;
  }

  get errno(): number {
    return ERRORS[this.id].errno;
  }

  get sqlState(): string {
    return ERRORS[this.id].sqlState;
  }
}

/** Builds an error from the table. Call sites read `throw vtError("VT05004", table)`. */
export function vtError<Id extends ErrorId>(id: Id, ...args: Args<Id>): VtError {
  const text = ERRORS[id].text as (...args: Args<Id>) => string;
  return new VtError(id, text(...args));
}

/** The same, with the error that led to it. */
export function vtErrorFrom<Id extends ErrorId>(
  cause: unknown,
  id: Id,
  ...args: Args<Id>
): VtError {
  const text = ERRORS[id].text as (...args: Args<Id>) => string;
  return new VtError(id, text(...args), { cause });
}

export function isErrorId(value: string): value is ErrorId {
  return Object.hasOwn(ERRORS, value);
}
