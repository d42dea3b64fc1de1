/** What is looked at before traffic is switched, on a model of a cluster. */
import assert from "node:assert/strict";
import { openReshard } from "../../../tests/harness/model_tablets.ts";
import { getVSchema, saveVSchema } from "../../../topo/vschemas.ts";
import { switchTraffic } from "./switch_traffic.ts";

const NAME = { keyspace: "customer", workflow: "w" };
const OPTIONS = {
  types: ["replica", "rdonly", "primary"],
  cells: [],
  timeoutMs: 1000,
  lagMaxMs: 30_000,
  reverse: true,
  reverseStopped: false,
  initSequences: false,
  dryRun: false,
} as const;

Deno.test("a VSchema that places rows otherwise since is noticed, there and back", async () => {
  await using cluster = await openReshard("w");
  const { context, topo } = cluster;
  const before = await getVSchema(topo, "customer", context);
  const other = {
    sharded: true,
    vindexes: { hash: { type: "hash" } },
    tables: {
      customer: { column_vindexes: [{ column: "customer_id", name: "hash" }] },
      corder: { column_vindexes: [{ column: "order_id", name: "hash" }] },
    },
  };
  await saveVSchema(topo, "customer", other, context);
  const moved = {
    id: "VT22002",
    message: /rows of corder came to customer\/-80 by "[^"]*in_keyrange\(customer_id, .*order_id/,
  };
  await assert.rejects(switchTraffic(context, NAME, "there", OPTIONS), moved);
  const reads = { ...OPTIONS, types: ["replica"] } as const;
  await assert.rejects(switchTraffic(context, NAME, "there", reads), moved);
  await saveVSchema(topo, "customer", before, context);
  await switchTraffic(context, NAME, "there", OPTIONS);
  // All rows go back into the one shard, whatever places them on the others.
  await saveVSchema(topo, "customer", other, context);
  await switchTraffic(context, NAME, "back", OPTIONS);
});

Deno.test("a shard isn't left by its writes while another workflow reads from it", async () => {
  await using cluster = await openReshard("w");
  const { context, tablets } = cluster;
  const reader = {
    workflow: "sums",
    workflowType: "materialize",
    source: {
      keyspace: "customer",
      shard: "-",
      filter: { rules: [{ match: "sums", filter: "select count(*) as n from corder" }] },
      onDdl: "IGNORE",
      stopAfterCopy: false,
    },
    position: "",
    state: "Init",
    cells: "",
    tabletTypes: "replica",
    options: "{}",
  } as const;
  const id = tablets.addStream("zone1-0000000300", reader);
  const busy = { id: "VT22002", message: /workflow sums / };
  await assert.rejects(switchTraffic(context, NAME, "there", OPTIONS), busy);
  await switchTraffic(context, NAME, "there", { ...OPTIONS, types: ["replica"] });
  tablets.tablet("zone1-0000000300").streams.delete(id);
  await switchTraffic(context, NAME, "there", OPTIONS);
  const later = { ...reader, source: { ...reader.source, shard: "-80" } };
  tablets.addStream("zone1-0000000300", later);
  await assert.rejects(switchTraffic(context, NAME, "back", OPTIONS), busy);
});
