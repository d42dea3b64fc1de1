/** Which tables a move takes, and why it may not. */
import { vtError } from "../../shared/error/errors.ts";
import type { SchemaDefinition } from "../../shared/rpc/tablet_admin.ts";
import type { NewTable, Place } from "./effect.ts";
import { nameOf } from "./facts.ts";
import { whyUnlikeTable } from "./table_fit.ts";
import { placementOf, type ShardedBy } from "./filter.ts";

export interface TableChoice {
  readonly tables: readonly string[];
  readonly all: boolean;
  readonly exclude: readonly string[];
}

/** Tables in the order in which they were named, or by name. VT22001, VT22002, VT22003. */
export function chooseTables(
  keyspace: string,
  schema: SchemaDefinition,
  choice: TableChoice,
): readonly string[] {
  const there = schema.tableDefinitions.filter(({ type }) => type === "BASE TABLE");
  const names = new Set(there.map(({ name }) => name));
  if (!choice.all && choice.tables.length === 0) {
    throw vtError("VT22001", "no tables to move: give --tables a,b or --all-tables");
  }
  if (choice.all && choice.tables.length > 0) {
    throw vtError("VT22001", "give either --tables or --all-tables, not both");
  }
  const unknown = [...choice.tables, ...choice.exclude].filter((name) => !names.has(name));
  if (unknown.length > 0) {
    throw vtError(
      "VT22003",
      `table(s) not found in source keyspace ${keyspace}: ${unknown.join(",")}; it has: ${
        [...names].join(", ") || "no tables"
      }`,
    );
  }
  const wanted = choice.all
    ? there.filter(({ schema: sql }) => !isSequence(sql)).map(({ name }) => name)
    : [...new Set(choice.tables)];
  const chosen = wanted.filter((name) => !choice.exclude.includes(name));
  if (chosen.length === 0) {
    throw vtError("VT22002", `no tables to move: --exclude-tables leaves none of ${keyspace}'s`);
  }
  return chosen;
}

/** Their rows belong to all keyspaces: they stay where they are unless they are named. */
function isSequence(sql: string): boolean {
  return /COMMENT='vitess_sequence'/i.test(sql);
}

/** VT22002 when the target's VSchema doesn't say on which shard a table's rows belong. */
export function checkPlacements(target: ShardedBy, tables: readonly string[]): void {
  const lost = tables.filter((table) => placementOf(target, table).is === "unknown");
  if (lost.length === 0) return;
  throw vtError(
    "VT22002",
    `keyspace ${target.keyspace} is sharded, but its VSchema has no primary vindex for ${
      lost.join(", ")
    }; add them with ApplyVSchema ("column_vindexes", or "type": "reference") and run this again`,
  );
}

/** How many rows of the table a target has; 0 and 1 will do. */
export type RowCounts = ReadonlyMap<string, number>;

/**
 * The tables that a target shard lacks. VT22002 when it has one that differs, or that has rows:
 * copies would mix with them.
 */
export function missingTables(
  source: SchemaDefinition,
  target: { readonly at: Place; readonly schema: SchemaDefinition; readonly rows: RowCounts },
  tables: readonly string[],
  sharded: boolean,
): readonly NewTable[] {
  const there = new Map(target.schema.tableDefinitions.map((table) => [table.name, table]));
  const name = nameOf(target.at);
  const wanted = new Set(tables);
  const missing: NewTable[] = [];
  for (const definition of source.tableDefinitions) {
    if (!wanted.has(definition.name)) continue;
    const known = there.get(definition.name);
    if (known === undefined) {
      missing.push({ name: definition.name, sql: newDefinition(definition.schema, sharded) });
      continue;
    }
    const why = whyUnlikeTable(definition, known);
    if (why !== undefined) {
      throw vtError(
        "VT22002",
        `table ${definition.name} of ${name} ${why}:\n${known.schema}\ninstead of\n${definition.schema}\nmake them alike with ApplySchema, or drop it on ${name}, and run this again`,
      );
    }
    if ((target.rows.get(definition.name) ?? 0) > 0) {
      throw vtError(
        "VT22002",
        `table ${definition.name} of ${name} is not empty, and copied rows would mix with what is there; empty it (TRUNCATE TABLE) or drop it, and run this again`,
      );
    }
  }
  // Foreign keys need the tables that they speak of, views what they read.
  return missing.toSorted((a, b) => rank(a.sql) - rank(b.sql));
}

/** Behind those that have less to look for. */
function rank(sql: string): number {
  if (isView(sql)) return 2;
  return hasForeignKey(sql) ? 1 : 0;
}

export function isView(sql: string): boolean {
  return /^CREATE [^`]*(?:`[^`]*`@`[^`]*`[^`]*)?VIEW /i.test(sql);
}

function hasForeignKey(sql: string): boolean {
  return /^\s*CONSTRAINT .* FOREIGN KEY /m.test(sql);
}

/**
 * SHOW CREATE's text for the target: without the next AUTO_INCREMENT value; on shards also without
 * the attribute, since each shard would give the same ids.
 */
export function newDefinition(sql: string, sharded: boolean): string {
  const lines = sql.split("\n");
  const last = lines.length - 1;
  return lines.map((line, i) => {
    if (i === last) return line.replace(/ AUTO_INCREMENT=\d+/i, "");
    // A column's line: name, type, attributes; a comment may hold anything and comes last.
    if (!sharded || !/^\s*`/.test(line)) return line;
    return line.replace(/ AUTO_INCREMENT(?= COMMENT '|,?$)/i, "");
  }).join("\n");
}
