/**
 * One connection that follows a mysqld's binlog from a GTID position on, as a replica does, until
 * it breaks. What to do then is change_stream.ts's.
 */
import { vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { encodeBinlogDump, encodeBinlogDumpGtid } from "../../shared/binlog/dump_command.ts";
import type { TextTypes } from "../../shared/binlog/text_types.ts";
import { type Position, positionContains, printPosition } from "../../shared/binlog/position.ts";
import { sleep } from "../../shared/host/clock.ts";
import { CLIENT_DEPRECATE_EOF } from "../../shared/mysql/capabilities.ts";
import { COLLATION_UTF8MB4_GENERAL_CI } from "../../shared/mysql/collations.ts";
import { mysqlErrorOf } from "../../shared/mysql/err_packet.ts";
import { ERR_HEADER } from "../../shared/mysql/err_packet.ts";
import { packetEnd, packetPayload } from "../../shared/mysql/frame.ts";
import { MysqldConnection } from "../mysqld/connection.ts";
import { type MysqldAddress, printMysqldAddress } from "../mysqld/login.ts";
import { quote } from "../mysqld/statement.ts";
import {
  readCurrentPosition,
  readSourceSetup,
  readTextTypes,
  type SourceSetup,
} from "./source_setup.ts";
import { StallWatch } from "./stall_watch.ts";
import { refuseUnloggedChanges } from "./unlogged_changes.ts";

/** How to log in where the binlog is; needs REPLICATION SLAVE. */
export interface StreamLogin {
  readonly address: MysqldAddress;
  readonly user: string;
  readonly password: string;
}

export interface DumpOptions {
  readonly login: StreamLogin;
  readonly start: Position;
  readonly database: string;
  readonly wants: (table: string) => boolean;
  /** The source says that it is alive after so long without an event. */
  readonly heartbeatMs: number;
  /** No byte for so long: VT26006. */
  readonly stallMs: number;
}

export interface DumpHandler {
  /** The connection stands; events follow. */
  started(setup: SourceSetup & { readonly textTypes: TextTypes }): void;
  /** Whole events with their headers, each in a buffer that is the handler's to keep. */
  events(events: readonly Uint8Array[]): void | Promise<void>;
}

interface Options {
  readonly signal: AbortSignal;
}

/** A dump whose sink waits long must not be cut off by the source. Seconds. */
const NET_WRITE_TIMEOUT_SEC = 3600;

/** MariaDB sends its GTID events to those that say they know them (log_event.h). */
const MARIA_SLAVE_CAPABILITY_GTID = 4;

/** How long a source may be behind where the stream shall begin, and how often it is asked. */
const BEHIND_MS_MAX = 5000;
const BEHIND_LOOK_MS = 25;

const ER_MASTER_FATAL_ERROR_READING_BINLOG = 1236;

export function connectForStream(
  login: StreamLogin,
  options: Options,
): Promise<MysqldConnection> {
  return MysqldConnection.connect({
    ...login,
    database: "",
    capabilities: CLIENT_DEPRECATE_EOF,
    collation: COLLATION_UTF8MB4_GENERAL_CI,
  }, options);
}

/**
 * Never resolves. Throws VT20006, VT20012 and VT26006 when the connection breaks or is silent,
 * VT26005 when the source can't start from there, what the handler throws, the signal's reason.
 */
export async function followBinlog(
  options: DumpOptions,
  handler: DumpHandler,
  { signal }: Options,
): Promise<never> {
  const source = printMysqldAddress(options.login.address);
  using watch = new StallWatch(source, options.stallMs);
  const both = AbortSignal.any([signal, watch.signal]);
  using connection = await connectForStream(options.login, { signal: both });
  const setup = await readSourceSetup(connection, { signal: both });
  if (setup.flavor !== options.start.flavor) {
    throw vtError("VT26005", positionText(options.start), `it is a ${setup.flavor} server`);
  }
  const { database, wants } = options;
  await refuseUnloggedChanges(connection, database, wants, { signal: both });
  await awaitPosition(connection, options.start, source, { signal: both });
  const command = await prepareDump(connection, options, { signal: both });
  const textTypes = await readTextTypes(connection, database, { signal: both });
  handler.started({ ...setup, textTypes });
  const terminal = await connection.stream(
    command,
    (packets) => watch.heard(() => handler.events(eventsOf(packets))),
    { signal: both },
  );
  throw endOf(terminal, options, source);
}

/**
 * Rows may have been copied from a server that was ahead of this one, a replica: it is given a
 * moment to get there. VT20006 when it doesn't, so that another source is tried.
 */
async function awaitPosition(
  connection: MysqldConnection,
  start: Position,
  source: string,
  options: Options,
): Promise<void> {
  const wanted = positionText(start);
  const deadlineMs = performance.now() + BEHIND_MS_MAX;
  for (;;) {
    const current = printPosition(start.flavor, await readCurrentPosition(connection, options));
    if (positionContains(current, wanted)) return;
    if (performance.now() > deadlineMs) {
      throw vtError("VT20006", `mysqld at ${source}`, `it is at ${current}, behind ${wanted}`);
    }
    await sleep(BEHIND_LOOK_MS, options);
  }
}

function positionText({ flavor, gtid }: Position): string {
  return printPosition(flavor, gtid);
}

/** Sets the session up; the command that starts the stream. */
async function prepareDump(
  connection: MysqldConnection,
  { start, heartbeatMs }: DumpOptions,
  options: Options,
): Promise<Uint8Array> {
  const serverId = randomServerId();
  const period = heartbeatMs * 1_000_000;
  const common = `SET SESSION net_write_timeout = ${NET_WRITE_TIMEOUT_SEC}, ` +
    "@master_binlog_checksum = @@global.binlog_checksum, " +
    `@master_heartbeat_period = ${period}`;
  if (start.flavor === "mysql") {
    await connection.fetchRows(
      `${common}, @source_binlog_checksum = @@global.binlog_checksum, ` +
        `@source_heartbeat_period = ${period}`,
      options,
    );
    return encodeBinlogDumpGtid(serverId, start.gtid);
  }
  await connection.fetchRows(
    `${common}, @mariadb_slave_capability = ${MARIA_SLAVE_CAPABILITY_GTID}, ` +
      `@slave_connect_state = ${quote(start.gtid)}, ` +
      "@slave_gtid_strict_mode = 1, @slave_gtid_ignore_duplicates = 0",
    options,
  );
  return encodeBinlogDump(serverId);
}

/**
 * A source ends the stream of a replica whose id comes a second time, so each connection takes a
 * random one, above those of tablets.
 */
function randomServerId(): number {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  return (random | 0x8000_0000) >>> 0;
}

/** Copies the events out of the read buffer; the status byte in front of each is left off. */
function eventsOf(packets: Uint8Array): readonly Uint8Array[] {
  const bytes = packets.slice();
  const events: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = packetEnd(bytes, at, bytes.length);
    events.push(packetPayload(bytes, at, end).subarray(1));
    at = end;
  }
  return events;
}

function endOf(terminal: Uint8Array, { start }: DumpOptions, source: string): Error {
  if (terminal[0] !== ERR_HEADER) {
    return vtError("VT20006", `mysqld at ${source}`, "it ended the stream");
  }
  const error = mysqlErrorOf(terminal);
  if (error instanceof MysqlError && error.errno === ER_MASTER_FATAL_ERROR_READING_BINLOG) {
    return vtErrorFrom(error, "VT26005", positionText(start), error.message);
  }
  return error;
}
