import assert from "node:assert/strict";
import {
  type ModelCluster,
  openModelCluster,
  openReshard,
} from "../../tests/harness/model_tablets.ts";
import { getShard } from "../../topo/shards.ts";
import { findCommand } from "./registry.ts";

async function run({ context }: ModelCluster, ...args: string[]): Promise<void> {
  await findCommand("SetShardTabletControl").prepare(args, "SetShardTabletControl").run(context);
}

async function denied({ topo, context }: ModelCluster): Promise<readonly string[]> {
  const { tabletControls } = await getShard(topo, "commerce", "-", context);
  return tabletControls.flatMap(({ deniedTables }) => deniedTables);
}

Deno.test("tables that a completion kept are opened, one by one", async () => {
  await using cluster = await openModelCluster({ "zone1-100": "commerce/-" });
  await run(cluster, "--denied-tables", "customer,corder", "commerce/-", "primary");
  assert.deepEqual(await denied(cluster), ["corder", "customer"]);
  await run(cluster, "--denied-tables", "customer", "--remove", "commerce/-", "primary");
  assert.deepEqual(await denied(cluster), ["corder"]);
  assert.deepEqual(cluster.tablets.calls.filter((call) => call.endsWith("RefreshState")).length, 2);
});

Deno.test("tables that a workflow has are its own business", async () => {
  await using cluster = await openReshard("w");
  await assert.rejects(
    run(cluster, "--denied-tables", "customer", "--remove", "customer/-", "primary"),
    { id: "VT22002", message: /workflow w of keyspace customer has customer of customer\/-/ },
  );
  await run(cluster, "--denied-tables", "other", "customer/-", "primary");
  // A rule that is a pattern may mean any table.
  const { streams } = cluster.tablets.tablet("zone1-0000000200");
  for (const [id, stream] of streams) {
    const filter = { rules: [{ match: "/.*", filter: "-80" }] };
    streams.set(id, { ...stream, source: { ...stream.source, filter } });
  }
  await assert.rejects(
    run(cluster, "--denied-tables", "another", "customer/-", "primary"),
    { id: "VT22002", message: /workflow w of keyspace customer has another of customer\/-/ },
  );
});

Deno.test("a primary of another keyspace that is away keeps no table refused, its own does", async () => {
  await using cluster = await openModelCluster({
    "zone1-100": "commerce/-",
    "zone1-200": "reports/-",
  });
  const { tablets, said } = cluster;
  tablets.away.add("zone1-0000000200");
  await run(cluster, "--denied-tables", "customer,corder", "commerce/-", "primary");
  await run(cluster, "--denied-tables", "customer", "--remove", "commerce/-", "primary");
  assert.deepEqual(await denied(cluster), ["corder"]);
  assert.match(
    said.join("\n"),
    /^the workflows of reports\/- can't be read, so one there that has/,
  );
  tablets.away.add("zone1-0000000100");
  await assert.rejects(
    run(cluster, "--denied-tables", "corder", "--remove", "commerce/-", "primary"),
    { id: "VT22005" },
  );
  assert.deepEqual(await denied(cluster), ["corder"]);
});
