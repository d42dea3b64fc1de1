/**
 * Changes of the topology's records. Each is read, changed and written by its version, and the lock
 * is looked at in between: what was read while it was held is of an old version once another holder
 * has claimed the records, and without the lock nothing is written.
 */
import { vtError } from "../../../shared/error/errors.ts";
import { unreachable } from "../../../shared/error/unreachable.ts";
import { settleAll } from "../../../shared/io/settle_all.ts";
import type { SrvKeyspace, TabletControl } from "../../../shared/model/records.ts";
import { listCells } from "../../../topo/cells.ts";
import { hasId } from "../../../topo/records.ts";
import { updateRoutingRules } from "../../../topo/routing_rules.ts";
import { getShard, updateShard } from "../../../topo/shards.ts";
import { updateSrvKeyspace } from "../../../topo/srv_keyspaces.ts";
import { rebuildVSchemaGraph } from "../../../topo/srv_vschemas.ts";
import { deleteEnded, saveEnded } from "../../../topo/ended_workflows.ts";
import { deleteSwitch, saveSwitch } from "../../../topo/switches.ts";
import { saveVSchema } from "../../../topo/vschemas.ts";
import type { Effect, Place } from "../../workflow/effect.ts";
import { changeRules } from "../../workflow/routing.ts";
import { migrateServedType, setQueriesDisabled, whyNotTold } from "../../workflow/serving.ts";
import { removeShard } from "../delete_shards.ts";
import { type Hands, primaryOf } from "./perform.ts";

type RecordEffect = Extract<Effect, {
  readonly do:
    | "deny"
    | "save_rules"
    | "save_vschema"
    | "rebuild_vschema"
    | "serve"
    | "queries"
    | "primary_serving"
    | "delete_shard"
    | "note_switch"
    | "forget_switch"
    | "note_end"
    | "claim_records";
}>;

export async function writeRecord(hands: Hands, effect: RecordEffect): Promise<void> {
  const { topo } = hands.context;
  const options = { signal: hands.signal() };
  switch (effect.do) {
    case "deny": {
      const { keyspace, shard } = effect.at;
      await updateShard(topo, keyspace, shard, (record) => {
        hands.check();
        const controls = denyTables(record.tabletControls, effect.tables, effect.denied);
        return { ...record, tabletControls: controls };
      }, options);
      return;
    }
    case "save_rules":
      await updateRoutingRules(topo, (rules) => {
        hands.check();
        return changeRules(rules, effect.moved, effect.served);
      }, options);
      return;
    case "save_vschema":
      return await saveVSchema(topo, effect.keyspace, effect.vschema, options);
    case "rebuild_vschema":
      return await rebuildVSchemaGraph(topo, options);
    case "serve":
      await changeServing(
        hands,
        effect.keyspace,
        effect.cells,
        (srv) => migrateServedType(srv, effect.change),
      );
      return;
    case "queries":
      return await switchQueries(hands, effect);
    case "primary_serving": {
      const { keyspace, shard } = effect.at;
      await updateShard(
        topo,
        keyspace,
        shard,
        (record) => {
          hands.check();
          const { serving } = effect;
          return record.isPrimaryServing === serving
            ? undefined
            : { ...record, isPrimaryServing: serving };
        },
        options,
      );
      return;
    }
    case "delete_shard":
      return await deleteShard(hands, effect.at);
    case "note_switch":
    case "forget_switch":
    case "note_end":
      return await writeNote(hands, effect);
    case "claim_records":
      return await claimRecords(hands, effect.keyspace, effect.places);
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

/** VT22002 when a primary that shall refuse queries can't hear of it; checks.ts looks before, too. */
async function switchQueries(
  hands: Hands,
  { keyspace, type, shards, disabled }: Extract<RecordEffect, { readonly do: "queries" }>,
): Promise<void> {
  const unserved = await changeServing(
    hands,
    keyspace,
    [],
    (srv) => setQueriesDisabled(srv, type, shards, disabled),
  );
  if (!disabled || type !== "primary") return;
  for (const shard of shards) {
    const { cell } = primaryOf(hands, { keyspace, shard }).alias;
    if (!unserved.has(cell)) continue;
    throw vtError("VT22002", whyNotTold({ keyspace, shard }, cell));
  }
}

/** The cells that don't serve the keyspace: they have nothing to change. */
async function changeServing(
  hands: Hands,
  keyspace: string,
  cells: readonly string[],
  change: (srv: SrvKeyspace) => SrvKeyspace,
): Promise<ReadonlySet<string>> {
  const { topo } = hands.context;
  const options = { signal: hands.signal() };
  const all = cells.length > 0 ? cells : await listCells(topo, options);
  const unserved = new Set<string>();
  // What came to a cell late, when this has failed and is undone, would stay.
  await settleAll(all, async (cell) => {
    try {
      await updateSrvKeyspace(topo, cell, keyspace, (srv) => {
        hands.check();
        return change(srv);
      }, options);
    } catch (error) {
      if (!hasId(error, "VT21001")) throw error;
      unserved.add(cell);
    }
  });
  return unserved;
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

async function writeNote(
  hands: Hands,
  effect: Extract<Effect, { readonly do: "note_switch" | "forget_switch" | "note_end" }>,
): Promise<void> {
  const { topo, clock } = hands.context;
  const options = { signal: hands.signal() };
  const now = new Date(clock.now()).toISOString();
  switch (effect.do) {
    case "note_switch":
      return await saveSwitch(topo, { ...effect.note, startedAt: now }, options);
    case "forget_switch":
      return await deleteSwitch(topo, effect.note.keyspace, effect.note.workflow, options);
    case "note_end":
      if (effect.action === undefined) return await deleteEnded(topo, effect, options);
      return await saveEnded(topo, effect, { action: effect.action, endedAt: now }, options);
    default:
      return unreachable(effect);
  }
}

/** New versions of the same records; see ctl/workflow/undo_switch.ts. */
async function claimRecords(
  hands: Hands,
  keyspace: string,
  places: readonly Place[],
): Promise<void> {
  const { topo } = hands.context;
  const options = { signal: hands.signal() };
  await settleAll([
    ...places.map((at) => () =>
      updateShard(topo, at.keyspace, at.shard, (record) => ({ ...record }), options)
    ),
    () => updateRoutingRules(topo, (rules) => ({ ...rules }), options),
    () => changeServing(hands, keyspace, [], (srv) => ({ ...srv })),
  ], async (claim) => void await claim());
}
