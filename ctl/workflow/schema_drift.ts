/** Tables that were made, changed or dropped while rows were on their way. */
import type { SchemaDefinition, TableDefinition } from "../../shared/rpc/tablet_admin.ts";
import { isReverse, nameOf, type WorkflowFacts } from "./facts.ts";
import type { Place } from "./effect.ts";
import { whyUnlikeTable } from "./table_fit.ts";

export interface ShardSchema {
  readonly at: Place;
  readonly schema: SchemaDefinition;
}

/**
 * Why clients would not find on the targets what they have on the sources, with the way out;
 * undefined when they would. A reshard takes all tables and views, a move those that it names.
 */
export function findDrift(
  { name: workflow, kind, tables, targetKeyspace }: Pick<
    WorkflowFacts,
    "name" | "kind" | "tables" | "targetKeyspace"
  >,
  sources: readonly ShardSchema[],
  targets: readonly ShardSchema[],
): string | undefined {
  const isAll = kind === "reshard";
  const isBack = isReverse(workflow);
  const streamed = new Set(tables);
  for (const source of sources) {
    const there = definitions(source, isAll);
    const dropped = tables.find((table) => !there.has(table));
    if (dropped !== undefined) {
      return `table ${dropped} was dropped on ${
        nameOf(source.at)
      } since the workflow began; cancel the workflow and create it anew`;
    }
    for (const target of targets) {
      const known = definitions(target, isAll);
      for (const [name, definition] of there) {
        if (!isAll && !streamed.has(name)) continue;
        const way = { source: nameOf(source.at), target: nameOf(target.at), isBack };
        const why = compare(definition, known.get(name), streamed.has(name), way);
        if (why === undefined) continue;
        return `${why}; ${remedy(definition, known.get(name), targetKeyspace)}`;
      }
    }
  }
  return undefined;
}

function definitions(
  { schema }: ShardSchema,
  views: boolean,
): ReadonlyMap<string, TableDefinition> {
  const wanted = schema.tableDefinitions.filter(({ type }) => views || type !== "VIEW");
  return new Map(wanted.map((definition) => [definition.name, definition]));
}

interface Way {
  /** "customer/-80". */
  readonly source: string;
  readonly target: string;
  /** Writes go back to where they came from. */
  readonly isBack: boolean;
}

function compare(
  source: TableDefinition,
  target: TableDefinition | undefined,
  streamed: boolean,
  way: Way,
): string | undefined {
  const { name, type } = source;
  const isNew =
    `was created on ${way.source} since the workflow began, and is not on ${way.target}`;
  if (type === "VIEW") return target === undefined ? `view ${name} ${isNew}` : undefined;
  if (!streamed) return `table ${name} ${isNew}`;
  if (target === undefined) return `table ${name} is not on ${way.target} any more`;
  const why = whyUnlike(source, target, way.isBack);
  return why === undefined
    ? undefined
    : `table ${name} was altered since the workflow began: on ${way.target} it ${why} (${way.source})`;
}

/**
 * The way back leads to tables that may be narrower than those they were moved to: its streams say
 * when a value doesn't fit, and until then nobody is kept from it.
 */
function whyUnlike(
  source: TableDefinition,
  target: TableDefinition,
  isBack: boolean,
): string | undefined {
  const why = whyUnlikeTable(source, target);
  return isBack && whyUnlikeTable(target, source) === undefined ? undefined : why;
}

function remedy(
  source: TableDefinition,
  target: TableDefinition | undefined,
  keyspace: string,
): string {
  const there = `ExecuteFetchAsDba on the primary of each target shard of ${keyspace}`;
  if (source.type === "VIEW") return `create the view there, with ${there}`;
  if (target === undefined) {
    return "cancel the workflow and create it anew, or drop the table where it is new";
  }
  return `alter the table there too, with ${there}, and restart streams that failed of it`;
}
