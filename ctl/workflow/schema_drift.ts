/** Tables that were made, changed or dropped while rows were on their way. */
import type { SchemaDefinition, TableDefinition } from "../../shared/rpc/tablet_admin.ts";
import { nameOf, type WorkflowFacts } from "./facts.ts";
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
  { kind, tables, targetKeyspace }: Pick<WorkflowFacts, "kind" | "tables" | "targetKeyspace">,
  sources: readonly ShardSchema[],
  targets: readonly ShardSchema[],
): string | undefined {
  const isAll = kind === "reshard";
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
        if (!isAll && !tables.includes(name)) continue;
        const there = { source: nameOf(source.at), target: nameOf(target.at) };
        const why = compare(definition, known.get(name), tables.includes(name), there);
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

function compare(
  source: TableDefinition,
  target: TableDefinition | undefined,
  streamed: boolean,
  at: { readonly source: string; readonly target: string },
): string | undefined {
  const { name, type } = source;
  const isNew = `was created on ${at.source} since the workflow began, and is not on ${at.target}`;
  if (type === "VIEW") return target === undefined ? `view ${name} ${isNew}` : undefined;
  if (!streamed) return `table ${name} ${isNew}`;
  if (target === undefined) return `table ${name} is not on ${at.target} any more`;
  const why = whyUnlikeTable(source, target);
  return why === undefined
    ? undefined
    : `table ${name} was altered since the workflow began: on ${at.target} it ${why} (${at.source})`;
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
