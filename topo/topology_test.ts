import assert from "node:assert/strict";
import { createLog, SILENT_LOG } from "../shared/host/log.ts";
import type { TabletRecord } from "../shared/model/records.ts";
import { createCell, deleteCell, listCells, updateCell } from "./cells.ts";
import { createKeyspace, DEFAULT_KEYSPACE, deleteKeyspace, listKeyspaces } from "./keyspaces.ts";
import { lockShard } from "./locks.ts";
import { openMemoryTopology } from "./memory/topology.ts";
import { MemoryTree } from "./memory/tree.ts";
import { registerTablet } from "./registration.ts";
import { getShardReplication } from "./replication.ts";
import { getRoutingRules, saveRoutingRules } from "./routing_rules.ts";
import { createShard, deleteShard, getShard, listShards, setShardPrimary } from "./shards.ts";
import { getSrvKeyspace, rebuildKeyspaceGraph } from "./srv_keyspaces.ts";
import { getSrvVSchema, rebuildVSchemaGraph } from "./srv_vschemas.ts";
import { deleteTablet, getTablet, listAllTablets, listTablets, updateTablet } from "./tablets.ts";
import type { Topology } from "./topology.ts";
import { getVSchema, saveVSchema } from "./vschemas.ts";
import { watchShard, watchSrvVSchema, watchTablets } from "./watches.ts";

const GLOBAL = "/vitess/example/global";
const CELL = "/vitess/example/local/zone1";
const ALIAS = { cell: "zone1", uid: 100 };

async function withTopology(
  run: (
    topo: Topology,
    call: { readonly signal: AbortSignal },
    tree: MemoryTree,
  ) => Promise<void>,
  log = SILENT_LOG,
): Promise<void> {
  const tree = new MemoryTree();
  await using topo = openMemoryTopology(tree, { log });
  const stop = new AbortController();
  const call = { signal: stop.signal };
  await createCell(topo, "zone1", { serverAddress: "", root: CELL }, call);
  try {
    await run(topo, call, tree);
  } finally {
    stop.abort();
  }
}

function tablet(uid: number, shard: string, keyspace = "customer"): TabletRecord {
  return {
    alias: { cell: "zone1", uid },
    hostname: "127.0.0.1",
    portMap: { vt: 1, grpc: 2 },
    keyspace,
    shard,
    type: "replica",
    dbNameOverride: "",
    tags: {},
    mysqlHostname: "127.0.0.1",
    mysqlPort: 3,
  };
}

const paths = (tree: MemoryTree) => tree.list("").map((node) => node.path);

Deno.test("a cluster's keys are those that Vitess writes, and no others", async () => {
  await withTopology(async (topo, call, tree) => {
    for (const [uid, shard] of [[100, "-80"], [101, "-80"], [200, "80-"]] as const) {
      await registerTablet(topo, tablet(uid, shard), DEFAULT_KEYSPACE, call);
    }
    await saveVSchema(topo, "customer", { sharded: true }, call);
    await rebuildKeyspaceGraph(topo, "customer", call);
    await rebuildVSchemaGraph(topo, call);
    assert.deepEqual(paths(tree), [
      `${GLOBAL}/cells/zone1/CellInfo`,
      `${GLOBAL}/keyspaces/customer/Keyspace`,
      `${GLOBAL}/keyspaces/customer/VSchema`,
      `${GLOBAL}/keyspaces/customer/shards/-80/Shard`,
      `${GLOBAL}/keyspaces/customer/shards/80-/Shard`,
      `${CELL}/SrvVSchema`,
      `${CELL}/keyspaces/customer/SrvKeyspace`,
      `${CELL}/keyspaces/customer/shards/-80/ShardReplication`,
      `${CELL}/keyspaces/customer/shards/80-/ShardReplication`,
      `${CELL}/tablets/zone1-0000000100/Tablet`,
      `${CELL}/tablets/zone1-0000000101/Tablet`,
      `${CELL}/tablets/zone1-0000000200/Tablet`,
    ]);
  });
});

Deno.test("what was created can be deleted again, in order", async () => {
  await withTopology(async (topo, call, tree) => {
    await registerTablet(topo, tablet(100, "-"), DEFAULT_KEYSPACE, call);
    await rebuildKeyspaceGraph(topo, "customer", call);
    await assert.rejects(deleteShard(topo, "customer", "-", call), { id: "VT21010" });
    await assert.rejects(deleteKeyspace(topo, "customer", call), { id: "VT21010" });
    await assert.rejects(deleteCell(topo, "zone1", { ...call, force: false }), { id: "VT21010" });
    await deleteTablet(topo, ALIAS, call);
    await deleteShard(topo, "customer", "-", call);
    await deleteKeyspace(topo, "customer", call);
    await deleteCell(topo, "zone1", { ...call, force: false });
    assert.deepEqual([paths(tree), await listCells(topo, call)], [[], []]);
  });
});

Deno.test("a cell that moved or went is noticed", async () => {
  await withTopology(async (topo, call) => {
    await registerTablet(topo, tablet(100, "-"), DEFAULT_KEYSPACE, call);
    await updateCell(topo, "zone1", (info) => ({ ...info, root: `${CELL}_new` }), call);
    assert.deepEqual(await listTablets(topo, "zone1", call), []);
    await deleteCell(topo, "zone1", { ...call, force: false });
    await assert.rejects(listTablets(topo, "zone1", call), { id: "VT21001" });
  });
});

Deno.test("registerTablet() is idempotent, and moves a tablet between shards", async () => {
  await withTopology(async (topo, call) => {
    await registerTablet(topo, tablet(101, "-80"), DEFAULT_KEYSPACE, call);
    await registerTablet(topo, tablet(100, "-80"), DEFAULT_KEYSPACE, call);
    await registerTablet(topo, tablet(100, "-80"), DEFAULT_KEYSPACE, call);
    const nodes = async (shard: string) =>
      (await getShardReplication(topo, "zone1", "customer", shard, call)).nodes.map((n) => n.uid);
    assert.deepEqual(await nodes("-80"), [100, 101]);
    await registerTablet(topo, tablet(100, "80-"), DEFAULT_KEYSPACE, call);
    assert.deepEqual([await nodes("-80"), await nodes("80-")], [[101], [100]]);
    assert.deepEqual((await listTablets(topo, "zone1", call)).map((t) => t.shard), ["80-", "-80"]);
    const changed = await updateTablet(topo, ALIAS, (t) => ({ ...t, type: "drained" }), call);
    assert.deepEqual(await getTablet(topo, ALIAS, call), changed);
    assert.equal((await listAllTablets(topo, call)).length, 2);
  });
});

Deno.test("createShard() serves unless a serving shard overlaps, and checks the name", async () => {
  await withTopology(async (topo, call) => {
    await assert.rejects(createShard(topo, "customer", "-", call), { id: "VT21001" });
    await createKeyspace(topo, "customer", DEFAULT_KEYSPACE, call);
    await createShard(topo, "customer", "0", call);
    await createShard(topo, "customer", "-80", call);
    await assert.rejects(createShard(topo, "customer", "-80", call), { id: "VT21002" });
    await assert.rejects(createShard(topo, "customer", "8-0", call), { id: "VT22001" });
    await assert.rejects(createShard(topo, "customer", "a/b", call), { id: "VT22001" });
    await assert.rejects(createKeyspace(topo, "a/b", DEFAULT_KEYSPACE, call), { id: "VT22001" });
    const serving = async (shard: string) =>
      (await getShard(topo, "customer", shard, call)).isPrimaryServing;
    assert.deepEqual([await serving("0"), await serving("-80")], [true, false]);
    assert.deepEqual(await listShards(topo, "customer", call), ["-80", "0"]);
    assert.deepEqual(await listKeyspaces(topo, call), ["customer"]);
  });
});

Deno.test("setShardPrimary() follows the younger term", async () => {
  await withTopology(async (topo, call) => {
    await createKeyspace(topo, "customer", DEFAULT_KEYSPACE, call);
    await createShard(topo, "customer", "-", call);
    const set = async (uid: number, termStartTime: string) => {
      const primary = { alias: { cell: "zone1", uid }, termStartTime };
      return (await setShardPrimary(topo, "customer", "-", primary, call)).primaryAlias?.uid;
    };
    assert.equal(await set(1, "2026-01-01T00:00:01.000Z"), 1);
    assert.equal(await set(2, "2026-01-01T00:00:00.999Z"), 1);
    assert.equal(await set(2, "2026-01-01T00:00:02Z"), 2);
  });
});

Deno.test("rebuildKeyspaceGraph() lists serving shards by range, and refuses gaps", async () => {
  await withTopology(async (topo, call) => {
    await createKeyspace(topo, "customer", DEFAULT_KEYSPACE, call);
    await createShard(topo, "customer", "80-", call);
    await assert.rejects(
      rebuildKeyspaceGraph(topo, "customer", call),
      /VT22002: keyspace customer can't be served: its shards 80- leave a gap or overlap/,
    );
    await rebuildKeyspaceGraph(topo, "customer", { ...call, allowPartial: true });
    await createShard(topo, "customer", "-80", call);
    await createShard(topo, "customer", "-40", call);
    await rebuildKeyspaceGraph(topo, "customer", call);
    const { partitions } = await getSrvKeyspace(topo, "zone1", "customer", call);
    assert.deepEqual(
      partitions.map((partition) => [partition.servedType, partition.shardReferences]),
      ["primary", "replica", "rdonly"].map((type) => [type, ["-80", "80-"]]),
    );
  });
});

Deno.test("rebuildVSchemaGraph() merges all VSchemas and the routing rules", async () => {
  await withTopology(async (topo, call) => {
    await createKeyspace(topo, "commerce", DEFAULT_KEYSPACE, call);
    await createKeyspace(topo, "customer", DEFAULT_KEYSPACE, call);
    assert.deepEqual(await getVSchema(topo, "commerce", call), {});
    await assert.rejects(saveVSchema(topo, "none", {}, call), { id: "VT21001" });
    await saveVSchema(topo, "commerce", { tables: { product: {} } }, call);
    const rules = { rules: [{ fromTable: "t", toTables: ["customer.t"] }] };
    await saveRoutingRules(topo, rules, call);
    await rebuildVSchemaGraph(topo, call);
    assert.deepEqual(await getSrvVSchema(topo, "zone1", call), {
      keyspaces: { commerce: { tables: { product: {} } }, customer: {} },
      routingRules: rules,
    });
    await saveRoutingRules(topo, { rules: [] }, call);
    assert.deepEqual(await getRoutingRules(topo, call), { rules: [] });
  });
});

Deno.test("the watches give the value now and after each change", async () => {
  const lines: string[] = [];
  const log = createLog({ level: "info", format: "logfmt", write: (line) => lines.push(line) });
  await withTopology(async (topo, call) => {
    const tablets = watchTablets(topo, "zone1", call)[Symbol.asyncIterator]();
    const aliases = async () => [...(await tablets.next()).value.keys()];
    assert.deepEqual(await aliases(), []);
    await registerTablet(topo, tablet(100, "-"), DEFAULT_KEYSPACE, call);
    assert.deepEqual(await aliases(), ["zone1-0000000100"]);
    const cell = await topo.cell("zone1", call);
    await cell.put("tablets/zone1-0000000101/Tablet", new Uint8Array([1]), undefined, call);
    assert.deepEqual(await aliases(), ["zone1-0000000100"]);
    assert.match(lines[0] ?? "", /unreadable record is passed over.*zone1-0000000101/);
    await deleteTablet(topo, ALIAS, call);
    assert.deepEqual(await aliases(), []);

    const shard = watchShard(topo, "customer", "-", call)[Symbol.asyncIterator]();
    assert.equal((await shard.next()).value.isPrimaryServing, true);
    await using lock = await lockShard(topo, "customer", "-", "test", call);
    lock.check();
    const srv = watchSrvVSchema(topo, "zone1", call)[Symbol.asyncIterator]();
    assert.equal((await srv.next()).value, undefined);
    await rebuildVSchemaGraph(topo, call);
    assert.deepEqual((await srv.next()).value.keyspaces, { customer: {} });
  }, log);
});
