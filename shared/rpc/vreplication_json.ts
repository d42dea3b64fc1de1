/**
 * VReplication's requests and streams as JSON, read where they come in, and the text of the column
 * `source` of _vt.vreplication (Vitess's BinlogSource with its field names). A SyntaxError names
 * the field that is wrong.
 */
import { JsonReader } from "../model/json_reader.ts";
import {
  type BinlogSource,
  type FilterRule,
  type NewStream,
  type OnDdl,
  type StreamState,
  type StreamStatus,
  type VReplicationAdmin,
  WORKFLOW_TYPES,
  type WorkflowType,
} from "./vreplication.ts";

const ON_DDL: readonly OnDdl[] = ["IGNORE", "STOP", "EXEC", "EXEC_IGNORE"];

const STATES: readonly StreamState[] = [
  "Init",
  "Copying",
  "Running",
  "Stopped",
  "Error",
  "Unknown",
];

/** The text of the column `source`. */
export function printBinlogSource(source: BinlogSource): string {
  return JSON.stringify({
    keyspace: source.keyspace,
    shard: source.shard,
    filter: { rules: source.filter.rules.map(({ match, filter }) => ({ match, filter })) },
    on_ddl: source.onDdl,
    ...(source.stopAfterCopy && { stop_after_copy: true }),
  });
}

export function parseBinlogSource(text: string): BinlogSource {
  const json = new JsonReader(JSON.parse(text));
  return {
    keyspace: json.get("keyspace").text(),
    shard: json.get("shard").text(),
    filter: { rules: readRules(json) },
    onDdl: readOnDdl(json.get("on_ddl")),
    stopAfterCopy: json.get("stop_after_copy").toggle(),
  };
}

function readBinlogSource(json: JsonReader): BinlogSource {
  return {
    keyspace: json.get("keyspace").text(),
    shard: json.get("shard").text(),
    filter: { rules: readRules(json) },
    onDdl: readOnDdl(json.get("onDdl")),
    stopAfterCopy: json.get("stopAfterCopy").toggle(),
  };
}

function readRules(json: JsonReader): readonly FilterRule[] {
  return json.get("filter").get("rules").list((rule) => ({
    match: rule.get("match").text(),
    filter: rule.get("filter").text(),
  }));
}

function readOnDdl(json: JsonReader): OnDdl {
  return json.present ? json.parsed((text) => oneOf(ON_DDL, text)) : "IGNORE";
}

/** Vitess's commands write states in any case. */
export function readStreamState(text: string): StreamState {
  return oneOf(STATES, text);
}

function oneOf<T extends string>(names: readonly T[], text: string): T {
  const found = names.find((name) => name.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  throw new SyntaxError(`"${text}" is none of ${names.join(", ")}`);
}

/** The number of a workflow type, read. */
export function workflowTypeOf(number: number): WorkflowType {
  for (const [name, value] of Object.entries(WORKFLOW_TYPES)) {
    // Object.entries loses the names' type.
    if (value === number) return name as WorkflowType;
  }
  throw new SyntaxError(`there is no workflow type ${number}`);
}

function readWorkflowType(json: JsonReader): WorkflowType {
  // Object.keys loses the names' type.
  const names = Object.keys(WORKFLOW_TYPES) as readonly WorkflowType[];
  return json.parsed((text) => oneOf(names, text));
}

export function readNewStream(json: JsonReader): NewStream {
  return {
    workflow: json.get("workflow").text(),
    workflowType: readWorkflowType(json.get("workflowType")),
    source: readBinlogSource(json.get("source")),
    position: json.get("position").text(),
    state: json.get("state").parsed((text) => oneOf(["Init", "Stopped"], text)),
    cells: json.get("cells").text(),
    tabletTypes: json.get("tabletTypes").text(),
    deferSecondaryKeys: json.get("deferSecondaryKeys").toggle(),
    options: json.get("options").text(),
  };
}

type StreamUpdate = VReplicationAdmin["UpdateStream"]["request"];

export function readStreamUpdate(json: JsonReader): StreamUpdate {
  const text = (name: string) => json.get(name).optional((field) => field.text());
  return defined({
    id: json.get("id").integer(),
    state: json.get("state").optional((field) =>
      field.parsed((state) => oneOf(["Running", "Stopped"], state))
    ),
    message: text("message"),
    stopPosition: text("stopPosition"),
    position: text("position"),
    cells: text("cells"),
    tabletTypes: text("tabletTypes"),
    onDdl: json.get("onDdl").optional(readOnDdl),
  });
}

type Defined<T> = { readonly [Key in keyof T]: Exclude<T[Key], undefined> };

/** Without the fields that are undefined, which is what their absence means. */
function defined<T extends object>(value: T): Defined<T> {
  // What is left has no undefined in it.
  return Object.fromEntries(
    Object.entries(value).filter(([, field]) => field !== undefined),
  ) as Defined<T>;
}

export function readStreamStatus(json: JsonReader): StreamStatus {
  return {
    id: json.get("id").integer(),
    workflow: json.get("workflow").text(),
    workflowType: readWorkflowType(json.get("workflowType")),
    source: readBinlogSource(json.get("source")),
    position: json.get("position").text(),
    stopPosition: json.get("stopPosition").text(),
    state: json.get("state").parsed(readStreamState),
    message: json.get("message").text(),
    dbName: json.get("dbName").text(),
    cells: json.get("cells").text(),
    tabletTypes: json.get("tabletTypes").text(),
    tags: json.get("tags").text(),
    deferSecondaryKeys: json.get("deferSecondaryKeys").toggle(),
    options: json.get("options").text(),
    timeUpdated: json.get("timeUpdated").integer(),
    transactionTimestamp: json.get("transactionTimestamp").integer(),
    timeHeartbeat: json.get("timeHeartbeat").integer(),
    timeThrottled: json.get("timeThrottled").integer(),
    componentThrottled: json.get("componentThrottled").text(),
    reasonThrottled: json.get("reasonThrottled").text(),
    rowsCopied: json.get("rowsCopied").integer(),
    copyState: json.get("copyState").list((item) => ({
      table: item.get("table").text(),
      lastPk: item.get("lastPk").text(),
    })),
  };
}
