/** Events as lines of JSON: what `vtctl VStream` prints. */
import type { RowChange, TableFields } from "../../shared/binlog/change.ts";
import { rowText } from "./column_text.ts";
import type { VEvent } from "./event.ts";
import { vgtidJson } from "./vgtid_json.ts";

/** One line, without a line feed. */
export function printEvent(event: VEvent): string {
  return JSON.stringify(eventJson(event));
}

function eventJson(event: VEvent): object {
  const { type } = event;
  switch (event.type) {
    case "BEGIN":
      return { type, ...event.place, timestamp: event.timestampSec };
    case "ROW":
      return { type, ...event.place, ...changeJson(event.change, event.fields) };
    case "COMMIT":
    case "ROLLBACK":
      return { type, ...event.place };
    case "FIELD":
      return { type, ...event.place, ...fieldsJson(event.fields) };
    case "DDL":
      return { type, ...event.place, timestamp: event.timestampSec, statement: event.sql };
    case "LASTPK":
      return { type, ...event.place, table: event.table, completed: true };
    case "COPY_COMPLETED":
      return { type, ...event.place };
    case "JOURNAL":
      return { type, id: event.id, left: event.left };
    case "VGTID":
      return { type, vgtid: vgtidJson(event.vgtid) };
    case "HEARTBEAT":
      return { type, timestamp: event.timeSec };
  }
}

function changeJson(change: RowChange, fields: TableFields): object {
  return {
    table: change.table,
    kind: change.kind,
    before: change.kind === "insert" ? null : rowText(fields, change.before),
    after: change.kind === "delete" ? null : rowText(fields, change.after),
  };
}

function fieldsJson({ table, fields, primaryKey }: TableFields): object {
  return {
    table,
    fields: fields.map(({ name, columnType }) => ({ name, type: columnType })),
    primary_key: primaryKey.map((at) => fields[at]?.name ?? ""),
  };
}
