/** Every single failure and death of a switch of writes, on a small model of tablets and topology. */
import assert from "node:assert/strict";
import { advance, program } from "../../tests/harness/workflow_stages.ts";
import { type Faults, type Late, run, World } from "../../tests/harness/workflow_world.ts";
import { type Place, printEffect } from "./effect.ts";
import { nameOf } from "./facts.ts";
import { migrationId } from "./journal.ts";
import { switchWrites } from "./switch_writes.ts";
import { claimSwitch, undoSwitch } from "./undo_switch.ts";

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

type Fault = "fail_before" | "fail_after" | "die" | "stall";

for (const fault of ["fail_before", "fail_after", "die", "stall"] as const) {
  Deno.test(`switch of writes: ${fault} at every effect ends switched or as before`, () => {
    for (const shape of eachShape().keys()) {
      for (const back of [false, true]) {
        for (let n = 1; sweep({ shape, back, fault, n }); n++);
      }
    }
  });
}

interface Sweep {
  readonly shape: number;
  readonly back: boolean;
  readonly fault: Fault;
  /** Counted from 1. */
  readonly n: number;
}

/** False when there is no effect of that number. */
function sweep({ shape, back, fault, n }: Sweep): boolean {
  const world = eachShape()[shape];
  assert(world !== undefined);
  const stage = back ? "writes_back" : "writes";
  if (back) run(world, program(world, "writes"));
  const check = () => {
    world.clientsWrite();
    checkNothingLost(world, back);
  };
  const faults: Faults = fault === "die" || fault === "stall"
    ? { dieAt: n }
    : { failAt: n, mode: fault === "fail_before" ? "before" : "after" };
  const first = run(world, program(world, stage), faults, check);
  if (first.count < n) return false;
  const source = back ? "target" : "source";
  const where = `${stage} shape ${shape} ${fault} at ${n}:\n${first.lines.join("\n")}`;
  if (first.state?.at === "failed" && first.state.text.includes("as it was before")) {
    assert.equal(world.notes.size, 0, where);
    assert.equal(settledSide(world, where), source, where);
    checkStreams(world, where);
  }
  if (fault === "die" || fault === "stall") heal(world, check, where);
  if (fault === "stall" && first.late !== undefined) goOn(world, first.late, check, where);
  const again = run(world, program(world, stage), {}, check);
  assert.equal(again.state?.at, "done", `${where}\nagain:\n${again.lines.join("\n")}`);
  assert.notEqual(settledSide(world, where), source, where);
  checkStreams(world, where);
  assert.equal(world.notes.size, 0, where);
  return true;
}

/** As another vtctld does that finds the note. */
function heal(world: World, check: () => void, where: string): void {
  for (const note of [...world.notes.values()]) {
    const facts = () => world.facts(note.workflow, note.workflow === "w_reverse");
    run(world, claimSwitch(facts(), note), {}, check);
    const now = facts();
    const decided = now.journaled.size > 0 ? switchWrites(now, note) : undoSwitch(now, note);
    const { state, lines } = run(world, decided, {}, check);
    assert.equal(state?.at, "done", `${where}\nhealing:\n${lines.join("\n")}`);
    assert.equal(world.notes.size, 0, where);
    settledSide(world, where);
    checkStreams(world, where);
  }
}

/** The run that stood still sends what it was about to send, without a look at its lock. */
function goOn(world: World, { effect, token }: Late, check: () => void, where: string): void {
  const before = settledSide(world, where);
  try {
    world.perform(effect, token, true);
  } catch {
    return; // Refused, which is how it should be.
  }
  check();
  // Nothing comes between a tablet and what the topology says.
  for (const shard of world.shards.values()) world.refresh(shard);
  check();
  assert.equal(settledSide(world, where), before, `${where}\nlate: ${printEffect(effect)}`);
  checkStreams(world, `${where}\nlate: ${printEffect(effect)}`);
}

/** Streams to where writes go stand still, those to the other side run. */
function checkStreams(world: World, where: string): void {
  const { streams, reverseStreams } = world.facts("w");
  const [still, running] = settledSide(world, where) === "target"
    ? [streams, reverseStreams]
    : [reverseStreams, streams];
  assert(still.every(({ stream }) => stream.state !== "Running"), `${where}\ndouble streams`);
  assert(still.every(({ stream }) => stream.message === "FROZEN"), `${where}\nnot frozen`);
  assert(running.length > 0, where);
  assert(running.every(({ stream }) => stream.state === "Running"), `${where}\nstopped streams`);
}

Deno.test("a workflow's journal has another id after its streams were made anew", () => {
  const world = new World("move_tables", ["-"], ["-"]);
  world.addStreams("w");
  const id = migrationId("customer", world.facts("w").streams);
  assert.match(id, /^\d+$/);
  assert.equal(migrationId("customer", world.facts("w").streams), id);
  advance(world, ["writes"]);
  advance(world, ["writes_back"]);
  assert.notEqual(migrationId("customer", world.facts("w").streams), id);
});
