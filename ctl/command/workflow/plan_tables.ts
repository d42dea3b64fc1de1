/** Which tables a workflow makes on its targets, and whether all servers can take part in it. */
import { VtError, vtError } from "../../../shared/error/errors.ts";
import type { SchemaDefinition } from "../../../shared/rpc/tablet_admin.ts";
import type { Creation } from "../../workflow/create.ts";
import type { NewTable } from "../../workflow/effect.ts";
import { nameOf } from "../../workflow/facts.ts";
import { checkOthers, checkServer, checkTable, type TableFacts } from "../../workflow/servers.ts";
import { isView, missingTables } from "../../workflow/tables.ts";
import { translateTable } from "../../workflow/translate_table.ts";
import type { CommandContext } from "../context.ts";
import { preflight } from "../schema_change.ts";
import { countRows } from "./count_rows.ts";
import type { ShardAt } from "./read_facts.ts";
import { readServer, readTables } from "./read_servers.ts";

export async function readSchema(
  context: CommandContext,
  { primary }: ShardAt,
  { views = false }: { readonly views?: boolean } = {},
): Promise<SchemaDefinition> {
  const request = { tables: [], excludeTables: [], includeViews: views };
  return await context.tablets.call(primary, "GetSchema", request, { signal: context.signal });
}

export interface TablesPlan {
  readonly sources: readonly ShardAt[];
  readonly targets: readonly ShardAt[];
  /** Of the first source. */
  readonly schema: SchemaDefinition;
  readonly tables: readonly string[];
  /** Whether columns that number themselves do so on the target no more. */
  readonly sharded: boolean;
  /** All others are meant, too; undefined: only `tables`. */
  readonly leftOut: readonly string[] | undefined;
  /** Triggers are the caller's business: all of a keyspace goes elsewhere. */
  readonly mayHaveTriggers: boolean;
}

/**
 * What each target lacks of the tables. VT22002 when what it has doesn't fit, when a server is not
 * set up to be followed, or a table's rows can't be kept alike.
 */
export async function planTables(
  context: CommandContext,
  { sources, targets, schema, tables, sharded, leftOut, mayHaveTriggers }: TablesPlan,
): Promise<Creation["newTables"]> {
  const [from] = sources;
  if (from === undefined) throw new TypeError("sources were checked");
  const [facts, source, ...others] = await Promise.all([
    readTables(context, from),
    ...sources.map((at) => readServer(context, at)),
  ]);
  if (source === undefined) throw new TypeError("sources were checked");
  for (const server of [source, ...others]) checkServer(server, "copying");
  for (const table of tables) {
    const found = factsOf(facts, table);
    checkTable(source, mayHaveTriggers ? { ...found, triggers: [] } : found);
  }
  if (leftOut !== undefined) checkOthers(source, [...facts.values()], [...tables, ...leftOut]);
  return await Promise.all(targets.map(async (target) => {
    const at = { keyspace: target.facts.keyspace, shard: target.facts.shard };
    const [known, server] = await Promise.all([
      readSchema(context, target, { views: true }),
      readServer(context, target),
    ]);
    checkServer(server, "taking traffic back");
    const there = known.tableDefinitions.map(({ name }) => name)
      .filter((name) => tables.includes(name));
    const rows = await countRows(context, target.primary, there);
    const missing = missingTables(schema, { at, schema: known, rows }, tables, sharded)
      .map((table) => translateTable(table, factsOf(facts, table.name), source, server));
    const alike = source.kind === server.kind && source.version === server.version;
    // What a server printed, one of its release takes.
    if (!alike) await tryTables(context, target, missing);
    return {
      at,
      from: { keyspace: from.facts.keyspace, shard: from.facts.shard },
      tables: missing,
    };
  }));
}

function factsOf(facts: ReadonlyMap<string, TableFacts>, table: string): TableFacts {
  const found = facts.get(table);
  if (found !== undefined) return found;
  throw vtError("VT22003", `table ${table} is not in the source any more`);
}

/** VT22002 when the target's server refuses one of the definitions. */
async function tryTables(
  context: CommandContext,
  { facts, primary }: ShardAt,
  tables: readonly NewTable[],
): Promise<void> {
  const { keyspace, shard } = facts;
  const target = {
    shard: {
      keyspace,
      shard,
      record: { sourceShards: [], tabletControls: [], isPrimaryServing: true },
    },
    primary,
  };
  try {
    // A view names its definer and its database: only creating it there tells.
    const tried = tables.filter(({ sql }) => !isView(sql));
    await preflight(context, [target], tried.map(({ sql }) => ({ sql, changesRows: false })), {
      copied: true,
    });
  } catch (error) {
    // Nobody but the server's own administrators tries things out there: creating them is the test.
    if (error instanceof VtError && error.id === "VT20037") return;
    if (!(error instanceof VtError) || error.id !== "VT22001") throw error;
    throw vtError(
      "VT22002",
      `tables can't be created on ${
        nameOf(facts)
      } as their source has them: ${error.message}; create them there yourself as they shall be (ApplySchema), or leave them out, and run this again`,
    );
  }
}
