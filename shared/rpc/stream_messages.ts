/**
 * The bytes of StreamService (stream_service.ts). An answer is a sequence of messages, each behind
 * its length in four bytes, cut into DATA frames wherever they happen to end:
 *
 *     u32 bytes | u8 kind | ...
 *
 * A table is named once, with its fields; rows refer to it by number. A value is its length (one
 * byte below 0xfb, else 0xfc and four bytes) and its bytes, NULL is 0xfb.
 */
import type { Field, Row, RowChange, StreamItem, TableFields } from "../binlog/change.ts";
import { vtError } from "../error/errors.ts";
import type { RowValue } from "../mysql/text_row.ts";
import type {
  ChangeStreamRequest,
  CopyingTable,
  OpenSnapshot,
  RowStreamRequest,
  RowStreamStart,
  SnapshotRequest,
  StreamTarget,
} from "./stream_service.ts";
import type { FilterRule } from "./vreplication.ts";
import { readU32, WireReader, type WireWriter } from "./wire.ts";

const NULL_VALUE = 0xfb;
const LONG_VALUE = 0xfc;

const KIND_FIELDS = 1;
const KIND_TRANSACTION = 2;
const KIND_ABANDONED = 3;
const KIND_DDL = 4;
const KIND_JOURNAL = 5;
const KIND_HEARTBEAT = 6;
const KIND_SNAPSHOT = 7;
const KIND_ROWS = 8;

const CHANGES = ["insert", "update", "delete"] as const;

const FIELD_UNSIGNED = 1;
const FIELD_NULLABLE = 2;
const FIELD_INVISIBLE = 4;

/** A row may fill max_allowed_packet, and a batch has several. */
const MESSAGE_BYTES_MAX = 3 * 1024 * 1024 * 1024;

export function writeValue(out: WireWriter, value: RowValue): void {
  if (value === null) return out.u8(NULL_VALUE);
  if (value.length < NULL_VALUE) out.u8(value.length);
  else {
    out.u8(LONG_VALUE);
    out.u32(value.length);
  }
  out.raw(value);
}

export function readValue(reader: WireReader): RowValue {
  const first = reader.u8();
  if (first < NULL_VALUE) return reader.raw(first);
  if (first === NULL_VALUE) return null;
  if (first !== LONG_VALUE) throw vtError("VT20013", "a value has no length");
  return reader.raw(reader.u32());
}

function writeRow(out: WireWriter, row: Row): void {
  for (const value of row) writeValue(out, value);
}

function readRow(reader: WireReader, columns: number): Row {
  const row: RowValue[] = new Array(columns);
  for (let i = 0; i < columns; i++) row[i] = readValue(reader);
  return row;
}

function writeKey(out: WireWriter, key: Row | undefined): void {
  out.u16(key?.length ?? 0);
  if (key !== undefined) writeRow(out, key);
}

function readKey(reader: WireReader): Row | undefined {
  const columns = reader.u16();
  return columns === 0 ? undefined : readRow(reader, columns);
}

function writeTexts(out: WireWriter, texts: readonly string[]): void {
  out.u16(texts.length);
  for (const text of texts) out.text16(text);
}

function readTexts(reader: WireReader): readonly string[] {
  return repeat(reader.u16(), () => reader.text16());
}

export function writeTableFields(out: WireWriter, fields: TableFields): void {
  out.text16(fields.table);
  out.u16(fields.fields.length);
  for (const field of fields.fields) {
    out.text16(field.name);
    out.u8(field.type);
    out.text32(field.columnType);
    out.u16(field.collation);
    out.u8(
      (field.unsigned ? FIELD_UNSIGNED : 0) | (field.nullable ? FIELD_NULLABLE : 0) |
        (field.invisible ? FIELD_INVISIBLE : 0),
    );
  }
  out.u16(fields.primaryKey.length);
  for (const place of fields.primaryKey) out.u16(place);
}

export function readTableFields(reader: WireReader): TableFields {
  const table = reader.text16();
  const fields = repeat(reader.u16(), () => readField(reader));
  const primaryKey = repeat(reader.u16(), () => reader.u16());
  return { table, fields, primaryKey };
}

function readField(reader: WireReader): Field {
  const name = reader.text16();
  const type = reader.u8();
  const columnType = reader.text32();
  const collation = reader.u16();
  const flags = reader.u8();
  return {
    name,
    type,
    columnType,
    collation,
    unsigned: (flags & FIELD_UNSIGNED) !== 0,
    nullable: (flags & FIELD_NULLABLE) !== 0,
    invisible: (flags & FIELD_INVISIBLE) !== 0,
  };
}

function repeat<T>(count: number, read: () => T): T[] {
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(read());
  return items;
}

/** Encodes the items of one change stream. */
export class ItemWriter {
  readonly #tables = new Map<string, number>();

  /** Appends messages. */
  write(out: WireWriter, items: readonly StreamItem[]): void {
    for (const item of items) {
      const start = out.reserve(4);
      this.#item(out, item);
      out.u32At(start, out.length - start - 4);
    }
  }

  #item(out: WireWriter, item: StreamItem): void {
    switch (item.kind) {
      case "fields":
        out.u8(KIND_FIELDS);
        out.u16(this.#tableId(item.fields.table));
        return writeTableFields(out, item.fields);
      case "transaction":
        out.u8(KIND_TRANSACTION);
        out.u8(item.complete ? 1 : 0);
        out.u53(item.timestampSec);
        out.text32(item.position);
        out.u32(item.changes.length);
        for (const change of item.changes) this.#change(out, change);
        return;
      case "abandoned":
        return out.u8(KIND_ABANDONED);
      case "ddl":
        out.u8(KIND_DDL);
        out.u53(item.timestampSec);
        out.text32(item.position);
        out.text32(item.sql);
        out.u16(item.tables.length);
        for (const table of item.tables) out.text16(table);
        return;
      case "journal":
        out.u8(KIND_JOURNAL);
        out.text16(item.id);
        return out.text32(item.value);
      case "heartbeat":
        out.u8(KIND_HEARTBEAT);
        return out.text32(item.position);
    }
  }

  #tableId(table: string): number {
    const known = this.#tables.get(table);
    if (known !== undefined) return known;
    const id = this.#tables.size;
    this.#tables.set(table, id);
    return id;
  }

  #change(out: WireWriter, change: RowChange): void {
    out.u8(CHANGES.indexOf(change.kind));
    out.u16(this.#tableId(change.table));
    if (change.kind !== "insert") writeRow(out, change.before);
    if (change.kind !== "delete") writeRow(out, change.after);
  }
}

/** Decodes what one ItemWriter wrote. Rows are views into the messages. */
export class ItemReader {
  readonly #tables: TableFields[] = [];

  /** VT20013 on garbage. */
  read(message: Uint8Array): StreamItem {
    const reader = new WireReader(message);
    const item = this.#item(reader);
    reader.end();
    return item;
  }

  #item(reader: WireReader): StreamItem {
    const kind = reader.u8();
    switch (kind) {
      case KIND_FIELDS: {
        const id = reader.u16();
        const fields = readTableFields(reader);
        this.#tables[id] = fields;
        return { kind: "fields", fields };
      }
      case KIND_TRANSACTION:
        return this.#transaction(reader);
      case KIND_ABANDONED:
        return { kind: "abandoned" };
      case KIND_DDL: {
        const timestampSec = reader.u53();
        const position = reader.text32();
        const sql = reader.text32();
        const tables = repeat(reader.u16(), () => reader.text16());
        return { kind: "ddl", position, timestampSec, sql, tables };
      }
      case KIND_JOURNAL:
        return { kind: "journal", id: reader.text16(), value: reader.text32() };
      case KIND_HEARTBEAT:
        return { kind: "heartbeat", position: reader.text32() };
      default:
        throw vtError("VT20013", `a stream has no items of kind ${kind}`);
    }
  }

  #transaction(reader: WireReader): StreamItem {
    const complete = reader.u8() === 1;
    const timestampSec = reader.u53();
    const position = reader.text32();
    const changes = repeat(reader.u32(), () => this.#change(reader));
    return { kind: "transaction", position, complete, timestampSec, changes };
  }

  #change(reader: WireReader): RowChange {
    const kind = CHANGES[reader.u8()];
    const table = this.#tables[reader.u16()];
    if (kind === undefined || table === undefined) {
      throw vtError("VT20013", "a change of a table without fields");
    }
    const columns = table.fields.length;
    switch (kind) {
      case "insert":
        return { kind, table: table.table, after: readRow(reader, columns) };
      case "delete":
        return { kind, table: table.table, before: readRow(reader, columns) };
      case "update": {
        const before = readRow(reader, columns);
        return { kind, table: table.table, before, after: readRow(reader, columns) };
      }
    }
  }
}

export function writeSnapshotStart(out: WireWriter, snapshot: RowStreamStart): void {
  const start = out.reserve(4);
  out.u8(KIND_SNAPSHOT);
  writeTexts(out, snapshot.keyColumns);
  out.text32(snapshot.position);
  writeTableFields(out, snapshot.fields);
  out.u32At(start, out.length - start - 4);
}

export function writeSnapshotRows(
  out: WireWriter,
  packets: Uint8Array,
  count: number,
  lastPk: Row | undefined,
): void {
  const start = out.reserve(4);
  out.u8(KIND_ROWS);
  writeKey(out, lastPk);
  out.u32(count);
  out.raw(packets);
  out.u32At(start, out.length - start - 4);
}

export type SnapshotMessage =
  | { readonly kind: "start"; readonly start: RowStreamStart }
  | {
    readonly kind: "rows";
    readonly packets: Uint8Array;
    readonly count: number;
    readonly lastPk: Row | undefined;
  };

/** The packets are a view into the message. */
export function readSnapshotMessage(message: Uint8Array): SnapshotMessage {
  const reader = new WireReader(message);
  const kind = reader.u8();
  if (kind === KIND_SNAPSHOT) {
    const keyColumns = readTexts(reader);
    const position = reader.text32();
    return { kind: "start", start: { keyColumns, position, fields: readTableFields(reader) } };
  }
  if (kind !== KIND_ROWS) throw vtError("VT20013", `a row stream has no messages of kind ${kind}`);
  const lastPk = readKey(reader);
  const count = reader.u32();
  return { kind: "rows", packets: reader.rest(), count, lastPk };
}

/** Puts messages together out of frames. */
export class MessageAssembler {
  #held = new Uint8Array(0);
  #length = 0;

  /** The messages that a frame completes; each has bytes of its own. */
  push(frame: Uint8Array): readonly Uint8Array[] {
    const bytes = this.#joined(frame);
    const messages: Uint8Array[] = [];
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = readU32(bytes, at);
      if (length > MESSAGE_BYTES_MAX) throw vtError("VT20013", `a message of ${length} bytes`);
      if (bytes.length - at - 4 < length) break;
      messages.push(bytes.slice(at + 4, at + 4 + length));
      at += 4 + length;
    }
    this.#keep(bytes.subarray(at));
    return messages;
  }

  #joined(frame: Uint8Array): Uint8Array {
    if (this.#length === 0) return frame;
    const length = this.#length + frame.length;
    if (length > this.#held.length) {
      const grown = new Uint8Array(Math.max(length, this.#held.length * 2));
      grown.set(this.#held.subarray(0, this.#length));
      this.#held = grown;
    }
    this.#held.set(frame, this.#length);
    this.#length = length;
    return this.#held.subarray(0, length);
  }

  #keep(rest: Uint8Array): void {
    if (rest.length > this.#held.length) this.#held = new Uint8Array(rest.length * 2);
    // May overlap: the rest is the end of what is held.
    this.#held.set(rest, 0);
    this.#length = rest.length;
  }
}

function writeStreamTarget(out: WireWriter, target: StreamTarget): void {
  out.text16(target.keyspace);
  out.text16(target.shard);
}

function readStreamTarget(reader: WireReader): StreamTarget {
  return { keyspace: reader.text16(), shard: reader.text16() };
}

function writeRule(out: WireWriter, rule: FilterRule): void {
  out.text32(rule.match);
  out.text32(rule.filter);
}

function readRule(reader: WireReader): FilterRule {
  return { match: reader.text32(), filter: reader.text32() };
}

export function writeChangeStreamRequest(out: WireWriter, request: ChangeStreamRequest): void {
  writeStreamTarget(out, request.target);
  out.text32(request.position);
  out.u16(request.rules.length);
  for (const rule of request.rules) writeRule(out, rule);
  out.text32(request.until ?? "");
  out.u16(request.copying?.length ?? 0);
  for (const { table, upTo } of request.copying ?? []) {
    out.text16(table);
    writeTexts(out, upTo?.columns ?? []);
    if (upTo !== undefined) writeRow(out, upTo.values);
  }
}

export function readChangeStreamRequest(reader: WireReader): ChangeStreamRequest {
  const target = readStreamTarget(reader);
  const position = reader.text32();
  const rules = repeat(reader.u16(), () => readRule(reader));
  const until = reader.text32();
  const copying = repeat(reader.u16(), () => readCopyingTable(reader));
  reader.end();
  return {
    target,
    position,
    rules,
    ...(until !== "" && { until }),
    ...(copying.length > 0 && { copying }),
  };
}

/** The key has bytes of its own. */
function readCopyingTable(reader: WireReader): CopyingTable {
  const table = reader.text16();
  const columns = readTexts(reader);
  if (columns.length === 0) return { table, upTo: undefined };
  return { table, upTo: { columns, values: copyRow(readRow(reader, columns.length)) } };
}

function copyRow(row: Row): Row {
  return row.map((value) => value === null ? null : value.slice());
}

export function writeSnapshotRequest(out: WireWriter, request: SnapshotRequest): void {
  writeStreamTarget(out, request.target);
  out.u16(request.readers);
  out.u16(request.rules.length);
  for (const rule of request.rules) writeRule(out, rule);
}

export function readSnapshotRequest(reader: WireReader): SnapshotRequest {
  const target = readStreamTarget(reader);
  const readers = reader.u16();
  const rules = repeat(reader.u16(), () => readRule(reader));
  reader.end();
  return { target, rules, readers };
}

/** The only message of a snapshot's stream. */
export function writeOpenSnapshot(out: WireWriter, snapshot: OpenSnapshot): void {
  const start = out.reserve(4);
  out.text16(snapshot.id);
  out.text32(snapshot.position);
  out.u32At(start, out.length - start - 4);
}

export function readOpenSnapshot(message: Uint8Array): OpenSnapshot {
  const reader = new WireReader(message);
  const [id, position] = [reader.text16(), reader.text32()];
  reader.end();
  return { id, position };
}

export function writeRowStreamRequest(out: WireWriter, request: RowStreamRequest): void {
  writeStreamTarget(out, request.target);
  out.text16(request.snapshot ?? "");
  writeRule(out, request.rule);
  writeKey(out, request.lastPk);
}

/** The key has bytes of its own. */
export function readRowStreamRequest(reader: WireReader): RowStreamRequest {
  const target = readStreamTarget(reader);
  const snapshot = reader.text16();
  const rule = readRule(reader);
  const key = readKey(reader);
  reader.end();
  return { target, rule, lastPk: key && copyRow(key), ...(snapshot !== "" && { snapshot }) };
}
