/**
 * Plans by the normaliser's key, within a context: whatever else changes a plan (target, sql_mode,
 * character set). All of it is for one version of the catalog; a new version empties the cache.
 */
import type { Slot } from "../../shared/sql/slots.ts";
import type { Plan, Primitive } from "../plan/plan.ts";
import type { KnownHead } from "./schema_names.ts";

/** Statements of an application number hundreds; generated ones must not fill the memory. */
const PLANS_MAX = 10_000;
/** Longer keys (bulk inserts) hardly come again. */
const KEY_LENGTH_MAX = 16 * 1024;
/** Plans of one key that differ in pinned literals. */
const VARIANTS_MAX = 32;

/** Of the text that the status page shows. */
const ORIGINAL_LENGTH_MAX = 1000;

const NO_HEAD = { sent: new Uint8Array(), renamed: new Uint8Array() };
const NOT_RUN = { executions: 0, errors: 0, timeMs: 0 };

export interface CachedPlan {
  readonly plan: Plan;
  /** The text that it was made for, for /debug/query_plans. */
  readonly original: string;
  /** For metrics: "Route EqualUnique". */
  readonly label: string;
  /** Of its results in text and in binary protocol. */
  readonly head: KnownHead;
  /** QUERY_TIMEOUT_MS of a directive inside the text, which is part of the key. */
  readonly timeoutMs: number | undefined;
  executions: number;
  errors: number;
  timeMs: number;
}

export class PlanCache {
  #version = -1;
  #contexts = new Map<string, Map<string, CachedPlan[]>>();
  #size = 0;
  hits = 0;
  misses = 0;

  get size(): number {
    return this.#size;
  }

  /** The plan that fits the key and the pinned slots. */
  find(
    version: number,
    context: string,
    key: string,
    sql: string,
    slots: readonly Slot[],
  ): CachedPlan | undefined {
    if (version !== this.#version) this.#clear(version);
    const variants = this.#contexts.get(context)?.get(key);
    if (variants !== undefined) {
      for (const cached of variants) {
        if (!pinsFit(cached.plan, sql, slots)) continue;
        this.hits++;
        return cached;
      }
    }
    this.misses++;
    return undefined;
  }

  entry(plan: Plan, original: string, timeoutMs: number | undefined): CachedPlan {
    const label = labelOf(plan.root);
    return {
      plan,
      original: original.slice(0, ORIGINAL_LENGTH_MAX),
      label,
      head: { ...NO_HEAD },
      timeoutMs,
      ...NOT_RUN,
    };
  }

  add(version: number, context: string, key: string, cached: CachedPlan): void {
    if (version !== this.#version || key.length > KEY_LENGTH_MAX) return;
    if (this.#size >= PLANS_MAX) this.#clear(version);
    let plans = this.#contexts.get(context);
    if (plans === undefined) this.#contexts.set(context, plans = new Map());
    const variants = plans.get(key);
    this.#size++;
    if (variants === undefined) plans.set(key, [cached]);
    else if (variants.length < VARIANTS_MAX) variants.push(cached);
    else variants[0] = cached;
  }

  *entries(): Generator<CachedPlan> {
    for (const plans of this.#contexts.values()) {
      for (const variants of plans.values()) yield* variants;
    }
  }

  #clear(version: number): void {
    this.#version = version;
    this.#contexts = new Map();
    this.#size = 0;
  }
}

/** The primitive at the top and how the route below it finds its shards. */
function labelOf(root: Primitive): string {
  switch (root.op) {
    case "Limit":
      return `Limit ${labelOf(root.input)}`;
    case "Aggregate":
      return `Aggregate ${labelOf(root.input)}`;
    default:
      return "routing" in root ? `${root.op} ${root.routing.opcode}` : root.op;
  }
}

function pinsFit(plan: Plan, sql: string, slots: readonly Slot[]): boolean {
  for (const { slot, text } of plan.pins) {
    const found = slots[slot];
    if (found === undefined || sql.slice(found.start, found.end) !== text) return false;
  }
  return true;
}
