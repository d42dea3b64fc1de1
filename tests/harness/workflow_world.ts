/**
 * A small model of what tablets and topology do to a workflow's effects, for tests of its decisions
 * in every order of failures: nothing runs, and time stands still.
 */
import assert from "node:assert/strict";
import {
  type Effect,
  type Event,
  type Place,
  printEffect,
  type SwitchNote,
} from "../../ctl/workflow/effect.ts";
import {
  nameOf,
  reverseName,
  type ShardFacts,
  type WorkflowFacts,
} from "../../ctl/workflow/facts.ts";
import { migrationId } from "../../ctl/workflow/journal.ts";
import { begin, type Program, type State, step } from "../../ctl/workflow/program.ts";
import { changeRules, type MovedTables, servedBy, withRules } from "../../ctl/workflow/routing.ts";
import { migrateServedType, setQueriesDisabled } from "../../ctl/workflow/serving.ts";
import { planStreams } from "../../ctl/workflow/streams.ts";
import { readDocument } from "../../ctl/workflow/vschema_change.ts";
import type { RoutingRules, SrvKeyspace } from "../../shared/model/records.ts";
import type { NewStream, StreamStatus } from "../../shared/rpc/vreplication.ts";

export const TABLES = ["customer", "corder"];
export const VSCHEMAS = new Map([
  ["commerce", { tables: { customer_seq: { type: "sequence" }, customer: {}, corder: {} } }],
  ["customer", {
    sharded: true,
    vindexes: { hash: { type: "hash" } },
    tables: {
      customer: {
        column_vindexes: [{ column: "customer_id", name: "hash" }],
        auto_increment: { column: "customer_id", sequence: "customer_seq" },
      },
      corder: { column_vindexes: [{ column: "customer_id", name: "hash" }] },
    },
  }],
]);

interface Shard extends Place {
  denied: string[];
  queriesDisabled: boolean;
  /** What the tablet acts on: as of its last refresh. */
  refuses: boolean;
  primaryServing: boolean;
  /** Writes of clients that it has taken. */
  writes: number;
  /** Ids. */
  journals: Set<string>;
  streams: Map<string, StreamStatus>;
  /** The greatest token that its tablet was told. */
  fence: number;
}

/** What a stream of a move is made with, besides its rows. */
export const MOVE_STREAM = {
  workflow: "w",
  workflowType: "move_tables",
  cells: "",
  tabletTypes: "",
  onDdl: "IGNORE",
  stopAfterCopy: false,
  state: "Init",
  deferSecondaryKeys: false,
  options: "",
} as const;

/** Two keyspaces, or one with old and new shards. */
export class World {
  readonly kind: "move_tables" | "reshard";
  readonly shards = new Map<string, Shard>();
  readonly sources: readonly Place[];
  readonly targets: readonly Place[];
  rules: RoutingRules = { rules: [] };
  srv: SrvKeyspace;
  nextId = 1;
  /** Switches that are noted as under way. */
  readonly notes = new Map<string, SwitchNote>();
  /** How workflows ended. */
  readonly ended = new Map<string, string>();
  /** Whoever claimed the records last: what others have read before is of an old version. */
  claimed = 0;

  constructor(
    kind: "move_tables" | "reshard",
    from: readonly string[],
    to: readonly string[],
  ) {
    this.kind = kind;
    const keyspace = kind === "move_tables" ? "commerce" : "customer";
    this.sources = from.map((shard) => ({ keyspace, shard }));
    this.targets = to.map((shard) => ({ keyspace: "customer", shard }));
    const isMove = kind === "move_tables";
    for (const [places, serving] of [[this.sources, true], [this.targets, isMove]] as const) {
      for (const place of places) this.shards.set(nameOf(place), newShard(place, serving));
    }
    const serving = isMove ? to : from;
    this.srv = {
      partitions: (["primary", "replica", "rdonly"] as const).map((servedType) => ({
        servedType,
        shardReferences: serving,
        shardTabletControls: [],
      })),
    };
    if (!isMove) return;
    const all = { primary: "source", replica: "source", rdonly: "source" } as const;
    this.rules = withRules(this.rules, this.moved, all);
  }

  get moved(): MovedTables {
    const sourceKeyspace = this.sources[0]?.keyspace ?? "";
    return { sourceKeyspace, targetKeyspace: "customer", tables: TABLES };
  }

  shard(place: Place): Shard {
    const found = this.shards.get(nameOf(place));
    assert(found !== undefined, nameOf(place));
    return found;
  }

  /** As from `sources` to `targets`, or the way back. */
  facts(name: string, back = false): WorkflowFacts {
    const [from, to] = back ? [this.targets, this.sources] : [this.sources, this.targets];
    const shardFacts = (place: Place): ShardFacts => {
      const shard = this.shard(place);
      return {
        ...place,
        primary: `zone1-${place.shard}`,
        dbName: `vt_${place.keyspace}`,
        isPrimaryServing: shard.primaryServing,
        tabletControls: shard.denied.length === 0 ? [] : [{
          tabletType: "primary",
          cells: [],
          deniedTables: shard.denied,
          frozen: false,
        }],
      };
    };
    const placed = (places: readonly Place[], workflow: string) =>
      places.flatMap((place) =>
        [...this.shard(place).streams.values()].filter((stream) => stream.workflow === workflow)
          .map((stream) => ({ shard: place.shard, stream }))
      );
    const streams = placed(to, name);
    const id = migrationId(to[0]?.keyspace ?? "", streams);
    return {
      name,
      kind: this.kind,
      sourceKeyspace: from[0]?.keyspace ?? "",
      targetKeyspace: to[0]?.keyspace ?? "",
      sources: from.map(shardFacts),
      targets: to.map(shardFacts),
      tables: TABLES,
      streams,
      reverseStreams: placed(from, reverseName(name)),
      routingRules: this.rules,
      srvKeyspaces: new Map([["zone1", this.srv]]),
      vschemas: VSCHEMAS,
      journaled: new Set(
        from.filter((place) => this.shard(place).journals.has(id)).map(({ shard }) => shard),
      ),
    };
  }

  /** Who takes writes now, as gates route and tablets refuse. */
  writers(): readonly Shard[] {
    const routed = this.kind === "reshard"
      ? this.srv.partitions.find(({ servedType }) => servedType === "primary")?.shardReferences
        .map((shard) => ({ keyspace: "customer", shard }))
      : servedBy(this.rules, this.moved).primary === "source"
      ? this.sources
      : this.targets;
    return (routed ?? []).map((place) => this.shard(place)).filter((shard) => !shard.refuses);
  }

  clientsWrite(): void {
    for (const shard of this.writers()) shard.writes++;
    const [from, to] = [this.sources, this.targets].map((places) =>
      places.some((place) => this.writers().includes(this.shard(place)))
    );
    assert(!(from && to), "both sides take writes");
  }

  /**
   * Does it, or throws as tablets and topology would: `token` is what the sender holds, `late` that
   * it was sent before somebody else took over.
   */
  perform(effect: Effect, token: number, late = false): string | undefined {
    switch (effect.do) {
      case "note_switch":
      case "forget_switch":
      case "note_end":
      case "claim_records":
      case "deny":
      case "queries":
      case "serve":
      case "save_rules":
      case "primary_serving":
        if (late && token < this.claimed) throw new Error("the record was changed");
        return this.#performOnRecords(effect, token);
      case "refresh":
        this.refresh(this.shard(effect.at));
        return undefined;
      case "drain":
      case "position":
        return `0-1-${this.shard(effect.at).writes}`;
      case "fence":
        this.#fence(this.shard(effect.at), token);
        return undefined;
      case "settle_journal":
        this.#fence(this.shard(effect.at), token);
        return this.shard(effect.at).journals.has(effect.id) ? "written" : "";
      default:
        if ("at" in effect) this.#check(this.shard(effect.at), token);
        return this.#performOnStreams(effect);
    }
  }

  #fence(shard: Shard, token: number): void {
    this.#check(shard, token);
    shard.fence = token;
  }

  #check({ fence }: Shard, token: number): void {
    if (token < fence) throw new Error("somebody else has the lock");
  }

  #performOnRecords(effect: Effect, token: number): undefined {
    switch (effect.do) {
      case "note_switch":
        this.notes.set(effect.note.workflow, effect.note);
        return undefined;
      case "forget_switch":
        this.notes.delete(effect.note.workflow);
        return undefined;
      case "note_end":
        if (effect.action === undefined) this.ended.delete(effect.workflow);
        else this.ended.set(effect.workflow, effect.action);
        return undefined;
      case "claim_records":
        this.claimed = token;
        return undefined;
      case "deny": {
        const shard = this.shard(effect.at);
        shard.denied = effect.denied
          ? [...new Set([...shard.denied, ...effect.tables])]
          : shard.denied.filter((table) => !effect.tables.includes(table));
        return undefined;
      }
      case "queries":
        this.srv = setQueriesDisabled(this.srv, effect.type, effect.shards, effect.disabled);
        return undefined;
      case "serve":
        this.srv = migrateServedType(this.srv, effect.change);
        return undefined;
      case "save_rules":
        this.rules = changeRules(this.rules, effect.moved, effect.served);
        return undefined;
      case "primary_serving":
        this.shard(effect.at).primaryServing = effect.serving;
        return undefined;
      default:
        return undefined;
    }
  }

  #performOnStreams(effect: Effect): undefined {
    switch (effect.do) {
      case "create_stream":
        this.#create(this.shard(effect.at), effect.stream);
        return undefined;
      case "write_journal": {
        const shard = this.shard(effect.at);
        if (shard.journals.has(effect.id)) return undefined;
        shard.journals.add(effect.id);
        if (effect.workflow === "") return undefined;
        this.#delete(shard, effect.workflow);
        for (const stream of effect.streams) this.#create(shard, stream);
        return undefined;
      }
      case "stop_stream":
        return this.#change(effect, { state: "Stopped", message: effect.message });
      case "start_stream":
        if (this.#find(effect)?.message === "FROZEN") throw new Error("it is frozen");
        return this.#change(effect, { state: "Running", message: "" });
      case "freeze_stream":
        return this.#change(effect, { state: "Stopped", message: "FROZEN" });
      case "wait_stream": {
        const stream = this.#find(effect);
        if (stream?.state !== "Running") throw new Error(`stream ${effect.id} does not run`);
        return this.#change(effect, { position: effect.position });
      }
      case "start_streams": {
        const { streams } = this.shard(effect.at);
        for (const [key, stream] of streams) {
          if (stream.workflow === effect.workflow && stream.message !== "FROZEN") {
            streams.set(key, { ...stream, state: "Running" });
          }
        }
        return undefined;
      }
      case "delete_streams":
        this.#delete(this.shard(effect.at), effect.workflow);
        return undefined;
      default:
        return undefined;
    }
  }

  #create({ streams }: Shard, stream: NewStream): void {
    const key = `${stream.workflow} ${stream.source.shard}`;
    if (!streams.has(key)) streams.set(key, newStatus(this.nextId++, stream));
  }

  #delete({ streams }: Shard, workflow: string): void {
    for (const [key, stream] of streams) if (stream.workflow === workflow) streams.delete(key);
  }

  #find({ at, id }: { readonly at: Place; readonly id: number }): StreamStatus | undefined {
    return [...this.shard(at).streams.values()].find((stream) => stream.id === id);
  }

  #change(
    { at, id }: { readonly at: Place; readonly id: number },
    change: Partial<StreamStatus>,
  ): undefined {
    const { streams } = this.shard(at);
    for (const [key, stream] of streams) {
      if (stream.id === id) streams.set(key, { ...stream, ...change });
    }
  }

  refresh(shard: Shard): void {
    const disabled = this.srv.partitions.some(({ servedType, shardTabletControls }) =>
      servedType === "primary" &&
      shardTabletControls.some(({ name, queryServiceDisabled }) =>
        name === shard.shard && queryServiceDisabled
      )
    );
    shard.refuses = shard.denied.length > 0 || (this.kind === "reshard" && disabled);
  }

  addStreams(workflow: string): void {
    const { sources, targets } = this;
    const sharded = (keyspace: string) => ({
      keyspace,
      document: readDocument(VSCHEMAS.get(keyspace)),
    });
    const planned = planStreams({
      sources,
      targets,
      tables: TABLES,
      source: sharded(sources[0]?.keyspace ?? ""),
      target: sharded("customer"),
    }, {
      workflow,
      workflowType: this.kind,
      cells: "",
      tabletTypes: "replica,primary",
      onDdl: "IGNORE",
      stopAfterCopy: false,
      state: "Init",
      deferSecondaryKeys: false,
      options: "{}",
    });
    for (const { at, stream } of planned) {
      this.#create(this.shard(at), { ...stream, position: "0-1-0", state: "Init" });
    }
    for (const at of targets) this.perform({ do: "start_streams", at, workflow }, 0);
  }
}

function newShard(place: Place, primaryServing: boolean): Shard {
  return {
    ...place,
    denied: [],
    queriesDisabled: false,
    refuses: false,
    primaryServing,
    writes: 0,
    journals: new Set(),
    streams: new Map(),
    fence: 0,
  };
}

/** A stream's row as it is written. */
export function newStatus(id: number, stream: NewStream): StreamStatus {
  return {
    ...stream,
    id,
    stopPosition: "",
    message: "",
    dbName: "",
    tags: "",
    timeUpdated: 0,
    transactionTimestamp: 0,
    timeHeartbeat: 0,
    timeThrottled: 0,
    componentThrottled: "",
    reasonThrottled: "",
    rowsCopied: 0,
    copyState: [],
  };
}

export interface Faults {
  /** Effects, counted from 1, that fail, before or after they were done. */
  readonly failAt?: number;
  readonly mode?: "before" | "after";
  /** Vtctld dies before this effect, or stands still before it. */
  readonly dieAt?: number;
}

/** What a run that stood still does when it goes on: it has not noticed that its lock is gone. */
export interface Late {
  readonly effect: Effect;
  readonly token: number;
}

/** Tokens grow by each run, and within it by each fence. */
const RUN_TOKENS = 1000;
let runs = 0;

/** Runs a program; the texts of what it did. Undefined state: vtctld died. */
export function run(
  world: World,
  program: Program,
  faults: Faults = {},
  check: () => void = () => {},
): {
  readonly state: State | undefined;
  readonly lines: readonly string[];
  readonly count: number;
  /** Where it died. */
  readonly late?: Late;
} {
  let token = ++runs * RUN_TOKENS;
  const lines: string[] = [];
  let [state, queue] = begin(program) as [State, readonly Effect[]];
  let count = 0;
  const pending = [...queue];
  for (let effect = pending.shift(); effect !== undefined; effect = pending.shift()) {
    if (effect.do === "say") {
      lines.push(`> ${effect.line}`);
      continue;
    }
    count++;
    if (effect.do === "fence" || effect.do === "settle_journal") token++;
    if (count === faults.dieAt) return { state: undefined, lines, count, late: { effect, token } };
    lines.push(printEffect(effect));
    const event = attempt(
      world,
      { effect, token },
      count === faults.failAt ? faults.mode : undefined,
    );
    if (event.on === "failed") lines.push(`  failed: ${event.error}`);
    check();
    [state, queue] = step(state, event);
    pending.push(...queue);
  }
  lines.push(state.at === "failed" ? `failed: ${state.text}` : state.at);
  return { state, lines, count };
}

function attempt(world: World, { effect, token }: Late, mode: Faults["mode"]): Event {
  const failed = { on: "failed", effect, error: "connection lost" } as const;
  if (mode === "before") return failed;
  try {
    const value = world.perform(effect, token);
    if (mode === "after") return failed;
    return value === undefined ? { on: "done", effect } : { on: "done", effect, value };
  } catch (error) {
    return { on: "failed", effect, error: error instanceof Error ? error.message : String(error) };
  }
}
