/**
 * `Workflow ks.workflow show` as the old vtctlclient printed it: what Go's encoding/json makes of
 * the wrangler's structures (go/vt/wrangler/vexec.go), with tabs, Go's names of fields, null for an
 * empty list, and enumerations as their numbers.
 */
import type { TabletControl } from "../../../shared/model/records.ts";
import type { TabletType } from "../../../shared/model/tablet.ts";
import type { BinlogSource, OnDdl, StreamStatus } from "../../../shared/rpc/vreplication.ts";
import { isFrozen, type ShardFacts, type WorkflowFacts } from "../../workflow/facts.ts";

/** Numbers of proto/topodata.proto TabletType. */
const TABLET_TYPES: Readonly<Partial<Record<TabletType, number>>> = {
  primary: 1,
  replica: 2,
  rdonly: 3,
};
/** Numbers of proto/binlogdata.proto OnDDLAction; that of IGNORE is left out. */
const ON_DDL: Readonly<Record<OnDdl, number>> = { IGNORE: 0, STOP: 1, EXEC: 2, EXEC_IGNORE: 3 };
/** While rows are copied the lag has no end; Go printed its largest integer, which JSON has not. */
const COPYING_LAG = Number.MAX_SAFE_INTEGER;

export function legacyWorkflowJson(facts: WorkflowFacts, nowSeconds: number): string {
  const streams = facts.streams.map(({ stream }) => stream);
  const shown = {
    Workflow: facts.name,
    SourceLocation: {
      Keyspace: facts.sourceKeyspace,
      Shards: facts.sources.map(({ shard }) => shard),
    },
    TargetLocation: {
      Keyspace: facts.targetKeyspace,
      Shards: facts.targets.map(({ shard }) => shard),
    },
    MaxVReplicationLag: Math.max(0, ...streams.map((stream) => nowSeconds - stream.timeUpdated)),
    MaxVReplicationTransactionLag: Math.max(
      0,
      ...streams.map((stream) => transactionLag(stream, nowSeconds)),
    ),
    Frozen: isFrozen(facts),
    ShardStatuses: Object.fromEntries(facts.targets.map((target) => [
      `${target.shard}/${target.primary}`,
      {
        PrimaryReplicationStatuses: facts.streams.filter(({ shard }) => shard === target.shard)
          .map(({ stream }) => legacyStream(target, stream)),
        TabletControls: orNull(target.tabletControls.map(legacyControl)),
        PrimaryIsServing: target.isPrimaryServing,
      },
    ])),
  };
  return JSON.stringify(shown, null, "\t");
}

/** Heartbeats count where they are newer: the source had nothing to say. */
function transactionLag(
  { state, copyState, transactionTimestamp, timeHeartbeat }: StreamStatus,
  nowSeconds: number,
): number {
  if (state === "Copying" || (state === "Running" && copyState.length > 0)) return COPYING_LAG;
  return nowSeconds - Math.max(transactionTimestamp, timeHeartbeat);
}

function legacyStream(
  target: ShardFacts,
  stream: StreamStatus,
): Readonly<Record<string, unknown>> {
  return {
    Shard: target.shard,
    Tablet: target.primary,
    ID: stream.id,
    Bls: legacySource(stream.source),
    // Decoded and printed again, which drops the flavor; StopPos is the column.
    Pos: stream.position.replace(/^(MariaDB|MySQL56)\//, ""),
    StopPos: stream.stopPosition,
    State: stream.state,
    DBName: stream.dbName,
    TransactionTimestamp: stream.transactionTimestamp,
    TimeUpdated: stream.timeUpdated,
    TimeHeartbeat: stream.timeHeartbeat,
    Message: stream.message,
    Tags: stream.tags,
    CopyState: orNull(stream.copyState.map(({ table, lastPk }) => ({
      Table: table,
      LastPK: lastPk,
    }))),
  };
}

function legacySource(
  { keyspace, shard, filter, onDdl, stopAfterCopy }: BinlogSource,
): Readonly<Record<string, unknown>> {
  return {
    keyspace,
    shard,
    filter: {
      rules: filter.rules.map(({ match, filter: select }) => ({
        match,
        ...(select !== "" && { filter: select }),
      })),
    },
    ...(onDdl !== "IGNORE" && { on_ddl: ON_DDL[onDdl] }),
    ...(stopAfterCopy && { stop_after_copy: true }),
  };
}

function legacyControl(
  { tabletType, cells, deniedTables, frozen }: TabletControl,
): Readonly<Record<string, unknown>> {
  return {
    tablet_type: TABLET_TYPES[tabletType] ?? tabletType,
    ...(cells.length > 0 && { cells }),
    ...(deniedTables.length > 0 && { denied_tables: deniedTables }),
    ...(frozen && { frozen }),
  };
}

function orNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}
