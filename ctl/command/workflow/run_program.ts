/**
 * Runs a program of ctl/workflow under the keyspaces' locks: does its effects, feeds back what came
 * of them, tells the caller how it goes. Until writes stop the caller may leave and all is undone;
 * from then on it is brought to an end, whoever leaves.
 */
import { vtError } from "../../../shared/error/errors.ts";
import { lockKeyspace } from "../../../topo/locks.ts";
import type { Lock } from "../../../topo/store.ts";
import { type Effect, type Event, nameEffect } from "../../workflow/effect.ts";
import { begin as beginProgram, type Program, type State, step } from "../../workflow/program.ts";
import type { CommandContext } from "../context.ts";
import type { Act, Hands } from "./perform.ts";
import { isTopologyAway, persist } from "./persist.ts";

/**
 * What follows the stop of writes, or a failure, ends within this, done or undone. Each of its steps
 * has a shorter time of its own: this is for what nobody thought of.
 */
const FINISH_TIMEOUT_MS = 15 * 60_000;

/** Tokens that one holder of a lock may use up: a few for each program. */
const TOKENS_OF_A_LOCK = 10_000;

export interface Outcome {
  /** How long neither side took writes, when they were switched. */
  readonly pauseMs: number | undefined;
}

export interface HeldLocks extends AsyncDisposable {
  /** Throws VT21007 when one is gone. */
  check(): void;
  /** What tablets of the keyspace tell its holders by: greater than those of all before. */
  token(keyspace: string): number;
  /** Makes the tokens greater; see Hands. */
  nextToken(): void;
  readonly lost: AbortSignal;
}

/**
 * Locks keyspaces in the order of their names, so that two commands never wait for each other.
 * `lock` may be tryLockKeyspace, for who doesn't wait at all.
 */
export async function lockKeyspaces(
  context: CommandContext,
  keyspaces: readonly string[],
  action: string,
  lock: typeof lockKeyspace = lockKeyspace,
): Promise<HeldLocks> {
  const stack = new AsyncDisposableStack();
  const locks = new Map<string, Lock>();
  try {
    for (const keyspace of [...new Set(keyspaces)].sort()) {
      locks.set(keyspace, stack.use(await lock(context.topo, keyspace, action, context)));
    }
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
  let fences = 0;
  return {
    check: () => locks.forEach((held) => held.check()),
    token: (keyspace) => {
      const held = locks.get(keyspace);
      if (held === undefined) throw new TypeError(`the lock on ${keyspace} is not held`);
      return held.token * TOKENS_OF_A_LOCK + fences;
    },
    nextToken: () => void fences++,
    lost: AbortSignal.any([...locks.values()].map(({ lost }) => lost)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** VT22006 when it failed, with what became of it and how to go on. */
export async function runProgram(
  context: CommandContext,
  program: Program,
  primaries: Hands["primaries"],
  locks: HeldLocks,
): Promise<Outcome> {
  let finish: AbortSignal | undefined;
  const begin = (): void => {
    finish ??= AbortSignal.any([locks.lost, AbortSignal.timeout(FINISH_TIMEOUT_MS)]);
  };
  const leave = AbortSignal.any([locks.lost, context.signal]);
  const watch = new PauseWatch(() => context.clock.monotonicMs());
  const hands: Hands = {
    context,
    primaries,
    check: locks.check,
    token: locks.token,
    nextToken: locks.nextToken,
    signal: () => finish ?? leave,
  };
  const attempt = async (effect: Act, half: boolean): Promise<Event> => {
    if (stopsWrites(effect)) begin();
    const startedMs = context.clock.monotonicMs();
    watch.before(effect);
    try {
      const value = await persist(
        hands,
        effect,
        (error) => half || (finish !== undefined && isTopologyAway(error)),
      );
      watch.after(effect);
      context.log.info("workflow effect", {
        effect: nameEffect(effect),
        tookMs: Math.round(context.clock.monotonicMs() - startedMs),
      });
      return value === undefined ? { on: "done", effect } : { on: "done", effect, value };
    } catch (error) {
      // What undoes it runs though the caller has left.
      begin();
      return {
        on: "failed",
        effect,
        error: error instanceof Error ? error.message : String(error),
      };
    }
  };
  const state = await drive(context, program, attempt);
  if (state.at === "failed") throw vtError("VT22006", state.text);
  return { pauseMs: watch.pauseMs };
}

async function drive(
  context: CommandContext,
  program: Program,
  attempt: (effect: Act, half: boolean) => Promise<Event>,
): Promise<State> {
  let [state, effects] = beginProgram(program);
  const open = new Set<Promise<{ readonly event: Event; readonly done: () => void }>>();
  const launch = (more: readonly Effect[]): void => {
    for (const effect of more) {
      if (effect.do === "say") {
        context.say(effect.line);
        continue;
      }
      const running = attempt(effect, leavesHalf(state)).then((event) => ({
        event,
        done: () => open.delete(running),
      }));
      open.add(running);
    }
  };
  launch(effects);
  while (open.size > 0) {
    const { event, done } = await Promise.race(open);
    done();
    [state, effects] = step(state, event);
    launch(effects);
  }
  return state;
}

/** Giving up now would leave things half done, until somebody runs the command again. */
function leavesHalf(state: State): boolean {
  return state.at === "undoing" ||
    (state.at === "running" && state.program.phases[state.index]?.onFailure === "stop");
}

function stopsWrites(effect: Effect): boolean {
  return (effect.do === "deny" && effect.denied) || (effect.do === "queries" && effect.disabled);
}

/** From the first effect that stops writes to the one that tells gates where they go now. */
class PauseWatch {
  readonly #now: () => number;
  #stoppedMs: number | undefined;
  pauseMs: number | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  before(effect: Effect): void {
    if (stopsWrites(effect)) this.#stoppedMs ??= this.#now();
  }

  after(effect: Effect): void {
    const opens = effect.do === "rebuild_vschema" ||
      (effect.do === "serve" && effect.change.type === "primary");
    if (opens && this.#stoppedMs !== undefined) {
      this.pauseMs = Math.round(this.#now() - this.#stoppedMs);
    }
  }
}
