/** The oldest commands on a model of a cluster. */
import assert from "node:assert/strict";
import { type ModelCluster, openReshard } from "../../tests/harness/model_tablets.ts";
import { findCommand } from "./registry.ts";

const OLD = "zone1-0000000100";
const NEW = ["zone1-0000000200", "zone1-0000000300"];

async function run({ context }: ModelCluster, name: string, ...args: string[]): Promise<void> {
  await findCommand(name).prepare(args, name).run(context);
}

function states({ tablets }: ModelCluster, alias: string): readonly string[] {
  return [...tablets.tablet(alias).streams.values()].map(({ state }) => state);
}

Deno.test("behind MigrateServedTypes master the old shard stands still, and can be gone back to", async () => {
  await using cluster = await openReshard("SplitClone");
  const migrate = (...args: string[]) => run(cluster, "MigrateServedTypes", "customer/-", ...args);
  for (const type of ["rdonly", "replica", "master"]) await migrate(type);
  assert.deepEqual(states(cluster, OLD), ["Stopped", "Stopped"]);
  await assert.rejects(migrate("--reverse", "master"), {
    message: /SplitClone_reverse --target-keyspace customer start lets it go on/,
  });
  const workflow = ["--keyspace", "customer", "--workflow", "SplitClone_reverse"];
  await run(cluster, "Workflow", ...workflow, "start");
  await migrate("--reverse", "master");
  assert.deepEqual(NEW.flatMap((alias) => states(cluster, alias)), ["Running", "Running"]);
  await migrate("--reverse-replication", "master");
  assert.deepEqual(states(cluster, OLD), ["Running", "Running"]);
});
