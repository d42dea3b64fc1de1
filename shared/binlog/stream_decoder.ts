/**
 * From binlog events to the items of a change stream (change.ts), for one database. Pure: bytes
 * in, items out.
 *
 *     idle --GTID--> group --rows--> group --XID, COMMIT or one statement--> idle (position moves)
 *                      |--XA PREPARE--> idle (the rows wait for XA COMMIT)
 *
 * Every event is known, ignorable by its flag, or an error: nothing is skipped in silence.
 */
import { vtError } from "../error/errors.ts";
import { ByteReader } from "../mysql/byte_reader.ts";
import type { RowChange, StreamItem } from "./change.ts";
import { type BinlogEvent, decodeEvent, splitEvents } from "./event.ts";
import * as event from "./event_types.ts";
import { decodeFormatDescription } from "./format_description.ts";
import { decodeMariadbGtid, decodeMysqlGtid, decodeTaggedGtid } from "./gtid.ts";
import type { GtidFlavor, Position } from "./position.ts";
import { decodeQuery, meaningOf, xidKey } from "./query_event.ts";
import { TextSlab } from "./row_cursor.ts";
import { decodeRows, ROWS_FORMS, type RowsForm, rowsTableId } from "./rows_event.ts";
import { TableRegistry, type TableUse } from "./table_registry.ts";
import { type ChunkLimits, TransactionBuilder } from "./transaction_builder.ts";
import { NO_TEXT_TYPES, refuseRetyping, type TextTypes } from "./text_types.ts";
import { decodePayload } from "./transaction_payload.ts";

export interface StreamDecoderOptions {
  /** Whose tables are streamed. */
  readonly database: string;
  readonly start: Position;
  /** Whether events before the first format description have a checksum. */
  readonly checksum: boolean;
  readonly limits: ChunkLimits;
  /** Rows of other tables are not decoded. Default: all tables. */
  readonly wants?: (table: string) => boolean;
}

const SIDECAR = "_vt";
const JOURNAL_TABLE = "resharding_journal";

/** Events that mean nothing to a reader of rows. */
const IGNORED: ReadonlySet<number> = new Set([
  event.STOP_EVENT,
  event.INTVAR_EVENT,
  event.RAND_EVENT,
  event.USER_VAR_EVENT,
  event.IGNORABLE_LOG_EVENT,
  event.ROWS_QUERY_LOG_EVENT,
  event.PREVIOUS_GTIDS_LOG_EVENT,
  event.TRANSACTION_CONTEXT_EVENT,
  event.VIEW_CHANGE_EVENT,
  event.MARIADB_ANNOTATE_ROWS_EVENT,
  event.MARIADB_BINLOG_CHECKPOINT_EVENT,
  event.MARIADB_GTID_LIST_EVENT,
  // How the file is encrypted: the source decrypts what it sends.
  event.MARIADB_START_ENCRYPTION_EVENT,
]);

export class StreamDecoder {
  readonly #database: string;
  readonly #flavor: GtidFlavor;
  readonly #tables: TableRegistry;
  readonly #builder: TransactionBuilder;
  readonly #slab = new TextSlab();
  #checksum: boolean;
  /** MySQL: a group is one statement unless BEGIN is its first. MariaDB's GTID event says. */
  #standalone = false;
  #defined = false;

  constructor(options: StreamDecoderOptions) {
    const { database, wants } = options;
    this.#database = database;
    this.#flavor = options.start.flavor;
    this.#checksum = options.checksum;
    this.#tables = new TableRegistry(options.start.flavor, (schema, table): TableUse => {
      if (schema === database) return wants === undefined || wants(table) ? "rows" : "skip";
      return schema === SIDECAR && table === JOURNAL_TABLE ? "journal" : "skip";
    });
    this.#builder = new TransactionBuilder(options.start, options.limits);
  }

  /** After the last complete transaction: where to go on after a break. */
  get position(): string {
    return this.#builder.position;
  }

  /** The items since the last call. */
  take(): readonly StreamItem[] {
    return this.#builder.take();
  }

  /** A new connection, which starts at `position`. `checksum` as in the constructor's options. */
  reset(options: { readonly checksum: boolean; readonly textTypes?: TextTypes }): void {
    this.#checksum = options.checksum;
    this.#builder.reset();
    this.#tables.types = options.textTypes ?? NO_TEXT_TYPES;
    this.#standalone = false;
  }

  /** What information_schema says of the columns, after a definition has changed. */
  retype(textTypes: TextTypes): void {
    this.#tables.types = textTypes;
  }

  /** True once after a definition: columns of rows behind it may be others. */
  takeDefined(): boolean {
    const defined = this.#defined;
    this.#defined = false;
    return defined;
  }

  /**
   * Takes one event with its header. Values in the items are views into `bytes`. Throws VT26001
   * (damaged), VT26002 (can't be followed), VT26003 (the source is set up wrongly); the stream
   * can't go on then.
   */
  add(bytes: Uint8Array): void {
    if (bytes[4] === event.FORMAT_DESCRIPTION_EVENT) {
      this.#checksum = decodeFormatDescription(bytes).checksum;
      this.#tables.forgetIds();
      return;
    }
    this.#event(decodeEvent(bytes, { checksum: this.#checksum }), bytes);
  }

  #event(it: BinlogEvent, bytes: Uint8Array): void {
    const rows = ROWS_FORMS.get(it.type);
    if (rows !== undefined) return this.#rows(it, rows);
    switch (it.type) {
      case event.TABLE_MAP_EVENT:
        return this.#tableMap(it);
      case event.XID_EVENT:
        return this.#builder.commit();
      case event.QUERY_EVENT:
      case event.MARIADB_QUERY_COMPRESSED_EVENT:
        return this.#query(it);
      case event.GTID_LOG_EVENT:
      case event.GTID_TAGGED_LOG_EVENT:
      case event.MARIADB_GTID_EVENT:
        return this.#gtid(it, bytes);
      case event.TRANSACTION_PAYLOAD_EVENT:
        for (const inner of splitEvents(decodePayload(it.body))) this.#event(inner, bytes);
        return;
      case event.XA_PREPARE_LOG_EVENT:
        return this.#xaPrepare(it.body);
      case event.ROTATE_EVENT:
        return;
      case event.HEARTBEAT_LOG_EVENT:
      case event.HEARTBEAT_LOG_EVENT_V2:
        return this.#builder.heartbeat();
      default:
        return this.#other(it);
    }
  }

  #other(it: BinlogEvent): void {
    if (IGNORED.has(it.type)) return;
    switch (it.type) {
      case event.ANONYMOUS_GTID_LOG_EVENT:
        throw vtError("VT26003", "gtid_mode", "OFF", "ON");
      case event.PARTIAL_UPDATE_ROWS_EVENT:
        throw vtError("VT26003", "binlog_row_value_options", "PARTIAL_JSON", "''");
      case event.INCIDENT_EVENT:
        throw vtError("VT26004", "the source logged an incident: its binlog may lack transactions");
    }
    if ((it.flags & event.LOG_EVENT_IGNORABLE_F) === 0) {
      throw vtError("VT26002", `an event of unknown type ${it.type}`);
    }
  }

  #gtid(it: BinlogEvent, bytes: Uint8Array): void {
    this.#builder.at(it.timestampSec);
    if (it.type === event.MARIADB_GTID_EVENT) {
      const server = new DataView(bytes.buffer, bytes.byteOffset).getUint32(5, true);
      const gtid = decodeMariadbGtid(it.body, server);
      this.#builder.begin({ flavor: "mariadb", ...gtid });
      this.#standalone = gtid.standalone;
      if (gtid.prepares) this.#builder.xaStart();
      return;
    }
    const gtid = it.type === event.GTID_LOG_EVENT
      ? decodeMysqlGtid(it.body)
      : decodeTaggedGtid(it.body);
    this.#builder.begin({ flavor: "mysql", ...gtid });
    this.#standalone = true;
  }

  #tableMap(it: BinlogEvent): void {
    const fields = this.#tables.map(it.body);
    if (fields !== undefined) this.#builder.push({ kind: "fields", fields });
  }

  #rows(it: BinlogEvent, form: RowsForm): void {
    const { use, table } = this.#tables.table(rowsTableId(it.body));
    if (table === undefined) return;
    this.#builder.at(it.timestampSec);
    const changes = decodeRows(it.body, form, table, this.#slab);
    if (use === "rows") this.#builder.add(changes, it.body.length);
    else for (const change of changes) this.#journal(change, table.fields.fields);
  }

  #journal(change: RowChange, fields: readonly { readonly name: string }[]): void {
    if (change.kind !== "insert") return;
    const utf8 = new TextDecoder();
    const text = (name: string) => {
      const value = change.after[fields.findIndex((field) => field.name === name)];
      return value === null || value === undefined ? "" : utf8.decode(value);
    };
    if (text("db_name") !== this.#database) return;
    this.#builder.push({ kind: "journal", id: text("id"), value: text("val") });
  }

  #query(it: BinlogEvent): void {
    const compressed = it.type === event.MARIADB_QUERY_COMPRESSED_EVENT;
    const query = decodeQuery(it.body, { compressed });
    const meaning = meaningOf(query, this.#database);
    if (!this.#builder.inGroup) {
      if (meaning.kind === "nothing") return;
      throw vtError("VT26003", "gtid_mode", "OFF", "ON");
    }
    this.#builder.at(it.timestampSec);
    const ends = this.#standalone;
    switch (meaning.kind) {
      case "begin":
        this.#standalone = false;
        return;
      case "xa_start":
        this.#standalone = false;
        return this.#builder.xaStart();
      case "commit":
        return this.#builder.commit();
      case "rollback":
        return this.#builder.rollback({ ends: true });
      case "rollback_to":
        return this.#builder.rollback({ ends: false });
      case "xa_commit":
      case "xa_rollback":
        return this.#builder.xaEnd(meaning.xid, { commit: meaning.kind === "xa_commit" });
      case "ddl":
        if (this.#flavor === "mariadb") {
          refuseRetyping(query.sql, meaning.tables, this.#tables.types);
        }
        this.#defined = true;
        return this.#builder.define(query.sql, meaning.tables, { ends });
      case "nothing":
      case "xa_end":
        if (ends) this.#builder.commit();
    }
  }

  /** One-phase flag 1 | format id 4 | lengths of the two parts 4 + 4 | the parts. */
  #xaPrepare(body: Uint8Array): void {
    const reader = new ByteReader(body);
    const onePhase = reader.u8() !== 0;
    const format = reader.u32();
    const globalBytes = reader.u32();
    const branchBytes = reader.u32();
    const global = reader.bytes(globalBytes).toHex();
    const branch = reader.bytes(branchBytes).toHex();
    if (onePhase) this.#builder.commit();
    else this.#builder.xaPrepare(xidKey(format, global, branch));
  }
}
