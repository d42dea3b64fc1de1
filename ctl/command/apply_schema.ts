import { choice, duration, list, text, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { lockKeyspace } from "../../topo/locks.ts";
import { getShards } from "../../topo/shards.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { findKeyspace, findShard, type FoundShard } from "./lookup.ts";
import { one, parseName } from "./positional.ts";
import { changeSchema, findPrimaries, preflight } from "./schema_change.ts";
import { splitSchemaScript } from "./sql_script.ts";

export const APPLY_SCHEMA = defineCommand({
  name: "ApplySchema",
  group: "Schema",
  summary: "Changes the schema of a keyspace on the primary of every shard.",
  details: [
    "All statements are tried on a scratch copy of each shard's schema first: when one is refused anywhere, nothing is changed. Then the shards are changed one after another, and replicas are waited for. Should a shard fail midway, the error says which are done and how to go on.",
    "INSERT, UPDATE and DELETE are taken too, for the rows of sequences; they are parsed, but not tried beforehand.",
  ],
  examples: [
    "ApplySchema --sql-file create_commerce_schema.sql commerce",
    'ApplySchema --sql "alter table customer add phone varchar(32)" customer',
    "ApplySchema --sql @fix.sql --shards 80- customer",
  ],
  flags: {
    "sql": text({ help: "statements, separated by semicolons", fallback: "", placeholder: "SQL" }),
    "sql-file": text({ help: "file with them", fallback: "", placeholder: "FILE" }),
    "skip-preflight": toggle({ help: "don't try them out first", fallback: false }),
    "wait-replicas-timeout": duration({ help: "how long replicas may take", fallback: 10_000 }),
    "shards": list({ help: "only these shards, to go on after a failure", fallback: [] }),
    "ddl-strategy": choice(["direct"], { help: "how tables are changed", fallback: "direct" }),
  },
  flagAliases: { "wait-slave-timeout": "wait-replicas-timeout", s: "ddl-strategy" },
  positionals: { keyspace: one("keyspace", parseName) },
  run: async (context, { args: { keyspace }, flags }) => {
    if (flags.sqlFile !== "") {
      throw vtError("VT22001", "vtctl reads --sql-file; over the API give --sql");
    }
    if (flags.sql.trim() === "") {
      throw vtError("VT22001", "no statement: give --sql SQL or --sql-file FILE");
    }
    const statements = splitSchemaScript(flags.sql);
    const shards = await shardsOf(context, keyspace, flags.shards);
    const targets = await findPrimaries(context, shards);
    const action = `ApplySchema(${keyspace})`;
    await using lock = await lockKeyspace(context.topo, keyspace, action, context);
    if (!flags.skipPreflight) {
      await preflight(context, targets, statements);
      context.say(`${statements.length} statements are valid on ${targets.length} shards`);
    }
    const changed = await changeSchema(context, {
      keyspace,
      targets,
      statements,
      waitReplicasMs: flags.waitReplicasTimeout,
      lock,
    });
    return { keyspace, statements: statements.length, shards: changed };
  },
  print: () => "",
});

async function shardsOf(
  context: CommandContext,
  keyspace: string,
  named: readonly string[],
): Promise<readonly FoundShard[]> {
  await findKeyspace(context, keyspace);
  if (named.length > 0) {
    return await Promise.all(named.map((shard) => findShard(context, { keyspace, shard })));
  }
  const shards = await getShards(context.topo, keyspace, context);
  if (shards.size === 0) {
    throw vtError("VT22002", `keyspace ${keyspace} has no shards; CreateShard, or start tablets`);
  }
  return [...shards].map(([shard, record]) => ({ keyspace, shard, record }));
}
