/** Does what ctl/workflow's decisions ask for. Each effect may be repeated. */
import { unreachable } from "../../../shared/error/unreachable.ts";
import type { SrvKeyspace, TabletControl, TabletRecord } from "../../../shared/model/records.ts";
import { rebuildVSchemaGraph } from "../../../topo/srv_vschemas.ts";
import { listCells } from "../../../topo/cells.ts";
import { hasId } from "../../../topo/records.ts";
import { saveRoutingRules } from "../../../topo/routing_rules.ts";
import { getShard, updateShard } from "../../../topo/shards.ts";
import { updateSrvKeyspace } from "../../../topo/srv_keyspaces.ts";
import { listTabletsOfShard } from "../../../topo/tablets.ts";
import { saveVSchema } from "../../../topo/vschemas.ts";
import type { Effect, Place } from "../../workflow/effect.ts";
import { stampStream } from "../../workflow/journal.ts";
import { FROZEN, nameOf } from "../../workflow/facts.ts";
import { migrateServedType, setQueriesDisabled } from "../../workflow/serving.ts";
import type { CommandContext } from "../context.ts";
import { removeShard } from "../delete_shards.ts";
import { eachTablet, sayFailures } from "../each_tablet.ts";
import { initSequence } from "./init_sequence.ts";
import { createTables, dropTable } from "./tables.ts";
import { writeJournal } from "./journal_rows.ts";
import { hasJournal } from "./read_facts.ts";

/** A tablet that has to look at the topology, or write a row, does it in much less. */
const CALL_TIMEOUT_MS = 15_000;
/** Transactions on tables that move may go on for so long; then they are ended. */
const DRAIN_GRACE_MS = 500;
const DRAIN_TIMEOUT_MS = 10_000;

export interface Hands {
  readonly context: CommandContext;
  readonly primaries: ReadonlyMap<string, TabletRecord>;
  /** Throws when a lock is gone. Called before each write. */
  readonly check: () => void;
  /** What a call ends with: until writes stop, the caller's own signal. */
  readonly signal: () => AbortSignal;
}

export type Act = Exclude<Effect, { readonly do: "say" }>;

/** The effect's value, if it has one. */
export async function perform(hands: Hands, effect: Act): Promise<string | undefined> {
  hands.signal().throwIfAborted();
  if (!READS.has(effect.do)) hands.check();
  switch (effect.do) {
    case "deny":
    case "save_rules":
    case "save_vschema":
    case "rebuild_vschema":
    case "serve":
    case "queries":
    case "primary_serving":
    case "delete_shard":
      await writeRecord(hands, effect);
      return undefined;
    case "refresh":
      await refresh(hands, effect);
      return undefined;
    case "drain":
      return (await hands.context.tablets.call(primaryOf(hands, effect.at), "DrainTables", {
        tables: effect.tables,
        graceMs: DRAIN_GRACE_MS,
        timeoutMs: DRAIN_TIMEOUT_MS,
      }, { signal: hands.signal(), timeoutMs: DRAIN_TIMEOUT_MS + 5000 })).position;
    case "position":
      return (await hands.context.tablets.call(
        primaryOf(hands, effect.at),
        "PrimaryPosition",
        {},
        call(hands),
      )).position;
    case "create_tables":
      await createTables(hands, primaryOf(hands, effect.at), effect);
      return undefined;
    case "drop_table":
      await dropTable(hands, primaryOf(hands, effect.at), effect);
      return undefined;
    case "init_sequence":
      await initSequence(hands, effect);
      return undefined;
    case "read_journal":
      return await hasJournal(
          hands.context,
          primaryOf(hands, effect.at),
          effect.id,
          hands.signal(),
        )
        ? "written"
        : "";
    case "write_journal":
      await writeJournal(hands, primaryOf(hands, effect.at), effect);
      return undefined;
    default:
      await onStream(hands, effect);
      return undefined;
  }
}

/** Effects that change nothing. */
const READS: ReadonlySet<Effect["do"]> = new Set([
  "position",
  "wait_stream",
  "read_journal",
  "refresh",
]);

export function primaryOf({ primaries }: Hands, at: Place): TabletRecord {
  const primary = primaries.get(nameOf(at));
  if (primary === undefined) throw new TypeError(`no primary of ${nameOf(at)} was read`);
  return primary;
}

function call(hands: Hands): { readonly signal: AbortSignal; readonly timeoutMs: number } {
  return { signal: hands.signal(), timeoutMs: CALL_TIMEOUT_MS };
}

type RecordEffect = Extract<Effect, {
  readonly do:
    | "deny"
    | "save_rules"
    | "save_vschema"
    | "rebuild_vschema"
    | "serve"
    | "queries"
    | "primary_serving"
    | "delete_shard";
}>;

async function writeRecord(hands: Hands, effect: RecordEffect): Promise<void> {
  const { topo } = hands.context;
  const options = { signal: hands.signal() };
  switch (effect.do) {
    case "deny": {
      const { keyspace, shard } = effect.at;
      await updateShard(topo, keyspace, shard, (record) => ({
        ...record,
        tabletControls: denyTables(record.tabletControls, effect.tables, effect.denied),
      }), options);
      return;
    }
    case "save_rules":
      return await saveRoutingRules(topo, effect.rules, options);
    case "save_vschema":
      return await saveVSchema(topo, effect.keyspace, effect.vschema, options);
    case "rebuild_vschema":
      return await rebuildVSchemaGraph(topo, options);
    case "serve":
      return await changeServing(
        hands,
        effect.keyspace,
        effect.cells,
        (srv) => migrateServedType(srv, effect.change),
      );
    case "queries":
      return await changeServing(
        hands,
        effect.keyspace,
        [],
        (srv) => setQueriesDisabled(srv, effect.type, effect.shards, effect.disabled),
      );
    case "primary_serving": {
      const { keyspace, shard } = effect.at;
      await updateShard(
        topo,
        keyspace,
        shard,
        (record) =>
          record.isPrimaryServing === effect.serving
            ? undefined
            : { ...record, isPrimaryServing: effect.serving },
        options,
      );
      return;
    }
    case "delete_shard":
      return await deleteShard(hands, effect.at);
    default:
      return unreachable(effect);
  }
}

/** The primary's denied tables, with these in or out. */
export function denyTables(
  controls: readonly TabletControl[],
  tables: readonly string[],
  denied: boolean,
): readonly TabletControl[] {
  const mine = controls.find(({ tabletType, cells }) =>
    tabletType === "primary" && cells.length === 0
  );
  const others = controls.filter((control) => control !== mine);
  const before = (mine?.deniedTables ?? []).filter((table) => !tables.includes(table));
  const deniedTables = denied ? [...before, ...tables].toSorted() : before;
  if (deniedTables.length === 0 && mine?.frozen !== true) return others;
  return [...others, {
    tabletType: "primary",
    cells: [],
    frozen: mine?.frozen ?? false,
    deniedTables,
  }];
}

async function changeServing(
  hands: Hands,
  keyspace: string,
  cells: readonly string[],
  change: (srv: SrvKeyspace) => SrvKeyspace,
): Promise<void> {
  const { topo } = hands.context;
  const options = { signal: hands.signal() };
  const all = cells.length > 0 ? cells : await listCells(topo, options);
  await Promise.all(all.map(async (cell) => {
    try {
      await updateSrvKeyspace(topo, cell, keyspace, change, options);
    } catch (error) {
      // A cell that doesn't serve the keyspace has nothing to change.
      if (!hasId(error, "VT21001")) throw error;
    }
  }));
}

/** A run before this one may have deleted it. */
async function deleteShard(hands: Hands, at: Place): Promise<void> {
  const context = { ...hands.context, signal: hands.signal() };
  try {
    const record = await getShard(context.topo, at.keyspace, at.shard, context);
    await removeShard(context, { ...at, record }, { recursive: true, evenIfServing: false });
  } catch (error) {
    if (!hasId(error, "VT21001")) throw error;
  }
}

/** The primary must have heard; of replicas, those that can't are told to the caller. */
async function refresh(
  hands: Hands,
  { at, type }: Extract<Effect, { readonly do: "refresh" }>,
): Promise<void> {
  const { context } = hands;
  if (type === "primary") {
    await context.tablets.call(primaryOf(hands, at), "RefreshState", {}, call(hands));
    return;
  }
  const tablets = await listTabletsOfShard(context.topo, at.keyspace, at.shard, {
    signal: hands.signal(),
  });
  const failures = await eachTablet(
    context,
    tablets.filter((tablet) => tablet.type === type),
    (tablet) => context.tablets.call(tablet, "RefreshState", {}, call(hands)),
  );
  sayFailures(context, failures);
}

type StreamEffect = Extract<Effect, {
  readonly do:
    | "create_stream"
    | "wait_stream"
    | "stop_stream"
    | "start_stream"
    | "start_streams"
    | "freeze_stream"
    | "freeze_streams"
    | "delete_streams";
}>;

async function onStream(hands: Hands, effect: StreamEffect): Promise<void> {
  const { tablets } = hands.context;
  const primary = primaryOf(hands, effect.at);
  switch (effect.do) {
    case "create_stream": {
      const stamped = stampStream(effect.stream, crypto.randomUUID());
      await tablets.call(primary, "CreateStream", stamped, call(hands));
      return;
    }
    case "wait_stream": {
      const { id, position, timeoutMs } = effect;
      await tablets.call(primary, "WaitForStream", { id, position, timeoutMs }, {
        signal: hands.signal(),
        timeoutMs: timeoutMs + 5000,
      });
      return;
    }
    case "stop_stream": {
      const { id, message } = effect;
      await tablets.call(primary, "UpdateStream", { id, state: "Stopped", message }, call(hands));
      return;
    }
    case "start_stream": {
      const { id } = effect;
      const request = { id, state: "Running", message: "" } as const;
      await tablets.call(primary, "UpdateStream", request, call(hands));
      return;
    }
    case "freeze_stream": {
      const request = { id: effect.id, state: "Stopped", message: FROZEN } as const;
      await tablets.call(primary, "UpdateStream", request, call(hands));
      return;
    }
    case "start_streams":
      return await startStreams(hands, primary, effect.workflow);
    case "freeze_streams":
      return await freezeStreams(hands, primary, effect.workflow);
    case "delete_streams":
      await tablets.call(primary, "DeleteStreams", { workflow: effect.workflow }, call(hands));
      return;
    default:
      return unreachable(effect);
  }
}

async function startStreams(
  hands: Hands,
  primary: TabletRecord,
  workflow: string,
): Promise<void> {
  const { tablets } = hands.context;
  const { streams } = await tablets.call(primary, "ReadStreams", { workflow }, call(hands));
  for (const { id, state, message } of streams) {
    if (message === FROZEN || state !== "Stopped") continue;
    const request = { id, state: "Running", message: "" } as const;
    await tablets.call(primary, "UpdateStream", request, call(hands));
  }
}

async function freezeStreams(
  hands: Hands,
  primary: TabletRecord,
  workflow: string,
): Promise<void> {
  const { tablets } = hands.context;
  const { streams } = await tablets.call(primary, "ReadStreams", { workflow }, call(hands));
  for (const { id } of streams) {
    const request = { id, state: "Stopped", message: FROZEN } as const;
    await tablets.call(primary, "UpdateStream", request, call(hands));
  }
}
