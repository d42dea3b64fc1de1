/** The streams of a workflow: which shard takes which rows from where. */
import { overlaps } from "../../shared/key/range.ts";
import type { FilterRule, NewStream, OnDdl, WorkflowType } from "../../shared/rpc/vreplication.ts";
import { placementOf, ruleFor, type ShardedBy } from "./filter.ts";
import { notePlacement } from "./kept_placement.ts";
import { rangeOf } from "./serving.ts";
import type { Place } from "./effect.ts";

export interface StreamOptions {
  readonly workflow: string;
  readonly workflowType: WorkflowType;
  readonly cells: string;
  readonly tabletTypes: string;
  readonly onDdl: OnDdl;
  readonly stopAfterCopy: boolean;
  readonly state: NewStream["state"];
  readonly deferSecondaryKeys: boolean;
  /** Vtctld's notes, such as what the workflow is for. */
  readonly options: string;
}

export interface PlannedStream {
  /** Where it runs. */
  readonly at: Place;
  readonly stream: NewStream;
}

export interface Flow {
  readonly sources: readonly Place[];
  readonly targets: readonly Place[];
  readonly tables: readonly string[];
  /** How the shards that rows go to are sharded. */
  readonly target: ShardedBy;
  /** How the shards that rows come from are. */
  readonly source: ShardedBy;
}

/**
 * One stream per source shard and target shard that may have rows in common. A table that every
 * source shard has whole (a reference table) comes from the first source alone.
 */
export function planStreams(
  flow: Flow,
  options: StreamOptions,
  positionOf: (source: Place) => string = () => "",
): readonly PlannedStream[] {
  const noted = {
    ...options,
    options: notePlacement(options.options, flow.target, flow.tables),
  };
  return flow.targets.flatMap((target) => {
    const sources = flow.sources.filter((source) => mayShareRows(flow, source, target));
    return sources.flatMap((source, i) => {
      const rules = flow.tables.filter((table) => i === 0 || !isCopied(flow, table))
        .map((table) => ruleFor(table, flow.target, target.shard));
      if (rules.length === 0) return [];
      return [{ at: target, stream: newStream(source, rules, noted, positionOf(source)) }];
    });
  });
}

/** With the same VSchema on both sides, rows stay in their key range. */
function mayShareRows(flow: Flow, source: Place, target: Place): boolean {
  const { keyspace, document } = flow.target;
  const isSame = flow.source.keyspace === keyspace ||
    (document.sharded && flow.source.document.sharded &&
      flow.tables.every((table) => samePlacement(flow, table)));
  return !isSame || overlaps(rangeOf(source.shard), rangeOf(target.shard));
}

function samePlacement({ source, target }: Flow, table: string): boolean {
  const [one, other] = [placementOf(source, table), placementOf(target, table)];
  return one.is === "by_vindex" && other.is === "by_vindex" &&
    !one.vindex.includes(".") && one.vindex === other.vindex &&
    one.columns.join() === other.columns.join();
}

/** Every source shard has all rows of the table. */
function isCopied({ source, sources }: Flow, table: string): boolean {
  return sources.length > 1 && placementOf(source, table).is === "everywhere";
}

export function newStream(
  source: Place,
  rules: readonly FilterRule[],
  options: StreamOptions,
  position: string,
): NewStream {
  const { onDdl, stopAfterCopy, ...rest } = options;
  return {
    ...rest,
    source: {
      keyspace: source.keyspace,
      shard: source.shard,
      filter: { rules },
      onDdl,
      stopAfterCopy,
    },
    position,
  };
}
