/**
 * The payloads of CALL, DATA and ERROR frames: QueryService (query_service.ts) as bytes. `execute`
 * is compact and avoids allocation, since every statement pays for it; schema and health are JSON.
 */
import { isErrorId, VtError, vtError } from "../error/errors.ts";
import type { Status } from "../error/errors.ts";
import { MysqlError } from "../error/mysql_error.ts";
import { TABLET_TYPES, type Target } from "../model/tablet.ts";
import { byteKey } from "./byte_key.ts";
import type {
  ConnectionProfile,
  ExecuteRequest,
  ExecuteResult,
  Limits,
  PrepareResult,
  ServerWarning,
} from "./query_service.ts";
import { WireReader, WireWriter } from "./wire.ts";

/** First byte of a CALL. */
export const METHOD_EXECUTE = 1;
export const METHOD_PREPARE = 2;
export const METHOD_COMMIT = 3;
export const METHOD_ROLLBACK = 4;
export const METHOD_RELEASE = 5;
export const METHOD_NEXT_SEQUENCE = 6;
export const METHOD_SCHEMA = 7;
export const METHOD_STREAM_HEALTH = 8;
/** These: stream_messages.ts. */
export const METHOD_STREAM_CHANGES = 9;
export const METHOD_STREAM_ROWS = 10;
export const METHOD_HOLD_SNAPSHOT = 11;

/** A 64 MB statement with its parameters fits; mysqld's own max_allowed_packet decides below that. */
export const REQUEST_BYTES_MAX = 132 * 1024 * 1024;

const HAS_TRANSACTION = 1;
const HAS_BEGIN = 2;
const RESERVES = 4;
const HAS_PARAMETERS = 8;
const HAS_LIMITS = 16;

const NO_LIMITS: Limits = { timeoutMs: 0, rowsMax: 0, bytesMax: 0 };
const CACHED_MAX = 1000;
/** A tablet is asked for one; for another only around a change of its type. */
const TARGETS_MAX = 4;

/**
 * Encodes execute and prepare for one tablet. What repeats from statement to statement is encoded
 * once: target and user by their content, profile and tables by the object, so callers keep those.
 */
export class RequestEncoder {
  readonly #pieces = new WeakMap<object, Uint8Array>();
  readonly #targets: { readonly target: Target; readonly bytes: Uint8Array }[] = [];
  readonly #users = new Map<string, Uint8Array>();
  readonly #scratch = new WireWriter(256);

  /** Appends a request to `out`; `method` is METHOD_EXECUTE or METHOD_PREPARE. */
  write(out: WireWriter, method: number, request: ExecuteRequest): void {
    out.u8(method);
    const head = out.reserve(4);
    out.raw(this.#target(request.target));
    out.raw(this.#piece(request.profile, writeProfile));
    out.raw(this.#piece(request.tables, writeTables));
    out.raw(this.#user(request.user));
    out.u32At(head, out.length - head - 4);
    this.#writeRest(out, request);
  }

  #writeRest(out: WireWriter, request: ExecuteRequest): void {
    const { transactionId, begin, parameters, limits } = request;
    const limited = limits.timeoutMs !== 0 || limits.rowsMax !== 0 || limits.bytesMax !== 0;
    out.u8(
      (transactionId !== 0 ? HAS_TRANSACTION : 0) | (begin !== "" ? HAS_BEGIN : 0) |
        (request.reserve ? RESERVES : 0) | (parameters !== undefined ? HAS_PARAMETERS : 0) |
        (limited ? HAS_LIMITS : 0),
    );
    if (transactionId !== 0) out.u53(transactionId);
    if (begin !== "") out.text16(begin);
    if (limited) {
      out.u32(limits.timeoutMs);
      out.u53(limits.rowsMax);
      out.u53(limits.bytesMax);
    }
    if (parameters !== undefined) {
      out.u32(parameters.length);
      out.raw(parameters);
    }
    out.raw(request.sql);
  }

  #piece<T extends object>(value: T, write: (out: WireWriter, value: T) => void): Uint8Array {
    let bytes = this.#pieces.get(value);
    if (bytes === undefined) {
      this.#scratch.clear();
      write(this.#scratch, value);
      bytes = this.#scratch.written().slice();
      this.#pieces.set(value, bytes);
    }
    return bytes;
  }

  /** By content: callers make targets as they need them. */
  #target(target: Target): Uint8Array {
    const { keyspace, shard, tabletType } = target;
    for (const known of this.#targets) {
      const { target: other } = known;
      if (
        other.shard === shard && other.keyspace === keyspace && other.tabletType === tabletType
      ) return known.bytes;
    }
    this.#scratch.clear();
    writeTarget(this.#scratch, target);
    const bytes = this.#scratch.written().slice();
    if (this.#targets.length >= TARGETS_MAX) this.#targets.length = 0;
    this.#targets.push({ target: { keyspace, shard, tabletType }, bytes });
    return bytes;
  }

  #user(user: string): Uint8Array {
    let bytes = this.#users.get(user);
    if (bytes === undefined) {
      this.#scratch.clear();
      this.#scratch.text16(user);
      bytes = this.#scratch.written().slice();
      if (this.#users.size >= CACHED_MAX) this.#users.clear();
      this.#users.set(user, bytes);
    }
    return bytes;
  }
}

/** What `RequestDecoder` remembers of a request, by its bytes. */
interface Head {
  readonly target: Target;
  readonly profile: ConnectionProfile;
  readonly tables: readonly string[];
  readonly user: string;
}

/** Decodes execute and prepare. Equal heads give the same target, profile and tables objects. */
export class RequestDecoder {
  readonly #heads = new Map<string, Head>();
  readonly #profiles = new Map<string, ConnectionProfile>();

  /** `reader` stands behind the method. The request's sql and parameters are views. */
  read(reader: WireReader): ExecuteRequest {
    const head = this.#head(reader.raw(reader.u32()));
    const bits = reader.u8();
    const transactionId = (bits & HAS_TRANSACTION) !== 0 ? reader.u53() : 0;
    const begin = (bits & HAS_BEGIN) !== 0 ? reader.text16() : "";
    const limits = (bits & HAS_LIMITS) !== 0 ? readLimits(reader) : NO_LIMITS;
    const parameters = (bits & HAS_PARAMETERS) !== 0 ? reader.raw(reader.u32()) : undefined;
    return {
      target: head.target,
      user: head.user,
      profile: head.profile,
      transactionId,
      begin,
      reserve: (bits & RESERVES) !== 0,
      sql: reader.rest(),
      parameters,
      tables: head.tables,
      limits,
    };
  }

  #head(bytes: Uint8Array): Head {
    const key = byteKey(bytes);
    const known = this.#heads.get(key);
    if (known !== undefined) return known;
    const reader = new WireReader(bytes);
    const target = readTarget(reader);
    const profile = this.#profile(readProfile(reader));
    const tables = readTables(reader);
    const head: Head = { target, profile, tables, user: reader.text16() };
    reader.end();
    if (this.#heads.size >= CACHED_MAX) this.#heads.clear();
    this.#heads.set(key, head);
    return head;
  }

  #profile(profile: ConnectionProfile): ConnectionProfile {
    const key = `${profile.capabilities} ${profile.collation} ${profile.settings}`;
    const known = this.#profiles.get(key);
    if (known !== undefined) return known;
    if (this.#profiles.size >= CACHED_MAX) this.#profiles.clear();
    this.#profiles.set(key, profile);
    return profile;
  }
}

export function writeTarget(out: WireWriter, target: Target): void {
  out.text16(target.keyspace);
  out.text16(target.shard);
  out.u8(TABLET_TYPES.indexOf(target.tabletType));
}

export function readTarget(reader: WireReader): Target {
  const keyspace = reader.text16();
  const shard = reader.text16();
  const tabletType = TABLET_TYPES[reader.u8()];
  if (tabletType === undefined) throw vtError("VT20013", "no such tablet type");
  return { keyspace, shard, tabletType };
}

function writeProfile(out: WireWriter, profile: ConnectionProfile): void {
  out.u32(profile.capabilities);
  out.u16(profile.collation);
  out.text32(profile.settings);
}

function readProfile(reader: WireReader): ConnectionProfile {
  return { capabilities: reader.u32(), collation: reader.u16(), settings: reader.text32() };
}

function writeTables(out: WireWriter, tables: readonly string[]): void {
  out.u16(tables.length);
  for (const table of tables) out.text16(table);
}

function readTables(reader: WireReader): readonly string[] {
  const count = reader.u16();
  const tables: string[] = [];
  for (let index = 0; index < count; index++) tables.push(reader.text16());
  return tables;
}

function readLimits(reader: WireReader): Limits {
  return { timeoutMs: reader.u32(), rowsMax: reader.u53(), bytesMax: reader.u53() };
}

/** commit, rollback, release. */
export interface TransactionRequest {
  readonly target: Target;
  readonly transactionId: number;
}

export function writeTransactionRequest(
  out: WireWriter,
  method: number,
  request: TransactionRequest,
): void {
  out.u8(method);
  writeTarget(out, request.target);
  out.u53(request.transactionId);
}

export function readTransactionRequest(reader: WireReader): TransactionRequest {
  const request = { target: readTarget(reader), transactionId: reader.u53() };
  reader.end();
  return request;
}

export interface SequenceRequest {
  readonly target: Target;
  readonly table: string;
  readonly count: number;
}

export function writeSequenceRequest(out: WireWriter, request: SequenceRequest): void {
  out.u8(METHOD_NEXT_SEQUENCE);
  writeTarget(out, request.target);
  out.text16(request.table);
  out.u32(request.count);
}

export function readSequenceRequest(reader: WireReader): SequenceRequest {
  const request = { target: readTarget(reader), table: reader.text16(), count: reader.u32() };
  reader.end();
  return request;
}

/**
 * The END of execute: its head, the packets that are left, the terminal packet, and warnings last,
 * as JSON; without any they take no bytes.
 */
export const EXECUTE_END_HEAD_BYTES = 16;

const NO_WARNINGS: readonly ServerWarning[] = [];

export function writeExecuteEnd(
  out: WireWriter,
  transactionId: number,
  packets: Uint8Array,
  terminal: Uint8Array,
  warnings: readonly ServerWarning[] = NO_WARNINGS,
): void {
  const document = warnings.length === 0
    ? undefined
    : new TextEncoder().encode(JSON.stringify(warnings));
  out.u53(transactionId);
  out.u32(terminal.length);
  out.u32(document?.length ?? 0);
  out.raw(packets);
  out.raw(terminal);
  if (document !== undefined) out.raw(document);
}

/** `packets` and `terminal` are views of `payload`. */
export interface ExecuteEnd {
  readonly transactionId: ExecuteResult["transactionId"];
  readonly packets: Uint8Array;
  readonly terminal: Uint8Array;
  readonly warnings: readonly ServerWarning[];
}

export function decodeExecuteEnd(payload: Uint8Array): ExecuteEnd {
  const reader = new WireReader(payload);
  const transactionId = reader.u53();
  const terminalBytes = reader.u32();
  const warningBytes = reader.u32();
  const packetBytes = reader.remaining - terminalBytes - warningBytes;
  if (packetBytes < 0) throw vtError("VT20013", "the last packet is cut off");
  const packets = reader.raw(packetBytes);
  const terminal = reader.raw(terminalBytes);
  const warnings = warningBytes === 0 ? NO_WARNINGS : decodeWarnings(reader.rest());
  return { transactionId, packets, terminal, warnings };
}

function decodeWarnings(document: Uint8Array): readonly ServerWarning[] {
  const rows: unknown = JSON.parse(new TextDecoder().decode(document));
  if (!Array.isArray(rows)) throw vtError("VT20013", "warnings that are no list");
  return rows.map((row: Partial<ServerWarning>) => ({
    level: row.level === "Note" || row.level === "Error" ? row.level : "Warning",
    code: Number(row.code),
    message: String(row.message),
  }));
}

export function encodePrepareResult(result: PrepareResult): Uint8Array {
  const out = new WireWriter(512);
  for (const packets of [result.columns, result.parameters]) {
    out.u16(packets.length);
    for (const packet of packets) {
      out.u32(packet.length);
      out.raw(packet);
    }
  }
  return out.written();
}

export function decodePrepareResult(payload: Uint8Array): PrepareResult {
  const reader = new WireReader(payload);
  const columns = readPackets(reader);
  const parameters = readPackets(reader);
  reader.end();
  return { columns, parameters };
}

function readPackets(reader: WireReader): readonly Uint8Array[] {
  const count = reader.u16();
  const packets: Uint8Array[] = [];
  for (let index = 0; index < count; index++) packets.push(reader.raw(reader.u32()).slice());
  return packets;
}

const KIND_VT = 0;
const KIND_MYSQL = 1;

/** Any error as an ERROR payload. What is neither ours nor mysqld's becomes VT13001. */
export function writeError(out: WireWriter, error: unknown): void {
  if (error instanceof MysqlError) {
    out.u8(KIND_MYSQL);
    out.u16(error.errno);
    out.text16(error.sqlState);
    out.text16Cut(error.message);
    return;
  }
  const own = error instanceof VtError ? error : vtError("VT13001", String(error));
  out.u8(KIND_VT);
  out.text16(own.id);
  out.text16(own.status);
  out.text16Cut(own.message);
}

export function decodeError(payload: Uint8Array): VtError | MysqlError {
  const reader = new WireReader(payload);
  if (reader.u8() === KIND_MYSQL) {
    return new MysqlError(reader.u16(), reader.text16(), reader.text16());
  }
  const id = reader.text16();
  const status = reader.text16();
  const message = reader.text16();
  if (!isErrorId(id)) return errorOfStatus(status, message);
  const prefix = `${id}: `;
  return new VtError(id, message.startsWith(prefix) ? message.slice(prefix.length) : message);
}

/** An error that a later release raises: its status still says what to do about it. */
function errorOfStatus(status: string, message: string): VtError {
  const known = status as Status;
  if (known === "cluster_event") return new VtError("VT20001", message);
  if (known === "unavailable") return new VtError("VT14001", message);
  return new VtError("VT13001", message);
}
