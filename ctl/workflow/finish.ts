/**
 * The end of a workflow: Complete takes away what the source kept, Cancel what the target got. The
 * workflow's own streams go last, so that a run that was cut can be run again.
 */
import type { Effect, Place } from "./effect.ts";
import { commandOf, nameOf, reverseName, type ShardFacts, type WorkflowFacts } from "./facts.ts";
import type { Phase, Program } from "./program.ts";
import { movedBy, thirdName } from "./routing.ts";
import { readDocument, removeTables } from "./vschema_change.ts";

export interface Completion {
  /** Source tables, or source shards, stay. */
  readonly keepData: boolean;
  readonly keepRoutingRules: boolean;
  /** Source tables get another name instead of being dropped. */
  readonly renameTables: boolean;
}

export function complete(facts: WorkflowFacts, options: Completion): Program {
  const { sources, targets, name } = facts;
  const dropStreams = [
    deletion(sources, reverseName(name), "source"),
    deletion(targets, name, "target"),
  ] as const;
  const middle = facts.kind === "reshard"
    ? completeShards(facts, options)
    : completeTables(facts, options);
  return {
    phases: [dropStreams[0], ...middle, noteEnd(facts, "complete"), dropStreams[1]],
    undo: [],
    remedy: `run ${commandOf(facts)} complete${
      flagsOf(options)
    } again, it goes on where it stopped`,
  };
}

/** What was to stay must be said again. */
function flagsOf(options: Cancellation & Partial<Completion>): string {
  return [
    options.keepData ? " --keep-data" : "",
    options.keepRoutingRules ? " --keep-routing-rules" : "",
    options.renameTables === true ? " --rename-tables" : "",
  ].join("");
}

function completeTables(facts: WorkflowFacts, options: Completion): readonly Phase[] {
  const { sources, tables, sourceKeyspace } = facts;
  const before = facts.vschemas.get(sourceKeyspace) ?? {};
  const after = options.keepData ? before : removeTables(before, tables);
  const records: Effect[] = [];
  if (!options.keepRoutingRules) {
    records.push({ do: "save_rules", moved: movedBy(facts), served: undefined });
  }
  if (after !== before) {
    records.push({ do: "save_vschema", keyspace: sourceKeyspace, vschema: after });
  }
  const on = listed(
    sources,
    (source) => tables.map((table) => `${describe(source)};table:${table}`).join(","),
  );
  const verb = options.renameTables ? "Renaming" : "Dropping";
  return [
    // Rules say which of two tables of a name is meant, until there is one.
    phase(
      `${verb} source tables`,
      options.keepData ? [] : dropAll(sources, tables, options.renameTables),
      options.keepData ? [] : [
        `${verb} these tables from the database and removing them from the vschema for keyspace ${sourceKeyspace}: [${on}]`,
      ],
    ),
    phase("Removing routing rules", records, [
      ...(options.keepRoutingRules
        ? []
        : ["Routing rules for participating tables will be deleted"]),
    ]),
    phase("", records.length === 0 ? [] : [{ do: "rebuild_vschema" }], []),
    ...(options.keepData ? [] : allowTables(facts)),
  ];
}

/** Of tables that are kept, refused they stay: what is written to them would be seen nowhere else. */
function allowTables({ sources, tables }: WorkflowFacts): readonly Phase[] {
  return [
    phase(
      "Removing denied tables",
      places(sources).map((at): Effect => ({ do: "deny", at, tables, denied: false })),
      [
        `Denied tables records on [${tables.join(",")}] will be removed from: [${
          listed(sources, describe)
        }]`,
      ],
    ),
    phase(
      "",
      places(sources).map((at): Effect => ({ do: "refresh", at, type: "primary" })),
      [],
    ),
  ];
}

function completeShards(facts: WorkflowFacts, options: Completion): readonly Phase[] {
  if (options.keepData) return [];
  // Not the sources that are seen: a shard that a run before this one began to delete is none.
  const { streams, sourceKeyspace: keyspace } = facts;
  const shards = [...new Set(streams.map(({ stream }) => stream.source.shard))].sort()
    .map((shard) => ({ keyspace, shard }));
  return [
    phase(
      "Deleting source shards",
      shards.map((at): Effect => ({ do: "delete_shard", at })),
      [`Delete shards (and all related tablets): [${listed(shards, nameOf)}]`],
    ),
  ];
}

export interface Cancellation {
  /** Target tables stay. */
  readonly keepData: boolean;
  readonly keepRoutingRules: boolean;
}

export function cancel(facts: WorkflowFacts, options: Cancellation): Program {
  const { sources, targets, streams, tables, targetKeyspace, name } = facts;
  const isMove = facts.kind === "move_tables";
  const before = facts.vschemas.get(targetKeyspace) ?? {};
  // What a person wrote into a sharded keyspace's VSchema stays for the next attempt.
  const after = facts.kind !== "reshard" && !options.keepData && !readDocument(before).sharded
    ? removeTables(before, tables)
    : before;
  const records: Effect[] = [];
  if (isMove && !options.keepRoutingRules) {
    records.push({ do: "save_rules", moved: movedBy(facts), served: undefined });
  }
  if (after !== before) {
    records.push({ do: "save_vschema", keyspace: targetKeyspace, vschema: after });
  }
  return {
    phases: [
      phase(
        "Stopping streams",
        streams.map(({ shard, stream }): Effect => ({
          do: "stop_stream",
          at: { keyspace: targetKeyspace, shard },
          id: stream.id,
          message: "cancelled",
        })),
        [],
      ),
      // A switch that was cut may have left the source refusing writes.
      ...reopen(facts),
      phase(
        "",
        options.keepData || facts.kind !== "reshard"
          ? []
          : places(targets).map((at): Effect => ({ do: "drop_views", at })),
        [],
      ),
      phase(
        "Dropping target tables",
        options.keepData ? [] : dropAll(targets, tables, false),
        options.keepData ? [] : [
          `Dropping these tables from the database and removing them from the vschema for keyspace ${targetKeyspace}: [${
            listed(targets, (target) =>
              tables.map((table) =>
                `${describe(target)};table:${table}`
              ).join(","))
          }]`,
        ],
      ),
      phase(
        "Removing routing rules",
        records,
        isMove && !options.keepRoutingRules
          ? ["Routing rules for participating tables will be deleted"]
          : [],
      ),
      phase("", records.length === 0 ? [] : [{ do: "rebuild_vschema" }], []),
      deletion(sources, reverseName(name), "source"),
      noteEnd(facts, "cancel"),
      deletion(targets, name, "target"),
    ],
    undo: [],
    remedy: `run ${commandOf(facts)} cancel${flagsOf(options)} again, it goes on where it stopped`,
  };
}

function reopen(facts: WorkflowFacts): readonly Phase[] {
  const { sources, tables, sourceKeyspace } = facts;
  if (facts.kind === "materialize") return [];
  // A switch that was taken back has left the targets refusing.
  const shards = facts.kind === "reshard" ? [...sources, ...facts.targets] : sources;
  const opening: readonly Effect[] = facts.kind === "reshard"
    ? [{
      do: "queries",
      keyspace: sourceKeyspace,
      type: "primary",
      shards: shards.map(({ shard }) => shard),
      disabled: false,
    }]
    : allow(sources, tables.filter((table) => !isElsewhere(facts, table)));
  return [
    phase("", opening, []),
    phase("", places(shards).map((at): Effect => ({ do: "refresh", at, type: "primary" })), []),
  ];
}

function allow(sources: readonly ShardFacts[], tables: readonly string[]): readonly Effect[] {
  if (tables.length === 0) return [];
  return places(sources).map((at): Effect => ({ do: "deny", at, tables, denied: false }));
}

/** Another workflow has it, and may have the source refuse it. */
function isElsewhere(facts: WorkflowFacts, table: string): boolean {
  return thirdName(facts.routingRules, table, facts) !== undefined;
}

/** Behind this the streams go, and with them all that tells that there was a workflow. */
function noteEnd(
  { targetKeyspace, name }: WorkflowFacts,
  action: "complete" | "cancel",
): Phase {
  return phase("", [{ do: "note_end", keyspace: targetKeyspace, workflow: name, action }], []);
}

function deletion(shards: readonly ShardFacts[], workflow: string, side: string): Phase {
  return phase(
    `Deleting streams of ${workflow}`,
    places(shards).map((at): Effect => ({ do: "delete_streams", at, workflow })),
    [
      `Delete vreplication streams on ${side}: [${
        listed(shards, (shard) => `${describe(shard)};workflow:${workflow}`)
      }]`,
    ],
  );
}

function dropAll(
  shards: readonly ShardFacts[],
  tables: readonly string[],
  rename: boolean,
): readonly Effect[] {
  return places(shards).map((at) => ({ do: "drop_tables", at, tables, rename }));
}

/** Vitess: `_%.59s_old`, which fits the 64 characters of a name. */
export function oldName(table: string): string {
  return `_${[...table].slice(0, 59).join("")}_old`;
}

function places(shards: readonly ShardFacts[]): readonly Place[] {
  return shards.map(({ keyspace, shard }) => ({ keyspace, shard }));
}

function describe({ keyspace, shard, dbName, primary }: ShardFacts): string {
  return `keyspace:${keyspace};shard:${shard};dbName:${dbName};tablet:${primary}`;
}

function listed<T>(items: readonly T[], print: (item: T) => string): string {
  return items.map(print).join(",");
}

function phase(name: string, effects: readonly Effect[], plan: readonly string[]): Phase {
  return { name, plan, effects: () => effects, onFailure: "stop" };
}
