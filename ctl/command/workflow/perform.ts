/** Does what ctl/workflow's decisions ask for. Each effect may be repeated. */
import type { TabletRecord } from "../../../shared/model/records.ts";
import { listTabletsOfShard } from "../../../topo/tablets.ts";
import type { Effect, Place } from "../../workflow/effect.ts";
import { nameOf } from "../../workflow/facts.ts";
import type { CommandContext } from "../context.ts";
import { eachTablet, sayFailures } from "../each_tablet.ts";
import type { TabletCall } from "../tablet_client.ts";
import { initSequences } from "./init_sequences.ts";
import { onStream } from "./on_stream.ts";
import { hasJournal } from "./read_facts.ts";
import { createTables, dropTables, dropViews } from "./tables.ts";
import { writeRecord } from "./write_record.ts";

/** A tablet that has to look at the topology, or write a row, does it in much less. */
const CALL_TIMEOUT_MS = 15_000;
/** Transactions on tables that move may go on for so long; then they are ended. */
const DRAIN_GRACE_MS = 500;
/** Clients wait meanwhile, and not for longer than a gate lets them (10 s). */
const DRAIN_TIMEOUT_MS = 4000;

export interface Hands {
  readonly context: CommandContext;
  readonly primaries: ReadonlyMap<string, TabletRecord>;
  /** Throws when a lock is gone. Called before each write. */
  readonly check: () => void;
  /** What calls carry that tablets of the keyspace take from one holder of its lock at a time. */
  readonly token: (keyspace: string) => number;
  /** Makes the tokens greater: calls with the earlier ones are to be refused from now on. */
  readonly nextToken: () => void;
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
    case "note_switch":
    case "forget_switch":
    case "note_end":
    case "claim_records":
      await writeRecord(hands, effect);
      return undefined;
    case "refresh":
      await refresh(hands, effect);
      return undefined;
    case "fence":
      await fence(hands, effect.at);
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
        { signal: hands.signal(), timeoutMs: CALL_TIMEOUT_MS },
      )).position;
    case "create_tables":
      await createTables(hands, primaryOf(hands, effect.at), effect);
      return undefined;
    case "drop_tables":
      await dropTables(hands, primaryOf(hands, effect.at), effect);
      return undefined;
    case "drop_views":
      await dropViews(hands, primaryOf(hands, effect.at));
      return undefined;
    case "init_sequences":
      await initSequences(hands, effect);
      return undefined;
    case "settle_journal": {
      await fence(hands, effect.at);
      const primary = primaryOf(hands, effect.at);
      const found = await hasJournal(hands.context, primary, effect.id, hands.signal());
      return found ? "written" : "";
    }
    default:
      await onStream(hands, effect);
      return undefined;
  }
}

/** Effects that change nothing. */
const READS: ReadonlySet<Effect["do"]> = new Set([
  "position",
  "wait_stream",
  "refresh",
]);

export function primaryOf({ primaries }: Hands, at: Place): TabletRecord {
  const primary = primaries.get(nameOf(at));
  if (primary === undefined) throw new TypeError(`no primary of ${nameOf(at)} was read`);
  return primary;
}

/** For what needs the lock of the place's keyspace. */
export function lockedCall(hands: Hands, { keyspace }: Place): TabletCall {
  return {
    signal: hands.signal(),
    timeoutMs: CALL_TIMEOUT_MS,
    token: hands.token(keyspace),
  };
}

async function fence(hands: Hands, at: Place): Promise<void> {
  hands.nextToken();
  const token = hands.token(at.keyspace);
  const options = { signal: hands.signal(), timeoutMs: CALL_TIMEOUT_MS };
  await hands.context.tablets.call(primaryOf(hands, at), "Fence", { token }, options);
}

/** The primary must have heard; of replicas, those that can't are told to the caller. */
async function refresh(
  hands: Hands,
  { at, type }: Extract<Effect, { readonly do: "refresh" }>,
): Promise<void> {
  const { context } = hands;
  if (type === "primary") {
    const options = { signal: hands.signal(), timeoutMs: CALL_TIMEOUT_MS };
    await context.tablets.call(primaryOf(hands, at), "RefreshState", {}, options);
    return;
  }
  const tablets = await listTabletsOfShard(context.topo, at.keyspace, at.shard, {
    signal: hands.signal(),
  });
  const failures = await eachTablet(
    context,
    tablets.filter((tablet) => tablet.type === type),
    (tablet) =>
      context.tablets.call(tablet, "RefreshState", {}, {
        signal: hands.signal(),
        timeoutMs: CALL_TIMEOUT_MS,
      }),
  );
  sayFailures(context, failures);
}
