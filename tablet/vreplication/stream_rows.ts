/**
 * The rows of `_vt.vreplication`, `_vt.copy_state` and `_vt.vreplication_log`: what streams are
 * there, how far each is, and what happened to it.
 */
import { vtError } from "../../shared/error/errors.ts";
import type {
  NewStream,
  StreamState,
  StreamStatus,
  VReplicationAdmin,
} from "../../shared/rpc/vreplication.ts";
import { WORKFLOW_TYPES } from "../../shared/rpc/vreplication.ts";
import {
  parseBinlogSource,
  printBinlogSource,
  readStreamState,
  workflowTypeOf,
} from "../../shared/rpc/vreplication_json.ts";
import { type CallOptions, queryRow, type StatementRunner, toRows } from "../mysqld/dba.ts";
import type { Row } from "../mysqld/flavor.ts";
import { quote } from "../mysqld/statement.ts";

/** The message of a stream whose writes were switched: it never starts again. */
export const FROZEN = "FROZEN";

/** Column `message`. */
const MESSAGE_CHARS_MAX = 900;

/** Vitess's words for what happened (go/vt/vttablet/tabletmanager/vreplication/utils.go). */
export type LogType =
  | "Stream Created"
  | "Stream Updated"
  | "Stream Deleted"
  | "Message"
  | "Started Copy Phase"
  | "Ended Copy Phase"
  | "State Changed"
  | "Error";

const COLUMNS = "id, workflow, source, pos, stop_pos, cell, tablet_types, time_updated, " +
  "transaction_timestamp, state, message, db_name, rows_copied, tags, time_heartbeat, " +
  "workflow_type, time_throttled, component_throttled, reason_throttled, defer_secondary_keys, options";

/** `database` is vt_KEYSPACE: other rows belong to other databases of the same mysqld. */
export class StreamRows {
  readonly #sql: StatementRunner;
  readonly #database: string;

  constructor(sql: StatementRunner, database: string) {
    this.#sql = sql;
    this.#database = database;
  }

  /** Of one workflow, or all with "". */
  async list(workflow: string, call: CallOptions): Promise<readonly StreamStatus[]> {
    const ours = `db_name = ${quote(this.#database)}`;
    const where = workflow === "" ? ours : `${ours} AND workflow = ${quote(workflow)}`;
    return await this.#read(where, call);
  }

  /** Undefined when there is none. */
  async find(id: number, call: CallOptions): Promise<StreamStatus | undefined> {
    return (await this.#read(`db_name = ${quote(this.#database)} AND id = ${id}`, call))[0];
  }

  async #read(where: string, call: CallOptions): Promise<readonly StreamStatus[]> {
    const rows = await this.#sql.query(
      `SELECT ${COLUMNS} FROM _vt.vreplication WHERE ${where} ORDER BY id`,
      call,
    );
    const copying = await this.#copyStates(call);
    return toRows(rows).map((row) => readStream(row, copying.get(row["id"] ?? "") ?? []));
  }

  /** By the stream's id. Several rows of one table are one that moves on. */
  async #copyStates(call: CallOptions): Promise<ReadonlyMap<string, StreamStatus["copyState"]>> {
    const states = new Map<string, { table: string; lastPk: string }[]>();
    const rows = await this.#sql.query(
      "SELECT vrepl_id, table_name, lastpk FROM _vt.copy_state ORDER BY vrepl_id, id",
      call,
    );
    for (const row of toRows(rows)) {
      const id = row["vrepl_id"] ?? "";
      const state = { table: row["table_name"] ?? "", lastPk: row["lastpk"] ?? "" };
      states.set(id, [...states.get(id) ?? [], state]);
    }
    return states;
  }

  /** The new stream's id. */
  async insert(stream: NewStream, call: CallOptions): Promise<number> {
    const values = {
      workflow: quote(stream.workflow),
      source: quote(printBinlogSource(stream.source)),
      pos: quote(stream.position),
      max_tps: "0",
      max_replication_lag: "0",
      cell: quote(stream.cells),
      tablet_types: quote(stream.tabletTypes),
      time_updated: "UNIX_TIMESTAMP()",
      transaction_timestamp: "0",
      state: quote(stream.state),
      message: "''",
      db_name: quote(this.#database),
      workflow_type: String(WORKFLOW_TYPES[stream.workflowType]),
      defer_secondary_keys: stream.deferSecondaryKeys ? "1" : "0",
      options: quote(stream.options === "" ? "{}" : stream.options),
    };
    const { lastInsertId } = await this.#sql.query(
      `INSERT INTO _vt.vreplication (${Object.keys(values).join(", ")}) ` +
        `VALUES (${Object.values(values).join(", ")})`,
      call,
    );
    const id = Number(lastInsertId);
    await this.log(id, "Stream Created", stream.state, "", call);
    return id;
  }

  /** What is undefined stays. VT22003 when there is no such stream. */
  async update(
    change: VReplicationAdmin["UpdateStream"]["request"],
    call: CallOptions,
  ): Promise<void> {
    const stream = await this.find(change.id, call);
    if (stream === undefined) throw noStream(change.id);
    const source = change.onDdl === undefined
      ? undefined
      : printBinlogSource({ ...stream.source, onDdl: change.onDdl });
    const columns = {
      state: change.state === "Running" && stream.copyState.length > 0 ? "Copying" : change.state,
      message: change.message?.slice(0, MESSAGE_CHARS_MAX),
      stop_pos: change.stopPosition,
      pos: change.position,
      cell: change.cells,
      tablet_types: change.tabletTypes,
      source,
    };
    const sets = Object.entries(columns).flatMap(([name, value]) =>
      value === undefined
        ? []
        : [`${name} = ${name === "stop_pos" && value === "" ? "NULL" : quote(value)}`]
    );
    if (sets.length === 0) return;
    await this.#sql.query(
      `UPDATE _vt.vreplication SET ${sets.join(", ")} WHERE id = ${change.id}`,
      call,
    );
    await this.log(change.id, "Stream Updated", change.state ?? stream.state, "", call);
  }

  async setState(
    id: number,
    state: StreamState,
    message: string,
    call: CallOptions,
  ): Promise<void> {
    await this.#sql.query(
      `UPDATE _vt.vreplication SET state = ${quote(state)}, ` +
        `message = ${quote(message.slice(0, MESSAGE_CHARS_MAX))} WHERE id = ${id}`,
      call,
    );
    await this.log(id, state === "Error" ? "Error" : "State Changed", state, message, call);
  }

  /** Why it does not get on; its state stays, since it tries again. */
  async setMessage(id: number, message: string, call: CallOptions): Promise<void> {
    await this.#sql.query(
      `UPDATE _vt.vreplication SET message = ${quote(message.slice(0, MESSAGE_CHARS_MAX))} ` +
        `WHERE id = ${id} AND message <> ${quote(FROZEN)}`,
      call,
    );
  }

  async setThrottled(
    id: number,
    component: string,
    reason: string,
    call: CallOptions,
  ): Promise<void> {
    await this.#sql.query(
      "UPDATE _vt.vreplication SET time_throttled = UNIX_TIMESTAMP(), " +
        `component_throttled = ${quote(component)}, reason_throttled = ${quote(reason)} ` +
        `WHERE id = ${id}`,
      call,
    );
  }

  /** Removes streams with their copy states; repeatable. */
  async delete(ids: readonly number[], call: CallOptions): Promise<void> {
    if (ids.length === 0) return;
    const list = ids.join(", ");
    // The stream last: while its row is there, what is left of it is found again.
    await this.#sql.query(`DELETE FROM _vt.copy_state WHERE vrepl_id IN (${list})`, call);
    await this.#sql.query(`DELETE FROM _vt.vreplication_log WHERE vrepl_id IN (${list})`, call);
    await this.#sql.query(`DELETE FROM _vt.vreplication WHERE id IN (${list})`, call);
  }

  /** Copy states of streams that were deleted by a statement. */
  async deleteOrphans(call: CallOptions): Promise<void> {
    await this.#sql.query(
      "DELETE FROM _vt.copy_state WHERE vrepl_id NOT IN (SELECT id FROM _vt.vreplication)",
      call,
    );
  }

  /** Repetitions of the last entry are counted, not listed. */
  async log(
    id: number,
    type: LogType,
    state: string,
    message: string,
    call: CallOptions,
  ): Promise<void> {
    const last = await queryRow(
      this.#sql,
      "SELECT id, type, state, message FROM _vt.vreplication_log " +
        `WHERE vrepl_id = ${id} ORDER BY id DESC LIMIT 1`,
      call,
    );
    const same = last !== undefined && last["type"] === type && last["state"] === state &&
      last["message"] === message;
    await this.#sql.query(
      same
        ? `UPDATE _vt.vreplication_log SET count = count + 1 WHERE id = ${last["id"]}`
        : "INSERT INTO _vt.vreplication_log (vrepl_id, type, state, message) VALUES " +
          `(${id}, ${quote(type)}, ${quote(state)}, ${quote(message)})`,
      call,
    );
  }
}

export function noStream(id: number): Error {
  return vtError("VT22003", `there is no stream ${id} on this tablet`);
}

/** VT27007 for a row that nobody can run: somebody wrote it by hand. */
function readStream(row: Row, copyState: StreamStatus["copyState"]): StreamStatus {
  const text = (name: string) => row[name] ?? "";
  const number = (name: string) => Number(row[name] ?? 0);
  try {
    return {
      id: number("id"),
      workflow: text("workflow"),
      workflowType: workflowTypeOf(number("workflow_type")),
      source: parseBinlogSource(text("source")),
      position: text("pos"),
      stopPosition: text("stop_pos"),
      state: readStreamState(text("state")),
      message: text("message"),
      dbName: text("db_name"),
      cells: text("cell"),
      tabletTypes: text("tablet_types"),
      tags: text("tags"),
      deferSecondaryKeys: text("defer_secondary_keys") === "1",
      options: text("options"),
      timeUpdated: number("time_updated"),
      transactionTimestamp: number("transaction_timestamp"),
      timeHeartbeat: number("time_heartbeat"),
      timeThrottled: number("time_throttled"),
      componentThrottled: text("component_throttled"),
      reasonThrottled: text("reason_throttled"),
      rowsCopied: number("rows_copied"),
      copyState,
    };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw vtError("VT27007", `row ${row["id"]} of _vt.vreplication: ${error.message}`);
  }
}
