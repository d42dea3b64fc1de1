import assert from "node:assert/strict";
import { HOST_CLOCK } from "../../../shared/host/clock.ts";
import { SILENT_LOG } from "../../../shared/host/log.ts";
import { openModelCluster, openReshard, SWITCH_ALL } from "../../../tests/harness/model_tablets.ts";
import { createCell } from "../../../topo/cells.ts";
import { MemoryStore } from "../../../topo/memory/store.ts";
import { MemoryTree } from "../../../topo/memory/tree.ts";
import { saveRoutingRules } from "../../../topo/routing_rules.ts";
import { getSrvKeyspace, rebuildKeyspaceGraph } from "../../../topo/srv_keyspaces.ts";
import { getSrvVSchema } from "../../../topo/srv_vschemas.ts";
import { createKeyspace, DEFAULT_KEYSPACE } from "../../../topo/keyspaces.ts";
import { createShard } from "../../../topo/shards.ts";
import { getTablet } from "../../../topo/tablets.ts";
import type { Call, Version } from "../../../topo/store.ts";
import { Topology } from "../../../topo/topology.ts";
import { rebuildVSchemaGraph } from "../../../topo/srv_vschemas.ts";
import { srvKeyspacePath } from "../../../topo/paths.ts";
import { switchTraffic } from "./switch_traffic.ts";
import { writeRecord } from "./write_record.ts";

const CALL = { signal: new AbortController().signal };

/** Its writes fail, or come late, when it is told so. */
class CellStore extends MemoryStore {
  state: "well" | "away" | "slow" = "well";

  override async put(
    path: string,
    value: Uint8Array,
    version: Version | undefined,
    call: Call,
  ): Promise<Version> {
    if (this.state === "away") throw new Error("the cell is away");
    if (this.state === "slow") await HOST_CLOCK.sleep(20, call);
    return await super.put(path, value, version, call);
  }
}

Deno.test("a cell that is away: others are written, and nothing comes behind the failure", async () => {
  const tree = new MemoryTree();
  const cells = new Map(["away", "slow"].map((name) => [name, new CellStore(tree, `/${name}`)]));
  await using topo = new Topology({
    global: new MemoryStore(tree, "/global"),
    openCell: ({ root }) => cells.get(root.slice(1)) ?? new MemoryStore(tree, root),
    clock: HOST_CLOCK,
    log: SILENT_LOG,
    holder: { hostName: "localhost", userName: "vitess", process: "" },
  });
  for (const name of cells.keys()) {
    await createCell(topo, name, { serverAddress: "", root: `/${name}` }, CALL);
  }
  await createKeyspace(topo, "customer", DEFAULT_KEYSPACE, CALL);
  await createShard(topo, "customer", "-", CALL);
  await rebuildKeyspaceGraph(topo, "customer", CALL);
  await rebuildVSchemaGraph(topo, CALL);
  await saveRoutingRules(topo, { rules: [{ fromTable: "a", toTables: ["customer.a"] }] }, CALL);
  for (const [name, store] of cells) store.state = name === "away" ? "away" : "slow";

  await using model = await openModelCluster({});
  const hands = {
    context: { ...model.context, topo },
    primaries: new Map(),
    check: () => {},
    token: () => 1,
    nextToken: () => {},
    signal: () => CALL.signal,
  };
  const stop = { do: "queries", keyspace: "customer", type: "primary", shards: ["-"] } as const;
  await assert.rejects(writeRecord(hands, { ...stop, disabled: true }), /the cell is away/);
  const { partitions } = await getSrvKeyspace(topo, "slow", "customer", CALL);
  assert.equal(partitions[0]?.shardTabletControls.length, 1);
  await assert.rejects(writeRecord(hands, { do: "rebuild_vschema" }), /the cell is away/);
  assert.equal((await getSrvVSchema(topo, "slow", CALL)).routingRules.rules.length, 1);
});

Deno.test("a primary that can't hear that it takes no more writes is not switched away from", async () => {
  await using cluster = await openReshard("w");
  const { context, topo, tablets } = cluster;
  const cell = await topo.cell("zone1", context);
  await cell.delete(srvKeyspacePath("customer"), undefined, context);
  const makesIt = /RebuildKeyspaceGraph --cells zone1 customer makes it$/;
  const name = { keyspace: "customer", workflow: "w" };
  for (const dryRun of [true, false]) {
    // Before anything is stopped.
    await assert.rejects(switchTraffic(context, name, "there", { ...SWITCH_ALL, dryRun }), {
      id: "VT22002",
      message: makesIt,
    });
  }
  assert.deepEqual(tablets.calls.filter((call) => !/Read|Fetch/.test(call)), []);
  // It may go since it was looked at.
  const primary = await getTablet(topo, { cell: "zone1", uid: 100 }, CALL);
  const hands = {
    context,
    primaries: new Map([["customer/-", primary]]),
    check: () => {},
    token: () => 1,
    nextToken: () => {},
    signal: () => CALL.signal,
  };
  const stop = { do: "queries", keyspace: "customer", type: "primary", shards: ["-"] } as const;
  await assert.rejects(writeRecord(hands, { ...stop, disabled: true }), {
    id: "VT22002",
    message: makesIt,
  });
});
