import assert from "node:assert/strict";
import { golden } from "../../tests/golden/golden.ts";
import { parseTabletAlias, parseTabletType } from "../../shared/model/tablet.ts";
import { type Desired, type Role, termOf, typeOf } from "./desired.ts";
import type { LagState } from "./lag.ts";
import { type Event, initialState, isServing, type State, step, whyNotServing } from "./state.ts";

/** Input: the desired state at the start, then an event a line. Output: state and effects of each. */
golden(new URL("testdata/state/", import.meta.url), ({ input }) => {
  const [first = "", ...events] = input.split("\n");
  let state = initialState(parseDesired(first.split(" ")));
  const lines = [printState(state)];
  for (const line of events) {
    const [next, effects] = step(state, parseEvent(line, state));
    state = next;
    const done = effects.map((effect) => effect.do).join(" ");
    lines.push(`> ${line}`, `${printState(state)}${done && `\n  ${done}`}`);
  }
  return lines.join("\n");
});

function parseEvent(line: string, state: State): Event {
  const [word = "", ...rest] = line.split(" ");
  switch (word) {
    case "up":
      return { on: "mysqld_up" };
    case "down":
      return { on: "mysqld_down", cause: rest.join(" ") };
    case "desired":
      return { on: "desired", desired: parseDesired(rest) };
    case "converged":
      return { on: "converged", desired: state.desired, lag: parseLag(rest[0]) };
    case "converged_old":
      return { on: "converged", desired: parseDesired(rest), lag: parseLag("0") };
    case "failed":
      return { on: "failed", cause: rest.join(" ") };
    case "look":
      return { on: "replication", lag: parseLag(rest[0]), astray: rest[1] === "astray" };
    case "shutdown":
      return { on: "shutdown" };
    default:
      throw new SyntaxError(`Unknown event ${line}`);
  }
}

function parseLag(text: string | undefined): LagState {
  if (text === "unknown") return { is: "unknown", cause: "" };
  return { is: "known", seconds: Number(text ?? 0), atMs: 0 };
}

function parseDesired(words: readonly string[]): Desired {
  const value = (name: string) =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  return {
    role: parseRole(words[0] ?? "", value("term") ?? "", value("source")),
    semiSync: words.includes("semi_sync"),
    queryServiceDisabled: words.includes("disabled"),
    deniedTables: value("denied")?.split(",") ?? [],
    lagMaxSeconds: 7200,
  };
}

function parseRole(word: string, termStartTime: string, source: string | undefined): Role {
  if (word === "primary" || word === "demoted") return { is: word, termStartTime };
  const type = parseTabletType(word);
  const is = type === "replica" || type === "rdonly" ? "replica" : "spare";
  const from = source === undefined
    ? undefined
    : { alias: parseTabletAlias(source), host: "h", port: 1 };
  return { is, type, source: from, replicationStopped: false };
}

function printState(state: State): string {
  const { role } = state.desired;
  const term = termOf(role);
  const name = role.is === "demoted" ? "demoted" : typeOf(role);
  return `${state.at} ${name}${term ? `@${term}` : ""}: ${whyNotServing(state) ?? "serving"}`;
}

const DESIRED = [
  "primary term=T1",
  "primary term=T2 denied=t",
  "demoted term=T1",
  "replica source=zone1-1",
  "replica source=zone1-2",
  "drained",
].map((text) => parseDesired(text.split(" ")));

const EVENTS: readonly Event[] = [
  { on: "mysqld_up" },
  { on: "mysqld_down", cause: "x" },
  { on: "failed", cause: "x" },
  { on: "shutdown" },
  { on: "replication", lag: { is: "unknown", cause: "" }, astray: true },
  ...DESIRED.flatMap((desired): Event[] => [
    { on: "desired", desired },
    { on: "converged", desired, lag: { is: "known", seconds: 0, atMs: 0 } },
  ]),
];

Deno.test("step() opens and closes the query service exactly where serving changes", () => {
  const walk = (state: State, depth: number): void => {
    if (depth === 0) return;
    for (const event of EVENTS) {
      const [next, effects] = step(state, event);
      const opens = effects.filter((effect) => effect.do === "open_queries").length;
      const closes = effects.filter((effect) => effect.do === "close_queries").length;
      assert.equal(opens, !isServing(state) && isServing(next) ? 1 : 0);
      if (isServing(state) && !isServing(next)) assert.equal(closes, 1);
      if (isServing(next)) assert.equal(closes, 0);
      walk(next, depth - 1);
    }
  };
  for (const desired of DESIRED) walk(initialState(desired), 4);
});

Deno.test("step() serves as primary only after mysqld was made primary since it came up", () => {
  const walk = (state: State, converged: boolean, depth: number): void => {
    if (state.desired.role.is === "primary" && isServing(state)) assert.ok(converged);
    if (depth === 0) return;
    for (const event of EVENTS) {
      const [next] = step(state, event);
      const reached = event.on === "converged" && event.desired.role.is === "primary" &&
        state.desired.role.is === "primary" && state.at !== "disconnected";
      const lost = event.on === "mysqld_down" || event.on === "mysqld_up" ||
        next.desired.role.is !== "primary";
      walk(next, lost ? false : converged || reached, depth - 1);
    }
  };
  for (const desired of DESIRED) walk(initialState(desired), false, 4);
});
