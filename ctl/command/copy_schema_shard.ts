import { duration, list, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { parseTabletAlias, printTabletAlias, type TabletAlias } from "../../shared/model/tablet.ts";
import type { SchemaDefinition } from "../../shared/rpc/tablet_admin.ts";
import { lockKeyspace } from "../../topo/locks.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { findPrimary, findShard, findTablet } from "./lookup.ts";
import { type KeyspaceShard, one, parseKeyspaceShard } from "./positional.ts";
import { definition, type SchemaStatement } from "./sql_script.ts";
import { diffSchemas } from "./schema_diff.ts";
import { changeSchema, findPrimaries, preflight } from "./schema_change.ts";

/** A shard, whose primary is meant, or a tablet. */
type Source = KeyspaceShard | TabletAlias;

export const COPY_SCHEMA_SHARD = defineCommand({
  name: "CopySchemaShard",
  group: "Schema",
  summary: "Creates the tables of one shard on another.",
  details: [
    "Tables that are there already and alike are left alone, so the command can be run again; where they differ it changes nothing and says where.",
  ],
  examples: [
    "CopySchemaShard customer/0 customer/-80",
    "CopySchemaShard --tables customer,corder zone1-100 customer/80-",
  ],
  flags: {
    "tables": list({ help: "only these; /PATTERN/ is a regular expression", fallback: [] }),
    "exclude-tables": list({ help: "without these", fallback: [] }),
    "include-views": toggle({ help: "views too", fallback: true }),
    "skip-verify": toggle({ help: "don't compare afterwards", fallback: false }),
    "skip-preflight": toggle({ help: "don't try them out first", fallback: false }),
    "wait-replicas-timeout": duration({ help: "how long replicas may take", fallback: 10_000 }),
  },
  flagAliases: { "wait-slave-timeout": "wait-replicas-timeout" },
  positionals: {
    source: one("source shard or alias", parseSource),
    destination: one("keyspace/shard", parseKeyspaceShard),
  },
  run: async (context, { args, flags }) => {
    const source = await sourceTablet(context, args.source);
    const target = await findShard(context, args.destination);
    const { keyspace, shard } = target;
    const [destination] = await findPrimaries(context, [target]);
    if (destination === undefined) throw new TypeError("one shard has one primary");
    const request = {
      tables: flags.tables,
      excludeTables: flags.excludeTables,
      includeViews: flags.includeViews,
    };
    const read = (tablet: TabletRecord): Promise<SchemaDefinition> =>
      context.tablets.call(tablet, "GetSchema", request, { signal: context.signal });
    const [from, to] = await Promise.all([read(source), read(destination.primary)]);
    const statements = missingTables(
      from,
      to,
      printTabletAlias(source.alias),
      `${keyspace}/${shard}`,
    );
    if (statements.length === 0) {
      context.say(`${keyspace}/${shard} has all tables already`);
      return { created: 0, shards: [] };
    }
    const action = `CopySchemaShard(${keyspace}/${shard})`;
    await using lock = await lockKeyspace(context.topo, keyspace, action, context);
    if (!flags.skipPreflight) await preflight(context, [destination], statements);
    const shards = await changeSchema(context, {
      keyspace,
      targets: [destination],
      statements,
      waitReplicasMs: flags.waitReplicasTimeout,
      lock,
    });
    if (!flags.skipVerify) {
      checkAlike(from, await read(destination.primary), printTabletAlias(source.alias), keyspace);
    }
    return { created: statements.length, shards };
  },
  print: () => "",
});

function parseSource(text: string): Source {
  return text.includes("/") ? parseKeyspaceShard(text) : parseTabletAlias(text);
}

async function sourceTablet(context: CommandContext, source: Source): Promise<TabletRecord> {
  if ("uid" in source) return await findTablet(context, source);
  return await findPrimary(context, await findShard(context, source));
}

/** Statements for the tables that the destination lacks; VT22002 when others differ. */
function missingTables(
  from: SchemaDefinition,
  to: SchemaDefinition,
  fromName: string,
  toName: string,
): readonly SchemaStatement[] {
  const there = new Set(to.tableDefinitions.map(({ name }) => name));
  const common = from.tableDefinitions.filter(({ name }) => there.has(name));
  const names = new Set(common.map(({ name }) => name));
  const differences = diffSchemas(fromName, { ...from, tableDefinitions: common }, toName, {
    ...to,
    tableDefinitions: to.tableDefinitions.filter(({ name }) => names.has(name)),
  });
  if (differences.length > 0) {
    throw vtError("VT22002", `${differences.join("\n")}\nNothing was changed`);
  }
  // Views may read any of the tables, so they come last.
  return from.tableDefinitions.filter(({ name }) => !there.has(name))
    .sort((a, b) => Number(a.type === "VIEW") - Number(b.type === "VIEW"))
    .map(({ schema }) => definition(schema.replace(/ AUTO_INCREMENT=\d+/i, "")));
}

function checkAlike(
  from: SchemaDefinition,
  to: SchemaDefinition,
  fromName: string,
  keyspace: string,
): void {
  const wanted = new Set(from.tableDefinitions.map(({ name }) => name));
  const differences = diffSchemas(fromName, from, keyspace, {
    ...to,
    tableDefinitions: to.tableDefinitions.filter(({ name }) => wanted.has(name)),
  });
  if (differences.length > 0) throw vtError("VT22006", differences.join("\n"));
}
