/** SwitchReads and back: routing rules for tables, SrvKeyspace for shards. */
import type { Effect } from "./effect.ts";
import { commandOf, type ReadType, type WorkflowFacts } from "./facts.ts";
import type { Phase, Program } from "./program.ts";
import { movedBy, servedBy, type Side } from "./routing.ts";

export interface ReadSwitch {
  readonly types: readonly ReadType[];
  readonly to: Side;
  /** For shards; none means all. Routing rules know no cells. */
  readonly cells: readonly string[];
}

/** Idempotent: what is switched already is written again. */
export function switchReads(facts: WorkflowFacts, change: ReadSwitch): Program {
  const phases = facts.kind === "reshard" ? shardReads(facts, change) : tableReads(facts, change);
  const action = change.to === "target" ? "switchtraffic" : "reversetraffic";
  const types = change.types.join(",");
  const cells = change.cells.length === 0 ? "" : ` --cells ${change.cells.join(",")}`;
  return {
    phases,
    undo: [],
    remedy: `run ${
      commandOf(facts)
    } ${action} --tablet-types ${types}${cells} again to complete it; reads go on either way`,
  };
}

/** "REPLICA,RDONLY". */
function upper(types: readonly string[]): string {
  return types.map((type) => type.toUpperCase()).join(",");
}

function tableReads(facts: WorkflowFacts, { types, to }: ReadSwitch): readonly Phase[] {
  const { targetKeyspace, sourceKeyspace, tables } = facts;
  const served = { ...servedBy(facts.routingRules, facts) };
  for (const type of types) served[type] = to;
  const moved = movedBy(facts);
  const into = to === "target" ? targetKeyspace : sourceKeyspace;
  return [
    phase("Updating routing rules", [{ do: "save_rules", moved, served }], [
      `Switch reads for tables [${tables.join(",")}] to keyspace ${into} for tablet types [${
        upper(types)
      }]`,
      `Routing rules for tables [${tables.join(",")}] will be updated`,
    ]),
    phase("Rebuilding the serving VSchema", [{ do: "rebuild_vschema" }], [
      `Serving VSchema will be rebuilt for the ${targetKeyspace} keyspace`,
    ]),
  ];
}

function shardReads(facts: WorkflowFacts, { types, to, cells }: ReadSwitch): readonly Phase[] {
  const sources = facts.sources.map(({ shard }) => shard);
  const targets = facts.targets.map(({ shard }) => shard);
  const [from, into] = to === "target" ? [sources, targets] : [targets, sources];
  const keyspace = facts.targetKeyspace;
  const named = (shards: readonly string[]): string =>
    shards.map((shard) => `keyspace:${keyspace};shard:${shard}`).join(",");
  const opening = to === "target" ? facts.targets : facts.sources;
  const closing = to === "target" ? facts.sources : facts.targets;
  return types.flatMap((type) => [
    // The side that takes over answers before anybody asks it.
    phase(`Opening ${type} reads`, [
      { do: "queries", keyspace, type, shards: into, disabled: false },
    ], []),
    phase("", opening.map((at): Effect => ({ do: "refresh", at: placeOf(at), type })), []),
    phase(`Moving ${type} reads`, [
      { do: "serve", keyspace, change: { type, from, to: into, refuse: to === "target" }, cells },
    ], [
      `Switch reads from keyspace ${keyspace} to keyspace ${keyspace} for shards [${
        named(from)
      }] to shards [${named(into)}] for tablet types [${upper([type])}]`,
    ]),
    // Rows of a target that reads leave again are kept in step: whoever is late reads them right.
    phase("", closing.map((at): Effect => ({ do: "refresh", at: placeOf(at), type })), []),
  ]);
}

function placeOf({ keyspace, shard }: { readonly keyspace: string; readonly shard: string }) {
  return { keyspace, shard };
}

function phase(name: string, effects: readonly Effect[], plan: readonly string[]): Phase {
  return { name, plan, effects: () => effects, onFailure: "stop" };
}
