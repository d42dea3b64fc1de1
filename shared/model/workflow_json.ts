/** JSON of what vtctld notes of workflows in the topology. */
import { jsonCodec } from "./json_reader.ts";
import type { EndedRecord, SwitchRecord } from "./records.ts";

export const SWITCH = jsonCodec<SwitchRecord>(
  (record) => ({
    keyspace: record.keyspace,
    workflow: record.workflow,
    command: record.command,
    started_at: record.startedAt,
    timeout_ms: record.timeoutMs,
    reverse: record.reverse,
    reverse_stopped: record.reverseStopped,
    init_sequences: record.initSequences,
  }),
  (json) => ({
    keyspace: json.get("keyspace").text(),
    workflow: json.get("workflow").text(),
    command: json.get("command").text(),
    startedAt: json.get("started_at").text(),
    timeoutMs: json.get("timeout_ms").integer(),
    reverse: json.get("reverse").toggle(),
    reverseStopped: json.get("reverse_stopped").toggle(),
    initSequences: json.get("init_sequences").toggle(),
  }),
);

export const ENDED = jsonCodec<EndedRecord>(
  (record) => ({ action: record.action, ended_at: record.endedAt }),
  (json) => ({
    action: json.get("action").enumeration(["complete", "cancel"]),
    endedAt: json.get("ended_at").text(),
  }),
);
