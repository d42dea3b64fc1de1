/** VDiff's requests, answers and rows of _vt.vdiff as JSON, read where they come in. */
import type { Field } from "../binlog/change.ts";
import type { JsonReader } from "../model/json_reader.ts";
import type {
  KeySpan,
  RowDigest,
  RowKey,
  RowSample,
  SourceRead,
  VDiffAdmin,
  VDiffOptions,
  VDiffReport,
  VDiffStatus,
  VDiffTableStatus,
} from "./vdiff.ts";
import { VDIFF_STATES, type VDiffState } from "./vdiff.ts";

export function readVDiffState(text: string): VDiffState {
  return VDIFF_STATES.find((state) => state === text) ?? "unknown";
}

export function readVDiffOptions(json: JsonReader): VDiffOptions {
  return {
    tables: json.get("tables").texts(),
    tabletTypes: json.get("tabletTypes").text(),
    sourceCells: json.get("sourceCells").text(),
    waitMs: json.get("waitMs").integer(),
    rowsMax: json.get("rowsMax").integer(),
    samplesMax: json.get("samplesMax").integer(),
    onlyPks: json.get("onlyPks").toggle(),
    sampleCharsMax: json.get("sampleCharsMax").integer(),
    snapshotMsMax: json.get("snapshotMsMax").integer(),
    autoRetry: json.get("autoRetry").toggle(),
  };
}

export function readVDiffReport(json: JsonReader): VDiffReport {
  return {
    processedRows: json.get("processedRows").integer(),
    matchingRows: json.get("matchingRows").integer(),
    mismatchedRows: json.get("mismatchedRows").integer(),
    extraRowsSource: json.get("extraRowsSource").integer(),
    extraRowsTarget: json.get("extraRowsTarget").integer(),
    mismatchedSample: json.get("mismatchedSample").list((item) => ({
      source: readSample(item.get("source")),
      target: readSample(item.get("target")),
    })),
    extraSourceSample: json.get("extraSourceSample").list(readSample),
    extraTargetSample: json.get("extraTargetSample").list(readSample),
  };
}

function readSample(json: JsonReader): RowSample {
  return json.map((value) => value.optional((text) => text.text()) ?? null);
}

function readTableStatus(json: JsonReader): VDiffTableStatus {
  return {
    table: json.get("table").text(),
    state: json.get("state").parsed(readVDiffState),
    tableRows: json.get("tableRows").integer(),
    report: readVDiffReport(json.get("report")),
    updatedAt: json.get("updatedAt").text(),
  };
}

export function readVDiffStatus(json: JsonReader): VDiffStatus {
  return {
    uuid: json.get("uuid").text(),
    workflow: json.get("workflow").text(),
    keyspace: json.get("keyspace").text(),
    shard: json.get("shard").text(),
    state: json.get("state").parsed(readVDiffState),
    lastError: json.get("lastError").text(),
    createdAt: json.get("createdAt").text(),
    startedAt: json.get("startedAt").text(),
    completedAt: json.get("completedAt").text(),
    tables: json.get("tables").list(readTableStatus),
  };
}

export function readVDiffCreate(json: JsonReader): VDiffAdmin["VDiffCreate"]["request"] {
  return {
    uuid: json.get("uuid").text(),
    workflow: json.get("workflow").text(),
    options: readVDiffOptions(json.get("options")),
    start: json.get("start").toggle(),
  };
}

export function readVDiffOpen(json: JsonReader): VDiffAdmin["VDiffOpen"]["request"] {
  const rule = json.get("rule");
  return {
    rule: { match: rule.get("match").text(), filter: rule.get("filter").text() },
    table: json.get("table").text(),
    position: json.get("position").text(),
    timeoutMs: json.get("timeoutMs").integer(),
  };
}

export function readVDiffOpened(json: JsonReader): VDiffAdmin["VDiffOpen"]["response"] {
  return {
    session: json.get("session").text(),
    position: json.get("position").text(),
    fields: json.get("fields").list(readField),
  };
}

function readField(json: JsonReader): Field {
  return {
    name: json.get("name").text(),
    type: json.get("type").integer(),
    columnType: json.get("columnType").text(),
    collation: json.get("collation").integer(),
    unsigned: json.get("unsigned").toggle(),
    nullable: json.get("nullable").toggle(),
    invisible: json.get("invisible").toggle(),
  };
}

export function readSourceRead(json: JsonReader): SourceRead {
  return {
    session: json.get("session").text(),
    key: json.get("key").list((column) => ({
      name: column.get("name").text(),
      byCode: column.get("byCode").toggle(),
    })),
    span: readSpan(json.get("span")),
    utf8: json.get("utf8").toggle(),
    json: json.get("json").list((place) => place.integer()),
    part: json.get("part").optional((part) => ({
      index: part.get("index").integer(),
      of: part.get("of").integer(),
    })) ?? null,
  };
}

function readSpan(json: JsonReader): KeySpan {
  return {
    after: json.get("after").optional(readKey) ?? null,
    upTo: json.get("upTo").optional(readKey) ?? null,
  };
}

function readKey(json: JsonReader): RowKey {
  return json.texts();
}

export function readDigest(json: JsonReader): RowDigest {
  return {
    rows: json.get("rows").integer(),
    low: json.get("low").integer(),
    high: json.get("high").integer(),
  };
}

export function readVDiffRows(json: JsonReader): VDiffAdmin["VDiffRows"]["response"] {
  return {
    rows: json.get("rows").list((row) =>
      row.list((value) => value.optional((text) => text.text()) ?? null)
    ),
    next: json.get("next").optional(readKey) ?? null,
  };
}
