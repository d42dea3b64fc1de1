/** SwitchTraffic and ReverseTraffic: reads, writes or both, there or back. */
import { vtError } from "../../../shared/error/errors.ts";
import { checkCanSwitch, checkSourcesHear } from "../../workflow/checks.ts";
import {
  commandOf,
  isFrozen,
  READ_TYPES,
  reverseName,
  type ServedType,
  type WorkflowFacts,
} from "../../workflow/facts.ts";
import { checkPlacementKept } from "../../workflow/kept_placement.ts";
import { checkNeighbours, checkReaders } from "../../workflow/neighbours.ts";
import { printPlan, type Program } from "../../workflow/program.ts";
import { deniedTables } from "../../workflow/rivals.ts";
import { switchReads } from "../../workflow/switch_reads.ts";
import { switchWrites } from "../../workflow/switch_writes.ts";
import { printTraffic, readTraffic } from "../../workflow/traffic.ts";
import type { CommandContext } from "../context.ts";
import { checkSchemas } from "./check_schemas.ts";
import { checkStoredUses } from "./check_stored_uses.ts";
import { cutSwitches, finishUnfinished, printCut } from "./heal_switch.ts";
import { type FoundWorkflow, readWorkflow } from "./read_facts.ts";
import { around, streamsElsewhere } from "./streams_around.ts";
import { type HeldLocks, lockKeyspaces, runProgram } from "./run_program.ts";

export interface WorkflowName {
  readonly keyspace: string;
  readonly workflow: string;
}

export interface SwitchOptions {
  readonly types: readonly ServedType[];
  readonly cells: readonly string[];
  readonly timeoutMs: number;
  readonly lagMaxMs: number;
  readonly reverse: boolean;
  readonly reverseStopped: boolean;
  readonly initSequences: boolean;
  readonly dryRun: boolean;
}

/** What is asked for, and how it was found. */
interface Wish extends SwitchOptions {
  /** By a dry run, which doesn't end what was cut. */
  readonly isCut: boolean;
  /** Both sides were looked at, and nothing was switched since. */
  readonly areSidesChecked: boolean;
}

export interface SwitchResult {
  readonly workflow: string;
  readonly keyspace: string;
  readonly startState: string;
  readonly currentState: string;
  readonly plan: readonly string[] | undefined;
  /** How long neither side took writes; undefined when they weren't switched. */
  readonly pauseMs: number | undefined;
}

export type Direction = "there" | "back";

/** VT22002 "cannot switch traffic ... at this time: ..."; VT22006 when it went wrong. */
export async function switchTraffic(
  context: CommandContext,
  name: WorkflowName,
  direction: Direction,
  options: SwitchOptions,
): Promise<SwitchResult> {
  const found = await readWorkflow(context, name.keyspace, name.workflow);
  refuseMaterialize(found.facts);
  const verb = direction === "there" ? "SwitchTraffic" : "ReverseTraffic";
  const keyspaces = [found.facts.sourceKeyspace, found.facts.targetKeyspace];
  await using locks = await lockKeyspaces(context, keyspaces, `${verb}(${name.workflow})`);
  const cut = options.dryRun ? await cutSwitches(context, found.facts) : [];
  if (!options.dryRun) await finishUnfinished(context, found.facts, locks);
  let wish: Wish = { ...options, isCut: cut.length > 0, areSidesChecked: false };
  // Under the locks nobody else changes routing, so what is read from here on holds.
  const start = await readWorkflow(context, name.keyspace, name.workflow);
  const startState = printTraffic(readTraffic(start.facts));
  // Before anything is switched: reads aren't left switched by writes that can't be.
  if (direction === "there" && !isFrozen(start.facts)) {
    checkNow(context, start.facts, wish);
    if (options.types.includes("primary") && start.facts.journaled.size === 0) {
      await checkBothSides(context, start, options);
      wish = { ...wish, areSidesChecked: true };
    }
  }
  const steps = direction === "there" ? ["reads", "writes"] as const : ["writes", "reads"] as const;
  const plan: string[] = cut.map((record) => `${printCut(record)}; it is ended first`);
  let pauseMs: number | undefined;
  for (const step of steps) {
    const current = step === steps[0] || options.dryRun
      ? start
      : await readWorkflow(context, name.keyspace, name.workflow);
    const work = step === "reads"
      ? readProgram(current, direction, options)
      : await writeProgram(context, current, direction, wish);
    if (work === undefined) continue;
    if (options.dryRun) plan.push(...printPlan(work.program));
    else {
      pauseMs = await runStep(context, work, locks) ?? pauseMs;
      wish = { ...wish, areSidesChecked: false };
    }
  }
  const end = options.dryRun ? start : await readWorkflow(context, name.keyspace, name.workflow);
  const ordered = [...new Set(keyspaces)].sort();
  return {
    workflow: name.workflow,
    keyspace: name.keyspace,
    startState,
    currentState: printTraffic(readTraffic(end.facts)),
    pauseMs,
    plan: options.dryRun
      ? [
        ...ordered.map((keyspace) => `Lock keyspace ${keyspace}`),
        ...plan,
        ...ordered.toReversed().map((keyspace) => `Unlock keyspace ${keyspace}`),
      ]
      : undefined,
  };
}

interface Work {
  readonly program: Program;
  readonly primaries: FoundWorkflow["primaries"];
}

async function runStep(
  context: CommandContext,
  { program, primaries }: Work,
  locks: HeldLocks,
): Promise<number | undefined> {
  const { pauseMs } = await runProgram(context, program, primaries, locks);
  if (pauseMs !== undefined) context.say(`writes were paused for ${pauseMs} ms`);
  return pauseMs;
}

function refuseMaterialize({ kind, name }: WorkflowFacts): void {
  if (kind !== "materialize") return;
  throw vtError("VT22001", `${name} is a Materialize workflow: it has no traffic to switch`);
}

function readProgram(
  { facts, primaries }: FoundWorkflow,
  direction: Direction,
  options: SwitchOptions,
): Work | undefined {
  const traffic = readTraffic(facts);
  const types = READ_TYPES.filter((type) =>
    options.types.includes(type) && (direction === "there" || traffic[type].switched.length > 0)
  );
  if (types.length === 0) return undefined;
  const { cells } = options;
  if (cells.length > 0 && facts.kind !== "reshard") {
    throw vtError(
      "VT12001",
      "switching reads of tables in some cells: routing rules hold for all; leave --cells out",
    );
  }
  const to = direction === "there" ? "target" : "source";
  return { primaries, program: switchReads(facts, { types, to, cells }) };
}

async function writeProgram(
  context: CommandContext,
  found: FoundWorkflow,
  direction: Direction,
  wish: Wish,
): Promise<Work | undefined> {
  if (!wish.types.includes("primary")) return undefined;
  const { facts } = found;
  const traffic = readTraffic(facts);
  const verb = direction === "there" ? "switchtraffic" : "reversetraffic";
  const command = `${commandOf(facts)} ${verb}`;
  if (direction === "there") {
    if (traffic.writesSwitched && isFrozen(facts)) {
      context.say("Writes are switched already");
      return undefined;
    }
    return await writesOf(context, found, wish, command);
  }
  if (facts.reverseStreams.length === 0) {
    if (!traffic.writesSwitched) return undefined;
    throw vtError(
      "VT22002",
      `workflow ${facts.name} has no reverse streams: it was switched with --enable-reverse-replication=false, and its writes can't be brought back; complete it`,
    );
  }
  const back = await readWorkflow(context, facts.sourceKeyspace, reverseName(facts.name));
  if (!traffic.writesSwitched && (isFrozen(back.facts) || back.facts.journaled.size === 0)) {
    refuseLostRules(facts);
    context.say("Writes are on the source already");
    return undefined;
  }
  return await writesOf(context, back, wish, command);
}

/** VT22002 when the source refuses the tables all the same: somebody has removed the rules. */
function refuseLostRules(facts: WorkflowFacts): void {
  if (!isFrozen(facts) || deniedTables(facts.sources, facts.tables) === undefined) return;
  throw vtError(
    "VT22002",
    `writes of workflow ${facts.name} were switched, but no routing rule says so any more; ${
      commandOf(facts)
    } switchtraffic puts the rules back, then they can be reversed`,
  );
}

function checkNow(context: CommandContext, facts: WorkflowFacts, wish: Wish): void {
  if (facts.journaled.size === 0) checkPlacementKept(facts);
  checkCanSwitch(facts, {
    lagMaxSeconds: Math.ceil(wish.lagMaxMs / 1000),
    nowSeconds: Math.floor(context.clock.now() / 1000),
    isCut: wish.isCut,
  });
}

/** VT22002 when writes would not find what they need, or not come where they belong. */
async function checkBothSides(
  context: CommandContext,
  found: FoundWorkflow,
  options: SwitchOptions,
): Promise<void> {
  checkSourcesHear(found.facts);
  await checkSchemas(context, found);
  await checkStoredUses(context, found);
  const { kind, sourceKeyspace, sources, name } = found.facts;
  const isKept = options.reverse && !options.reverseStopped;
  // Rows that come back are read where they were.
  if (kind === "move_tables" && isKept) return;
  // Some may have been created since this one was.
  const what = kind === "move_tables" ? "these tables" : "the shards that writes leave";
  const streams = await streamsElsewhere(
    context,
    [],
    `one there that reads ${what} in ${sourceKeyspace}, and would stand still from the switch on,`,
  );
  if (kind === "move_tables") return checkReaders(found.facts, streams);
  const shards = sources.map(({ shard }) => shard);
  checkNeighbours(sourceKeyspace, around(streams, sourceKeyspace, shards, name));
}

async function writesOf(
  context: CommandContext,
  found: FoundWorkflow,
  wish: Wish,
  command: string,
): Promise<Work> {
  const { facts, primaries } = found;
  checkNow(context, facts, wish);
  if (facts.journaled.size === 0 && !wish.areSidesChecked) {
    await checkBothSides(context, found, wish);
  }
  const { timeoutMs, reverse, reverseStopped, initSequences } = wish;
  const program = switchWrites(facts, {
    timeoutMs,
    reverse,
    reverseStopped,
    initSequences,
    command,
  });
  return { primaries, program };
}
