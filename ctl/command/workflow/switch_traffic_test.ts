/** What is looked at before traffic is switched, on a model of a cluster. */
import assert from "node:assert/strict";
import {
  addPrimary,
  type ModelCluster,
  openModelCluster,
  openReshard,
  SWITCH_ALL,
} from "../../../tests/harness/model_tablets.ts";
import { updateShard } from "../../../topo/shards.ts";
import { listSwitches, saveSwitch } from "../../../topo/switches.ts";
import { getVSchema, saveVSchema } from "../../../topo/vschemas.ts";
import { MOVE_STREAM } from "../../../tests/harness/workflow_world.ts";
import { planStreams } from "../../workflow/streams.ts";
import { readDocument } from "../../workflow/vschema_change.ts";
import { completeWorkflow } from "./end_workflow.ts";
import { switchTraffic } from "./switch_traffic.ts";
import { denyTables } from "./write_record.ts";

const NAME = { keyspace: "customer", workflow: "w" };
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
  await assert.rejects(switchTraffic(context, NAME, "there", SWITCH_ALL), moved);
  const reads = { ...SWITCH_ALL, types: ["replica"] } as const;
  await assert.rejects(switchTraffic(context, NAME, "there", reads), moved);
  await saveVSchema(topo, "customer", before, context);
  await switchTraffic(context, NAME, "there", SWITCH_ALL);
  // All rows go back into the one shard, whatever places them on the others.
  await saveVSchema(topo, "customer", other, context);
  await switchTraffic(context, NAME, "back", SWITCH_ALL);
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
    deferSecondaryKeys: false,
    options: "{}",
  } as const;
  const id = tablets.addStream("zone1-0000000300", reader);
  const busy = { id: "VT22002", message: /workflow sums / };
  await assert.rejects(switchTraffic(context, NAME, "there", SWITCH_ALL), busy);
  await switchTraffic(context, NAME, "there", { ...SWITCH_ALL, types: ["replica"] });
  tablets.tablet("zone1-0000000300").streams.delete(id);
  await switchTraffic(context, NAME, "there", SWITCH_ALL);
  const later = { ...reader, source: { ...reader.source, shard: "-80" } };
  tablets.addStream("zone1-0000000300", later);
  await assert.rejects(switchTraffic(context, NAME, "back", SWITCH_ALL), busy);
});

Deno.test("both sides are looked at again only when reads were switched in between", async () => {
  const looks = async (change: Partial<typeof SWITCH_ALL>): Promise<number> => {
    await using cluster = await openReshard("w");
    const { context, tablets } = cluster;
    await switchTraffic(context, NAME, "there", { ...SWITCH_ALL, ...change });
    return tablets.calls.filter((call) => call === "zone1-0000000100 GetSchema").length;
  };
  assert.equal(await looks({ types: ["primary"] }), 1);
  assert.equal(await looks({ dryRun: true }), 1);
  assert.equal(await looks({}), 2);
});

/** A move of customer from commerce/- to customer/- that has copied all. */
async function openMove(): Promise<ModelCluster> {
  const cluster = await openModelCluster({ "zone1-100": "commerce/-", "zone1-200": "customer/-" });
  const { topo, tablets, context } = cluster;
  await saveVSchema(topo, "commerce", { tables: { customer: {} } }, context);
  await saveVSchema(topo, "customer", { tables: { customer: {} } }, context);
  const plain = (keyspace: string) => ({ keyspace, document: readDocument(undefined) });
  const [placed] = planStreams({
    sources: [{ keyspace: "commerce", shard: "-" }],
    targets: [{ keyspace: "customer", shard: "-" }],
    tables: ["customer"],
    source: plain("commerce"),
    target: plain("customer"),
  }, { ...MOVE_STREAM, state: "Stopped", options: "{}" });
  tablets.addStream("zone1-0000000200", placed?.stream ?? assert.fail());
  for (const alias of ["zone1-0000000100", "zone1-0000000200"]) {
    tablets.tablet(alias).tables.add("customer");
  }
  return cluster;
}

const SIDES = [
  ["there", "commerce", { keyspace: "customer", workflow: "w" }],
  ["back", "customer", { keyspace: "commerce", workflow: "w_reverse" }],
] as const;
for (const [direction, side, cut] of SIDES) {
  Deno.test(`a dry run ${direction} lays what a cut switch left to no other workflow`, async () => {
    await using cluster = await openMove();
    const { context, topo } = cluster;
    if (direction === "back") await switchTraffic(context, NAME, "there", SWITCH_ALL);
    await updateShard(topo, side, "-", (record) => ({
      ...record,
      tabletControls: denyTables(record.tabletControls, ["customer"], true),
    }), context);
    const dry = { ...SWITCH_ALL, dryRun: true };
    await assert.rejects(switchTraffic(context, NAME, direction, dry), /so another workflow has/);
    const { timeoutMs, reverse, reverseStopped, initSequences } = SWITCH_ALL;
    await saveSwitch(topo, {
      ...cut,
      timeoutMs,
      reverse,
      reverseStopped,
      initSequences,
      command: "MoveTables ...",
      startedAt: "2026-01-02T03:04:05Z",
    }, context);
    const { plan = [] } = await switchTraffic(context, NAME, direction, dry);
    assert.deepEqual(plan.slice(0, 3), [
      "Lock keyspace commerce",
      "Lock keyspace customer",
      "MoveTables ... was cut after 2026-01-02T03:04:05Z; it is ended first",
    ]);
    await switchTraffic(context, NAME, direction, SWITCH_ALL);
    assert.deepEqual(await listSwitches(topo, context), []);
  });
}

/** A keyspace that has nothing to do with it, and whose primary doesn't answer. */
async function addAway({ topo, tablets }: ModelCluster): Promise<void> {
  await addPrimary(topo, "zone1-400", "reports", "-");
  tablets.away.add("zone1-0000000400");
}

Deno.test("a primary elsewhere that is away: it is said what is not noticed, and nobody waits", async () => {
  {
    await using cluster = await openReshard("w");
    await addAway(cluster);
    await switchTraffic(cluster.context, NAME, "there", { ...SWITCH_ALL, types: ["primary"] });
    assert.match(
      cluster.said.filter((line) => line.includes("reports")).join("\n"),
      /^the workflows of reports\/- can't be read, so one there that reads the shards that writes leave in customer, and would stand still from the switch on, is not noticed: .*doesn't answer/,
    );
  }
  await using cluster = await openMove();
  await addAway(cluster);
  const { context, said } = cluster;
  await switchTraffic(context, NAME, "there", SWITCH_ALL);
  const options = { keepData: false, keepRoutingRules: false, renameTables: false, dryRun: false };
  await completeWorkflow(context, NAME, options);
  assert.match(
    said.filter((line) => line.includes("reports")).join("\n"),
    /^the workflows of reports\/- .* one there that reads these tables from commerce, and would stand still from now on, is not noticed: .*doesn't answer/,
  );
});
