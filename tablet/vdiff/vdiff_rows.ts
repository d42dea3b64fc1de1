/**
 * The rows of `_vt.vdiff`, `_vt.vdiff_table` and `_vt.vdiff_log`: what is compared, how far, and
 * what was found. A comparison goes on from them after any death.
 */
import { vtError } from "../../shared/error/errors.ts";
import { JsonReader } from "../../shared/model/json_reader.ts";
import type {
  VDiffOptions,
  VDiffReport,
  VDiffState,
  VDiffStatus,
  VDiffTableStatus,
} from "../../shared/rpc/vdiff.ts";
import { readVDiffOptions, readVDiffReport, readVDiffState } from "../../shared/rpc/vdiff_json.ts";
import { type CallOptions, type StatementRunner, toRows } from "../mysqld/dba.ts";
import type { Row } from "../mysqld/flavor.ts";
import { quote } from "../mysqld/statement.ts";
import type { Key } from "./key_order.ts";
import { EMPTY_REPORT, hasMismatch } from "./report.ts";

/** Column `last_error`. */
const ERROR_CHARS_MAX = 900;

export interface StoredVDiff {
  readonly id: number;
  readonly uuid: string;
  readonly workflow: string;
  readonly state: VDiffState;
  readonly options: VDiffOptions;
}

export interface StoredTable {
  readonly table: string;
  readonly state: VDiffState;
  /** Of the last row that was compared; undefined: none. */
  readonly lastPk: Key | undefined;
  readonly report: VDiffReport;
}

export interface VDiffPlace {
  readonly keyspace: string;
  readonly shard: string;
  /** The keyspace's, as mysqld calls it: vt_KEYSPACE unless the tablet is told another. */
  readonly database: string;
}

export class VDiffRows {
  readonly #sql: StatementRunner;
  readonly #place: VDiffPlace;

  constructor(sql: StatementRunner, place: VDiffPlace) {
    this.#sql = sql;
    this.#place = place;
  }

  /** Of a workflow, or of all with ""; of one, or of all with uuid "". Newest first. */
  async list(
    workflow: string,
    uuid: string,
    call: CallOptions,
  ): Promise<readonly StoredVDiff[]> {
    return (await this.#read(workflow, uuid, call)).map(storedOf);
  }

  /** VT22003 when there is none. */
  async find(workflow: string, uuid: string, call: CallOptions): Promise<StoredVDiff> {
    const [found] = await this.list(workflow, uuid, call);
    if (found === undefined) {
      throw vtError("VT22003", `there is no vdiff ${uuid} of workflow ${workflow} on this tablet`);
    }
    return found;
  }

  async statuses(
    workflow: string,
    uuid: string,
    call: CallOptions,
  ): Promise<readonly VDiffStatus[]> {
    const statuses: VDiffStatus[] = [];
    for (const row of await this.#read(workflow, uuid, call)) {
      statuses.push(await this.#statusOf(row, call));
    }
    return statuses;
  }

  async #read(workflow: string, uuid: string, call: CallOptions): Promise<readonly Row[]> {
    const terms = [
      `db_name = ${quote(this.#place.database)}`,
      ...(workflow === "" ? [] : [`workflow = ${quote(workflow)}`]),
      ...(uuid === "" ? [] : [`vdiff_uuid = ${quote(uuid)}`]),
    ];
    const columns = "id, vdiff_uuid, workflow, keyspace, shard, state, options, last_error, " +
      ["created_at", "started_at", "completed_at"].map(utc).join(", ");
    return toRows(
      await this.#sql.query(
        `SELECT ${columns} FROM _vt.vdiff WHERE ${terms.join(" AND ")} ORDER BY id DESC`,
        call,
      ),
    );
  }

  async #statusOf(row: Row, call: CallOptions): Promise<VDiffStatus> {
    const rows = await this.#sql.query(
      `SELECT table_name, state, table_rows, report, ${utc("updated_at")} ` +
        `FROM _vt.vdiff_table WHERE vdiff_id = ${Number(row["id"])} ORDER BY table_name`,
      call,
    );
    const text = (name: string): string => row[name] ?? "";
    return {
      uuid: text("vdiff_uuid"),
      workflow: text("workflow"),
      keyspace: text("keyspace"),
      shard: text("shard"),
      state: readVDiffState(text("state")),
      lastError: text("last_error"),
      createdAt: text("created_at"),
      startedAt: text("started_at"),
      completedAt: text("completed_at"),
      tables: toRows(rows).map((table): VDiffTableStatus => ({
        table: table["table_name"] ?? "",
        state: readVDiffState(table["state"] ?? ""),
        tableRows: Number(table["table_rows"] ?? 0),
        report: reportOf(table["report"]),
        updatedAt: table["updated_at"] ?? "",
      })),
    };
  }

  /** One of that name that is there is left as it is. */
  async insert(
    vdiff: Omit<StoredVDiff, "id" | "state">,
    state: VDiffState,
    call: CallOptions,
  ): Promise<void> {
    const { keyspace, shard, database } = this.#place;
    const values = [vdiff.uuid, vdiff.workflow, keyspace, shard, database, state]
      .map(quote).join(", ");
    await this.#sql.query(
      "INSERT IGNORE INTO _vt.vdiff (vdiff_uuid, workflow, keyspace, shard, db_name, state, options) " +
        `VALUES (${values}, ${quote(JSON.stringify(vdiff.options))})`,
      call,
    );
  }

  async setState(
    id: number,
    state: VDiffState,
    error: string,
    call: CallOptions,
  ): Promise<void> {
    const times = state === "started"
      ? ", started_at = COALESCE(started_at, NOW()), completed_at = NULL"
      : state === "completed" || state === "error"
      ? ", completed_at = NOW()"
      : "";
    await this.#sql.query(
      `UPDATE _vt.vdiff SET state = ${quote(state)}, ` +
        `last_error = ${quote(error.slice(0, ERROR_CHARS_MAX))}, liveness_timestamp = NOW()` +
        `${times} WHERE id = ${id}`,
      call,
    );
    await this.log(id, `State changed to: ${state}${error === "" ? "" : `: ${error}`}`, call);
  }

  async log(id: number, message: string, call: CallOptions): Promise<void> {
    await this.#sql.query(
      `INSERT INTO _vt.vdiff_log (vdiff_id, message) VALUES (${id}, ${quote(message)})`,
      call,
    );
  }

  async tables(id: number, call: CallOptions): Promise<readonly StoredTable[]> {
    const rows = await this.#sql.query(
      `SELECT table_name, state, lastpk, report FROM _vt.vdiff_table WHERE vdiff_id = ${id} ` +
        "ORDER BY table_name",
      call,
    );
    return toRows(rows).map((row) => ({
      table: row["table_name"] ?? "",
      state: readVDiffState(row["state"] ?? ""),
      lastPk: parseLastPk(row["lastpk"]),
      report: reportOf(row["report"]),
    }));
  }

  async addTables(id: number, tables: readonly string[], call: CallOptions): Promise<void> {
    for (const table of tables) {
      await this.#sql.query(
        "INSERT IGNORE INTO _vt.vdiff_table (vdiff_id, table_name, state, report) VALUES " +
          `(${id}, ${quote(table)}, 'pending', ${quote(JSON.stringify(EMPTY_REPORT))})`,
        call,
      );
    }
  }

  async setTableState(
    id: number,
    table: string,
    state: VDiffState,
    tableRows: number | undefined,
    call: CallOptions,
  ): Promise<void> {
    const rows = tableRows === undefined ? "" : `, table_rows = ${tableRows}`;
    await this.#sql.query(
      `UPDATE _vt.vdiff_table SET state = ${quote(state)}${rows} ` +
        `WHERE vdiff_id = ${id} AND table_name = ${quote(table)}`,
      call,
    );
  }

  /** After a chunk; without a key to go on behind, the table is done. */
  async saveProgress(
    id: number,
    table: string,
    lastPk: Key | undefined,
    report: VDiffReport,
    call: CallOptions,
  ): Promise<void> {
    const place = lastPk === undefined
      ? "lastpk = NULL, state = 'completed'"
      : `lastpk = ${quote(printLastPk(lastPk))}`;
    await this.#sql.query(
      `UPDATE _vt.vdiff_table SET ${place}, rows_compared = ${report.processedRows}, ` +
        `mismatch = ${hasMismatch(report) ? 1 : 0}, report = ${quote(JSON.stringify(report))} ` +
        `WHERE vdiff_id = ${id} AND table_name = ${quote(table)}`,
      call,
    );
  }

  async delete(ids: readonly number[], call: CallOptions): Promise<void> {
    if (ids.length === 0) return;
    const list = ids.join(", ");
    await this.#sql.query(`DELETE FROM _vt.vdiff_log WHERE vdiff_id IN (${list})`, call);
    await this.#sql.query(`DELETE FROM _vt.vdiff_table WHERE vdiff_id IN (${list})`, call);
    await this.#sql.query(`DELETE FROM _vt.vdiff WHERE id IN (${list})`, call);
  }
}

function utc(column: string): string {
  return `CAST(CONVERT_TZ(${column}, @@session.time_zone, '+00:00') AS CHAR) AS ${column}`;
}

function storedOf(row: Row): StoredVDiff {
  return {
    id: Number(row["id"]),
    uuid: row["vdiff_uuid"] ?? "",
    workflow: row["workflow"] ?? "",
    state: readVDiffState(row["state"] ?? ""),
    options: readVDiffOptions(new JsonReader(JSON.parse(row["options"] ?? "{}"), "options")),
  };
}

function reportOf(text: string | null | undefined): VDiffReport {
  return readVDiffReport(new JsonReader(JSON.parse(text ?? "{}"), "report"));
}

function printLastPk(key: Key): string {
  return JSON.stringify(key.map((value) => value.toBase64()));
}

function parseLastPk(text: string | null | undefined): Key | undefined {
  if (text === null || text === undefined || text === "") return undefined;
  return new JsonReader(JSON.parse(text), "lastpk").texts()
    .map((value) => Uint8Array.fromBase64(value));
}
