/**
 * Routing rules of tables that move: one function from "who serves what" to the rules, and its
 * inverse. Each stage of a move has exactly the rules that Vitess 8 left:
 *
 *     created          t, target.t                       -> source.t
 *     reads switched   also t@x, source.t@x, target.t@x  -> target.t     x: replica, rdonly
 *     all switched     t, source.t                       -> target.t
 *     completed        none
 *
 * The remaining combinations (writes before reads, and back) follow from the same two lines: names
 * without a type follow the writes, and a type that is elsewhere gets the three rules with its name.
 */
import type { RoutingRule, RoutingRules } from "../../shared/model/records.ts";
import { READ_TYPES, type ReadType, type ServedType } from "./facts.ts";

export type Side = "source" | "target";
export type ServedBy = Readonly<Record<ServedType, Side>>;

export interface MovedTables {
  readonly sourceKeyspace: string;
  readonly targetKeyspace: string;
  readonly tables: readonly string[];
}

/** All rules, with those of the moved tables replaced. */
export function withRules(
  rules: RoutingRules,
  moved: MovedTables,
  served: ServedBy,
): RoutingRules {
  return {
    rules: [
      ...withoutRules(rules, moved).rules,
      ...moved.tables.flatMap((table) => rulesOf(table, moved, served)),
    ],
  };
}

export function withoutRules(rules: RoutingRules, moved: MovedTables): RoutingRules {
  const own = new Set(moved.tables.flatMap((table) => namesOf(table, moved)));
  return { rules: rules.rules.filter(({ fromTable }) => !own.has(fromTable)) };
}

/** With the tables served so, or without rules of them; those to a third keyspace are another's. */
export function changeRules(
  rules: RoutingRules,
  moved: MovedTables,
  served: ServedBy | undefined,
): RoutingRules {
  if (served !== undefined) return withRules(rules, moved, served);
  const own = new Set(moved.tables.flatMap((table) => plainNames(table, moved)));
  const others = withoutRules(rules, moved).rules;
  return {
    rules: rules.rules.filter((rule) =>
      others.includes(rule) || rule.toTables.some((table) => !own.has(table))
    ),
  };
}

/** What the rules of a workflow speak of. */
export function movedBy({ sourceKeyspace, targetKeyspace, tables }: MovedTables): MovedTables {
  return { sourceKeyspace, targetKeyspace, tables };
}

function rulesOf(table: string, moved: MovedTables, served: ServedBy): readonly RoutingRule[] {
  const { sourceKeyspace, targetKeyspace } = moved;
  const to = (side: Side): readonly string[] => [
    `${side === "source" ? sourceKeyspace : targetKeyspace}.${table}`,
  ];
  const other = served.primary === "source" ? targetKeyspace : sourceKeyspace;
  const elsewhere = READ_TYPES.filter((type) => served[type] !== served.primary);
  return [
    { fromTable: table, toTables: to(served.primary) },
    { fromTable: `${other}.${table}`, toTables: to(served.primary) },
    ...elsewhere.flatMap((type) =>
      plainNames(table, moved).map((name) => ({
        fromTable: `${name}@${type}`,
        toTables: to(served[type]),
      }))
    ),
  ];
}

function plainNames(table: string, moved: MovedTables): readonly string[] {
  return [table, `${moved.sourceKeyspace}.${table}`, `${moved.targetKeyspace}.${table}`];
}

function namesOf(table: string, moved: MovedTables): readonly string[] {
  const names = plainNames(table, moved);
  return names.flatMap((
    name,
  ) => [name, ...["primary", ...READ_TYPES].map((type) => `${name}@${type}`)]);
}

/** Who serves the tables, as the rules say; without any rule, the source. */
export function servedBy(rules: RoutingRules, moved: MovedTables): ServedBy {
  const targets = new Map(rules.rules.map(({ fromTable, toTables }) => [fromTable, toTables[0]]));
  const [table] = moved.tables;
  const sideOf = (type: ReadType | ""): Side => {
    if (table === undefined) return "source";
    const target = (type === "" ? undefined : targets.get(`${table}@${type}`)) ??
      targets.get(table);
    return target === `${moved.targetKeyspace}.${table}` ? "target" : "source";
  };
  return { primary: sideOf(""), replica: sideOf("replica"), rdonly: sideOf("rdonly") };
}

/** The tables among `tables` that a rule speaks of already: another workflow moves them. */
export function routedTables(
  rules: RoutingRules,
  keyspaces: readonly string[],
  tables: readonly string[],
): readonly string[] {
  const named = new Set(rules.rules.map(({ fromTable }) => fromTable.split("@", 1)[0] ?? ""));
  return tables.filter((table) =>
    named.has(table) || keyspaces.some((keyspace) => named.has(`${keyspace}.${table}`))
  );
}

/**
 * "archive.t": a table of a keyspace that is neither source nor target and that rules of the table
 * lead to, or from there here: another workflow moves it there, and a switch would take the name
 * away from it. Another name without a keyspace is none of a workflow's.
 */
export function thirdName(
  rules: RoutingRules,
  table: string,
  { sourceKeyspace, targetKeyspace }: Omit<MovedTables, "tables">,
): string | undefined {
  const here = [table, `${sourceKeyspace}.${table}`, `${targetKeyspace}.${table}`];
  for (const { fromTable, toTables } of rules.rules) {
    const names = [fromTable.split("@", 1)[0] ?? "", ...toTables];
    if (!names.some((name) => here.includes(name))) continue;
    const third = names.find((name) => name.includes(".") && !here.includes(name));
    if (third !== undefined) return third;
  }
  return undefined;
}
