/**
 * Decisions about workflows against a small model of what tablets and topology do: golden
 * transcripts, and every single failure and crash of a switch of writes.
 */
import assert from "node:assert/strict";
import type { RoutingRules, SrvKeyspace } from "../../shared/model/records.ts";
import type { NewStream, StreamStatus } from "../../shared/rpc/vreplication.ts";
import { type Case, golden } from "../../tests/golden/golden.ts";
import { cancel, complete } from "./finish.ts";
import { createWorkflow } from "./create.ts";
import { type Effect, type Event, type Place, printEffect } from "./effect.ts";
import {
  nameOf,
  type ReadType,
  reverseName,
  type ShardFacts,
  type WorkflowFacts,
} from "./facts.ts";
import { migrationId } from "./journal.ts";
import { begin, printPlan, type Program, type State, step } from "./program.ts";
import { servedBy, withRules } from "./routing.ts";
import { migrateServedType, setQueriesDisabled } from "./serving.ts";
import { planStreams } from "./streams.ts";
import { switchReads } from "./switch_reads.ts";
import { switchWrites, type WriteSwitch } from "./switch_writes.ts";
import { printTraffic, readTraffic } from "./traffic.ts";
import { readDocument } from "./vschema_change.ts";

const TABLES = ["customer", "corder"];
const VSCHEMAS = new Map([
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
  journal: boolean;
  streams: Map<string, StreamStatus>;
}

/** Two keyspaces, or one with old and new shards. */
class World {
  readonly kind: "move_tables" | "reshard";
  readonly shards = new Map<string, Shard>();
  readonly sources: readonly Place[];
  readonly targets: readonly Place[];
  rules: RoutingRules = { rules: [] };
  srv: SrvKeyspace;
  nextId = 1;

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

  get moved() {
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
        from.filter((place) => this.shard(place).journal).map(({ shard }) => shard),
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

  perform(effect: Effect): string | undefined {
    switch (effect.do) {
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
      case "refresh":
        this.refresh(this.shard(effect.at));
        return undefined;
      case "save_rules":
        this.rules = effect.rules;
        return undefined;
      case "primary_serving":
        this.shard(effect.at).primaryServing = effect.serving;
        return undefined;
      case "drain":
      case "position":
        return `0-1-${this.shard(effect.at).writes}`;
      case "read_journal":
        return this.shard(effect.at).journal ? "written" : "";
      case "write_journal": {
        const shard = this.shard(effect.at);
        const isLive = [...shard.streams.values()].some(({ workflow, message }) =>
          workflow === effect.guard && message !== "FROZEN"
        );
        if (isLive) shard.journal = true;
        return undefined;
      }
      default:
        return this.#performOnStreams(effect);
    }
  }

  #performOnStreams(effect: Effect): undefined {
    switch (effect.do) {
      case "create_stream": {
        const { streams } = this.shard(effect.at);
        const key = `${effect.stream.workflow} ${effect.stream.source.shard}`;
        if (!streams.has(key)) streams.set(key, newStatus(this.nextId++, effect.stream));
        return undefined;
      }
      case "stop_stream":
        return this.#change(effect, { state: "Stopped", message: effect.message });
      case "start_stream":
        return this.#change(effect, { state: "Running", message: "" });
      case "freeze_stream":
        return this.#change(effect, { state: "Stopped", message: "FROZEN" });
      case "wait_stream": {
        const shard = this.shard(effect.at);
        const stream = [...shard.streams.values()].find(({ id }) => id === effect.id);
        if (stream?.state !== "Running") throw new Error(`stream ${effect.id} does not run`);
        return this.#change(effect, { position: effect.position });
      }
      case "start_streams": {
        const { streams } = this.shard(effect.at);
        for (const [key, stream] of streams) {
          if (stream.workflow === effect.workflow) {
            streams.set(key, { ...stream, state: "Running" });
          }
        }
        return undefined;
      }
      case "freeze_streams": {
        const { streams } = this.shard(effect.at);
        for (const [key, stream] of streams) {
          if (stream.workflow !== effect.workflow) continue;
          streams.set(key, { ...stream, state: "Stopped", message: "FROZEN" });
        }
        return undefined;
      }
      case "delete_streams": {
        const { streams } = this.shard(effect.at);
        for (const [key, { workflow }] of streams) {
          if (workflow === effect.workflow) streams.delete(key);
        }
        return undefined;
      }
      default:
        return undefined;
    }
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
      options: "{}",
    });
    for (const { at, stream } of planned) {
      this.perform({ do: "create_stream", at, stream: { ...stream, position: "0-1-0" } });
    }
    for (const at of targets) this.perform({ do: "start_streams", at, workflow });
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
    journal: false,
    streams: new Map(),
  };
}

function newStatus(id: number, stream: NewStream): StreamStatus {
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
    rowsCopied: 0,
    copyState: [],
  };
}

const OPTIONS: WriteSwitch = {
  timeoutMs: 30_000,
  reverse: true,
  initSequences: true,
  cells: "",
  tabletTypes: "replica,primary",
  command: "MoveTables --workflow w --target-keyspace customer switchtraffic",
};

interface Faults {
  /** Effects, counted from 1, that fail, before or after they were done. */
  readonly failAt?: number;
  readonly mode?: "before" | "after";
  /** Vtctld dies before this effect. */
  readonly dieAt?: number;
}

/** Runs a program; the texts of what it did. Undefined state: vtctld died. */
function run(
  world: World,
  program: Program,
  faults: Faults = {},
  check: () => void = () => {},
): {
  readonly state: State | undefined;
  readonly lines: readonly string[];
  readonly count: number;
} {
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
    if (count === faults.dieAt) return { state: undefined, lines, count };
    lines.push(printEffect(effect));
    const event = attempt(world, effect, count === faults.failAt ? faults.mode : undefined);
    if (event.on === "failed") lines.push(`  failed: ${event.error}`);
    check();
    [state, queue] = step(state, event);
    pending.push(...queue);
  }
  lines.push(state.at === "failed" ? `failed: ${state.text}` : state.at);
  return { state, lines, count };
}

function attempt(world: World, effect: Effect, mode: Faults["mode"]): Event {
  const failed = { on: "failed", effect, error: "connection lost" } as const;
  if (mode === "before") return failed;
  try {
    const value = world.perform(effect);
    if (mode === "after") return failed;
    return value === undefined ? { on: "done", effect } : { on: "done", effect, value };
  } catch (error) {
    return { on: "failed", effect, error: error instanceof Error ? error.message : String(error) };
  }
}

function worldOf(c: Case): World {
  const kind = c.args.get("kind") === "reshard" ? "reshard" : "move_tables";
  const list = (key: string, fallback: string) => (c.args.get(key) ?? fallback).split(",");
  const world = new World(
    kind,
    list("from", "-"),
    list("to", kind === "reshard" ? "-80,80-" : "-"),
  );
  world.addStreams("w");
  for (const place of world.sources) world.shard(place).writes = 5;
  return world;
}

/** "reads", "writes", "back" ... done beforehand. */
function advance(world: World, stages: readonly string[]): void {
  for (const stage of stages) run(world, program(world, stage));
}

function program(world: World, stage: string): Program {
  const facts = world.facts("w");
  const types: readonly ReadType[] = ["replica", "rdonly"];
  switch (stage) {
    case "replica":
    case "rdonly":
      return switchReads(facts, { types: [stage], to: "target", cells: [] });
    case "reads":
      return switchReads(facts, { types, to: "target", cells: [] });
    case "reads_back":
      return switchReads(facts, { types, to: "source", cells: [] });
    case "writes":
      return switchWrites(facts, OPTIONS);
    case "writes_back":
      return switchWrites(world.facts("w_reverse", true), OPTIONS);
    case "complete":
      return complete(facts, { keepData: false, keepRoutingRules: false, renameTables: false });
    case "complete_rename":
      return complete(facts, { keepData: false, keepRoutingRules: false, renameTables: true });
    case "cancel":
      return cancel(facts, { keepData: false, keepRoutingRules: false });
    case "create":
      return creation(world);
    default:
      throw new Error(`no stage ${stage}`);
  }
}

function creation(world: World): Program {
  const before = { rules: [] };
  return createWorkflow({
    workflow: "w",
    streams: world.facts("w").streams.map(({ shard, stream }) => ({
      at: { keyspace: "customer", shard },
      stream: { ...stream, state: "Init", position: "" },
    })),
    newTables: world.targets.map((at) => ({
      at,
      from: { keyspace: "commerce", shard: "-" },
      tables: TABLES.map((name) => ({ name, sql: `create table ${name}` })),
    })),
    rules: { before, after: world.rules },
    vschema: undefined,
    start: true,
    command: "MoveTables create",
  });
}

golden(new URL("testdata/", import.meta.url), (c) => {
  const world = worldOf(c);
  const stages = c.input.split(/\s+/).filter((word) => word !== "");
  const last = stages.pop() ?? "";
  advance(world, stages);
  switch (c.command) {
    case "run": {
      const failAt = Number(c.args.get("fail") ?? 0);
      const mode = c.args.get("mode") === "after" ? "after" : "before";
      const { lines } = run(world, program(world, last), { failAt, mode });
      return lines.join("\n");
    }
    case "dry_run":
      return printPlan(program(world, last)).join("\n");
    case "rules":
      if (last !== "") advance(world, [last]);
      return world.rules.rules.map(({ fromTable, toTables }) => `${fromTable} -> ${toTables}`)
        .sort().join("\n") || "(none)";
    case "state":
      if (last !== "") advance(world, [last]);
      return printTraffic(readTraffic(world.facts("w")));
    default:
      throw new Error(`no command ${c.command}`);
  }
});

/** Every write that a source took must be on the targets when those take over. */
function checkNothingLost(world: World, back: boolean): void {
  const [from, to] = back ? [world.targets, world.sources] : [world.sources, world.targets];
  const writers = world.writers();
  if (!to.some((place) => writers.includes(world.shard(place)))) return;
  const facts = world.facts(back ? "w_reverse" : "w", back);
  for (const place of from) {
    for (const { stream } of facts.streams.filter((s) => s.stream.source.shard === place.shard)) {
      const have = Number(stream.position.split("-").at(-1));
      assert(have >= world.shard(place).writes, `${nameOf(place)} lost writes`);
    }
  }
}

function eachShape(): readonly World[] {
  const worlds = [
    new World("move_tables", ["-"], ["-"]),
    new World("move_tables", ["-"], ["-80", "80-"]),
    new World("reshard", ["-"], ["-80", "80-"]),
    new World("reshard", ["-80", "80-"], ["-"]),
    new World("reshard", ["-80", "80-"], ["-40", "40-80", "80-c0", "c0-"]),
  ];
  for (const world of worlds) world.addStreams("w");
  return worlds;
}

/** The targets alone, or the sources alone, take writes, and the other way's streams run. */
function settledSide(world: World, where: string): "source" | "target" {
  const writers = world.writers();
  const all = (places: readonly Place[]): boolean =>
    writers.length === places.length &&
    places.every((place) => writers.includes(world.shard(place)));
  assert(all(world.sources) || all(world.targets), where);
  return all(world.sources) ? "source" : "target";
}

for (const fault of ["fail_before", "fail_after", "die"] as const) {
  Deno.test(`switch of writes: ${fault} at every effect ends switched or as before`, () => {
    for (const shape of eachShape().keys()) {
      for (const back of [false, true]) sweep(shape, back, fault);
    }
  });
}

function sweep(shape: number, back: boolean, fault: "fail_before" | "fail_after" | "die"): void {
  for (let n = 1;; n++) {
    const world = eachShape()[shape];
    assert(world !== undefined);
    const stage = back ? "writes_back" : "writes";
    if (back) {
      run(world, program(world, "writes"));
      for (const shard of world.shards.values()) shard.journal = false;
      // Journals are known by the streams' ids: those of the first switch say nothing of this one.
    }
    const check = () => {
      world.clientsWrite();
      checkNothingLost(world, back);
    };
    const faults: Faults = fault === "die"
      ? { dieAt: n }
      : { failAt: n, mode: fault === "fail_before" ? "before" : "after" };
    const first = run(world, program(world, stage), faults, check);
    if (first.count < n) return;
    const source = back ? "target" : "source";
    const where = `${stage} shape ${shape} ${fault} at ${n}:\n${first.lines.join("\n")}`;
    if (first.state?.at === "failed" && first.state.text.includes("as it was before")) {
      assert.equal(settledSide(world, where), source, where);
      const { streams, reverseStreams } = world.facts(back ? "w_reverse" : "w", back);
      const frozen = reverseStreams.every(({ stream }) => stream.message === "FROZEN");
      assert.equal(frozen, true, where);
      assert(streams.every(({ stream }) => stream.state === "Running"), where);
    }
    const again = run(world, program(world, stage), {}, check);
    assert.equal(again.state?.at, "done", `${where}\nagain:\n${again.lines.join("\n")}`);
    assert.notEqual(settledSide(world, where), source, where);
    const reverse = world.facts(back ? "w_reverse" : "w", back).reverseStreams;
    assert(reverse.length > 0 && reverse.every(({ stream }) => stream.state === "Running"), where);
  }
}

Deno.test("a workflow's journal has another id after its streams were made anew", () => {
  const world = new World("move_tables", ["-"], ["-"]);
  world.addStreams("w");
  const id = migrationId("customer", world.facts("w").streams);
  assert.match(id, /^\d+$/);
  assert.equal(migrationId("customer", world.facts("w").streams), id);
  advance(world, ["writes"]);
  for (const shard of world.shards.values()) shard.journal = false;
  advance(world, ["writes_back"]);
  assert.notEqual(migrationId("customer", world.facts("w").streams), id);
});
