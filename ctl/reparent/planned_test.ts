import assert from "node:assert/strict";
import { golden } from "../../tests/golden/golden.ts";
import type { TabletType } from "../../shared/model/tablet.ts";
import { type Effect, type Event, printEffect } from "./effect.ts";
import type { Member, Report } from "./member.ts";
import { begin, type ReparentRequest, type State, step } from "./planned.ts";

/** A shard whose tablets do exactly what they are told: enough to check decisions against. */
interface Server {
  readonly alias: string;
  type: TabletType;
  termMs: number | undefined;
  readOnly: boolean;
  /** Transactions of one domain; `errant` ones are of a domain of their own. */
  sequence: number;
  readonly errant: boolean;
  readonly alive: boolean;
  replicating: boolean;
  source: string | undefined;
}

interface Model {
  readonly servers: Map<string, Server>;
  recorded: { readonly alias: string; readonly termStartMs: number } | undefined;
  /** The last transaction that a client was told of. */
  acknowledged: number;
  nowMs: number;
}

type Mode = "answered" | "lost_before" | "lost_after";

const REQUEST: ReparentRequest = {
  newPrimary: undefined,
  avoidPrimary: undefined,
  expectedPrimary: undefined,
  semiSync: false,
  allowCrossCell: false,
  lagMaxSeconds: undefined,
  force: false,
};

function positionOf(server: Server): string {
  if (server.sequence === 0) return "";
  return `0-1-${server.sequence}${server.errant ? ",7-7-1" : ""}`;
}

/** Clients write wherever a server takes it; two such servers would be a split brain. */
function write(model: Model): void {
  const writable = [...model.servers.values()].filter((server) => !server.readOnly);
  assert(writable.length <= 1, `split brain: ${writable.map((s) => s.alias).join(" and ")}`);
  const [primary] = writable;
  if (primary === undefined) return;
  assert(primary.sequence >= model.acknowledged, `${primary.alias} lost acknowledged rows`);
  model.acknowledged = ++primary.sequence;
}

function server(model: Model, alias: string): Server {
  const found = model.servers.get(alias);
  assert(found !== undefined, alias);
  return found;
}

function report(one: Server, primary: string | undefined): Report {
  if (!one.alive) return { alive: false, error: "connection refused" };
  return {
    alive: true,
    position: positionOf(one),
    replicating: one.replicating && one.source === primary,
    lagSeconds: one.replicating ? 0 : undefined,
    lastError: "",
    readOnly: one.readOnly,
  };
}

/** The shard's record is claimed first: who isn't named there takes no writes. */
function becomePrimary(model: Model, one: Server): void {
  const termStartMs = ++model.nowMs;
  model.recorded = { alias: one.alias, termStartMs };
  Object.assign(one, { type: "primary", readOnly: false, replicating: false, source: undefined });
  one.termMs = termStartMs;
}

/** What the tablet or the topology does. Throws when it refuses. */
function perform(model: Model, effect: Exclude<Effect, { do: "say" | "survey" }>): Event {
  const one = effect.do === "record" ? undefined : server(model, effect.tablet);
  if (one?.alive === false) throw new Error("connection refused");
  switch (effect.do) {
    case "wait": {
      assert(one);
      // Replication brings what the source has.
      const want = Number(/^0-1-(\d+)/.exec(effect.position)?.[1] ?? 0);
      const source = one.source === undefined ? undefined : server(model, one.source);
      if (one.replicating && source !== undefined) {
        one.sequence = Math.max(one.sequence, source.sequence);
      }
      if (one.sequence < want) throw new Error("timed out");
      return { on: "done", effect };
    }
    case "demote":
      assert(one);
      one.readOnly = true;
      return { on: "done", effect, position: positionOf(one) };
    case "undo_demote":
      assert(one);
      becomePrimary(model, one);
      return { on: "done", effect };
    case "promote":
    case "init":
      assert(one);
      if (one.type !== "primary" || one.readOnly) becomePrimary(model, one);
      return { on: "done", effect, position: positionOf(one) };
    case "inspect":
      assert(one);
      return { on: "done", effect, readOnly: one.readOnly };
    case "point":
      assert(one);
      Object.assign(one, { type: "replica", readOnly: true, replicating: true });
      Object.assign(one, { source: effect.parent, termMs: undefined });
      return { on: "done", effect };
    case "record":
      if (model.recorded?.alias !== effect.primary) {
        model.recorded = { alias: effect.primary, termStartMs: ++model.nowMs };
      }
      return { on: "done", effect };
  }
}

interface Plan {
  /** The n-th effect (from 0, without say and survey) that fails, and how. */
  readonly failAt?: number;
  readonly mode?: Mode;
  /** vtctld dies right before (false) or after (true) running that effect. */
  readonly crash?: "before" | "after";
  /** Effects whose text starts with one of these fail; the mode stands in front. */
  readonly fail?: readonly (readonly [mode: Mode, text: string])[];
}

interface Run {
  readonly state: State;
  readonly transcript: readonly string[];
  readonly effects: number;
}

function members(model: Model): readonly Member[] {
  return [...model.servers.values()].map((one) => ({
    alias: one.alias,
    cell: one.alias.split("-")[0] ?? "",
    type: one.type,
    primaryTermStartMs: one.termMs,
  }));
}

/** Runs the machine against the model, with failures as planned, and clients writing all along. */
function run(model: Model, request: ReparentRequest, plan: Plan = {}): Run {
  const shard = { members: members(model), recorded: model.recorded };
  const transcript: string[] = [];
  let [state, queue] = begin(shard, request);
  let count = 0;
  while (queue.length > 0) {
    const [effect, ...rest] = queue;
    queue = rest;
    assert(effect !== undefined);
    if (effect.do === "say") {
      transcript.push(`say ${effect.line}`);
      continue;
    }
    let event: Event;
    write(model);
    if (effect.do === "survey") {
      const aliases = [...effect.first, ...(effect.last === undefined ? [] : [effect.last])];
      event = {
        on: "surveyed",
        reports: new Map(
          aliases.map((alias) => [alias, report(server(model, alias), effect.last)]),
        ),
      };
      transcript.push(printEffect(effect));
    } else {
      if (plan.failAt === count && plan.crash === "before") break;
      const mode = plan.failAt === count && plan.crash === undefined
        ? plan.mode
        : plan.fail?.find(([, text]) => printEffect(effect).startsWith(text))?.[0];
      event = attempt(model, effect, mode);
      transcript.push(`${printEffect(effect)}: ${printEvent(event)}`);
      if (plan.failAt === count && plan.crash === "after") break;
      count++;
    }
    write(model);
    const [next, more] = step(state, event);
    state = next;
    queue = [...queue, ...more];
  }
  return { state, transcript, effects: count };
}

function attempt(
  model: Model,
  effect: Exclude<Effect, { do: "say" | "survey" }>,
  mode: Mode | undefined,
): Event {
  const failed = (error: string, answered: boolean): Event => ({
    on: "failed",
    effect,
    error,
    answered,
  });
  try {
    if (mode === "answered") return failed("no", true);
    if (mode === "lost_before") return failed("no answer", false);
    const event = perform(model, effect);
    return mode === "lost_after" ? failed("no answer", false) : event;
  } catch (error) {
    const text = error instanceof Error ? error.message : "";
    return failed(text, text === "timed out");
  }
}

function printEvent(event: Event): string {
  if (event.on === "failed") return `${event.answered ? "refused" : "lost"}: ${event.error}`;
  if (event.on !== "done") return event.on;
  const facts = [event.position, event.readOnly === undefined ? undefined : `${event.readOnly}`];
  return ["ok", ...facts.filter((fact) => fact !== undefined)].join(" ");
}

/** "zone1-1 primary 10 term=1 dead stopped errant source=zone1-2 read_only" */
function parseServer(line: string): Server {
  const [alias = "", type = "", sequence = "0", ...rest] = line.split(" ");
  const value = (name: string) => rest.find((w) => w.startsWith(`${name}=`))?.split("=")[1];
  const primary = type === "primary";
  return {
    alias,
    type: type as TabletType,
    termMs: value("term") === undefined ? undefined : Number(value("term")),
    readOnly: !primary || rest.includes("read_only"),
    sequence: Number(sequence),
    errant: rest.includes("errant"),
    alive: !rest.includes("dead"),
    replicating: !primary && value("source") !== undefined && !rest.includes("stopped"),
    source: value("source"),
  };
}

function parseModel(lines: readonly string[], recorded: string | undefined): Model {
  const servers = lines.map(parseServer);
  const named = servers.find((one) => one.alias === recorded);
  const writable = servers.filter((one) => !one.readOnly);
  return {
    servers: new Map(servers.map((one) => [one.alias, one])),
    recorded: recorded === undefined
      ? undefined
      : { alias: recorded, termStartMs: named?.termMs ?? 1 },
    acknowledged: Math.max(0, ...writable.map((one) => one.sequence)),
    nowMs: 100,
  };
}

golden(new URL("./testdata/", import.meta.url), ({ args, input }) => {
  const lines = input.split("\n");
  const failures = lines.filter((line) => line.startsWith("fail "));
  const model = parseModel(lines.filter((line) => !line.startsWith("fail ")), args.get("recorded"));
  const { state, transcript } = run(model, {
    newPrimary: args.get("new"),
    avoidPrimary: args.get("avoid"),
    expectedPrimary: args.get("expected"),
    semiSync: args.has("semi_sync"),
    allowCrossCell: args.has("cross_cell"),
    lagMaxSeconds: undefined,
    force: args.has("force"),
  }, {
    fail: failures.map((line) => {
      const [, mode, ...text] = line.split(" ");
      return [mode as Mode, text.join(" ")];
    }),
  });
  const end = state.at === "done"
    ? `done ${state.outcome.primary}`
    : state.at === "failed"
    ? `failed ${state.failure.id}`
    : state.at;
  return [...transcript, end].join("\n");
});

const SHARDS: readonly (readonly string[])[] = [
  ["z-1 primary 10 term=5", "z-2 replica 10 source=z-1"],
  ["z-1 primary 10 term=5", "z-2 replica 8 source=z-1", "z-3 replica 10 source=z-1"],
];

/** Every effect fails in every way, or vtctld dies there; then the command runs again. */
function eachFault(check: (plan: Plan, label: string) => void): void {
  for (let failAt = 0; failAt < 12; failAt++) {
    for (const mode of ["answered", "lost_before", "lost_after"] as const) {
      check({ failAt, mode }, `effect ${failAt} ${mode}`);
    }
    for (const crash of ["before", "after"] as const) {
      check({ failAt, crash }, `crash ${crash} effect ${failAt}`);
    }
  }
}

function checkWhole(model: Model, state: State, label: string): void {
  assert.equal(state.at, "done", `${label}: ${JSON.stringify(state)}`);
  write(model);
  const writable = [...model.servers.values()].filter((one) => !one.readOnly);
  assert.equal(writable.length, 1, `${label}: nobody takes writes`);
  assert.equal(
    model.recorded?.alias,
    writable[0]?.alias,
    `${label}: the record names another primary`,
  );
  for (const one of model.servers.values()) {
    if (one.readOnly) assert.equal(one.source, writable[0]?.alias, `${label}: ${one.alias}`);
  }
}

Deno.test("any single fault loses no acknowledged row and splits no brain; a rerun completes", () => {
  for (const lines of SHARDS) {
    eachFault((plan, label) => {
      const model = parseModel(lines, "z-1");
      run(model, { ...REQUEST, newPrimary: "z-2" }, plan);
      const again = run(model, { ...REQUEST, newPrimary: "z-2" });
      checkWhole(model, again.state, `${label}, rerun`);
      assert.equal(model.recorded?.alias, "z-2", label);
    });
  }
});

Deno.test("after any single fault the old primary can be asked back", () => {
  for (const lines of SHARDS) {
    eachFault((plan, label) => {
      const model = parseModel(lines, "z-1");
      run(model, { ...REQUEST, newPrimary: "z-2" }, plan);
      checkWhole(model, run(model, { ...REQUEST, newPrimary: "z-1" }).state, `${label}, back`);
      assert.equal(model.recorded?.alias, "z-1", label);
    });
  }
});

Deno.test("an undone reparent leaves the old primary taking writes", () => {
  const model = parseModel(SHARDS[1] ?? [], "z-1");
  const { state } = run(model, { ...REQUEST, newPrimary: "z-2" }, {
    fail: [["answered", "promote z-2"]],
  });
  assert.equal(state.at, "failed");
  assert.equal(server(model, "z-1").readOnly, false);
  assert.equal(server(model, "z-3").source, "z-1");
});

/** A small linear congruential generator: the same seed, the same faults. */
function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
}

Deno.test("runs that fail again and again at random places lose nothing either", () => {
  const modes = ["answered", "lost_before", "lost_after"] as const;
  for (let seed = 1; seed <= 3000; seed++) {
    const next = randomOf(seed);
    const model = parseModel(SHARDS[next(2)] ?? [], "z-1");
    const history: string[] = [];
    for (let runs = 1 + next(4); runs > 0; runs--) {
      const newPrimary = [undefined, "z-1", "z-2"][next(3)];
      const failAt = next(12);
      const plan: Plan = next(2) === 0
        ? { failAt, mode: modes[next(3)] ?? "answered" }
        : { failAt, crash: next(2) === 0 ? "before" : "after" };
      const { transcript } = run(model, { ...REQUEST, newPrimary }, plan);
      history.push(`-- ${newPrimary} ${JSON.stringify(plan)}`, ...transcript);
    }
    const last = run(model, { ...REQUEST, newPrimary: next(2) === 0 ? "z-1" : "z-2" });
    checkWhole(model, last.state, `seed ${seed}\n${[...history, ...last.transcript].join("\n")}\n`);
  }
});
