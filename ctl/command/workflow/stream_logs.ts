/** What happened to streams: rows of _vt.vreplication_log. */
import type { JsonObject } from "../../../shared/model/records.ts";
import { nameOf } from "../../workflow/facts.ts";
import type { CommandContext } from "../context.ts";
import type { FoundWorkflow } from "./read_facts.ts";

/** By "shard id", oldest first. */
export type StreamLogs = ReadonlyMap<string, readonly JsonObject[]>;

export const NO_LOGS: StreamLogs = new Map();

/** Of one stream: a stream that fails again and again counts its repetitions. */
const ENTRIES_MAX = 100;

export function logKey(shard: string, id: number): string {
  return `${shard} ${id}`;
}

export async function readLogs(
  context: CommandContext,
  { facts, primaries }: FoundWorkflow,
): Promise<StreamLogs> {
  const all = await Promise.all(facts.streams.map(async ({ shard, stream }) => {
    const primary = primaries.get(nameOf({ keyspace: facts.targetKeyspace, shard }));
    if (primary === undefined) throw new TypeError(`no primary of ${shard} was read`);
    const { rows } = await context.tablets.call(primary, "VReplicationExec", {
      sql: "SELECT id, type, state, created_at, updated_at, message, `count` " +
        `FROM _vt.vreplication_log WHERE vrepl_id = ${stream.id} ` +
        `ORDER BY id DESC LIMIT ${ENTRIES_MAX}`,
    }, { signal: context.signal });
    return [logKey(shard, stream.id), rows.toReversed().map(entry)] as const;
  }));
  return new Map(all);
}

/** With the names of proto/vtctldata.proto Workflow.Stream.Log. */
function entry(
  [id, type, state, createdAt, updatedAt, message, count]: readonly (string | null)[],
): JsonObject {
  return {
    id: id ?? "",
    type: type ?? "",
    state: state ?? "",
    created_at: createdAt ?? "",
    updated_at: updatedAt ?? "",
    message: message ?? "",
    count: count ?? "",
  };
}
