/** Tables that were made, changed or dropped while rows were on their way. */
import type { SchemaDefinition } from "../../shared/rpc/tablet_admin.ts";
import { nameOf, type WorkflowFacts } from "./facts.ts";
import type { Place } from "./effect.ts";
import { sameShape } from "./tables.ts";

export interface ShardSchema {
  readonly at: Place;
  readonly schema: SchemaDefinition;
}

type Definition = SchemaDefinition["tableDefinitions"][number];

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
        const why = compare(definition, known.get(name), tables.includes(name));
        if (why === undefined) continue;
        return `${why} on ${nameOf(source.at)} since the workflow began, and ${
          nameOf(target.at)
        } doesn't have it so; ${remedy(definition, known.get(name), targetKeyspace)}`;
      }
    }
  }
  return undefined;
}

function definitions({ schema }: ShardSchema, views: boolean): ReadonlyMap<string, Definition> {
  const wanted = schema.tableDefinitions.filter(({ type }) => views || type !== "VIEW");
  return new Map(wanted.map((definition) => [definition.name, definition]));
}

function compare(
  source: Definition,
  target: Definition | undefined,
  streamed: boolean,
): string | undefined {
  if (source.type === "VIEW") {
    return target === undefined ? `view ${source.name} was created` : undefined;
  }
  if (!streamed) return `table ${source.name} was created`;
  if (target === undefined || !sameShape(source, target)) return `table ${source.name} was altered`;
  return undefined;
}

function remedy(source: Definition, target: Definition | undefined, keyspace: string): string {
  const there = `ExecuteFetchAsDba on the primary of each target shard of ${keyspace}`;
  if (source.type === "VIEW") return `create the view there, with ${there}`;
  if (target === undefined) {
    return "cancel the workflow and create it anew, or drop the table where it is new";
  }
  return `alter the table there too, with ${there}, and restart streams that failed of it`;
}
