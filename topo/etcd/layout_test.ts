import assert from "node:assert/strict";
import { TOPO_FLAGS } from "../../shared/flags/common.ts";
import { parseFlags } from "../../shared/flags/parse.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { startEtcd } from "../../tests/harness/etcd.ts";
import { createCell, saveCellsAlias } from "../cells.ts";
import { DEFAULT_KEYSPACE } from "../keyspaces.ts";
import { lockShard } from "../locks.ts";
import { openTopology } from "../open.ts";
import { registerTablet } from "../registration.ts";
import { rebuildKeyspaceGraph } from "../srv_keyspaces.ts";
import { rebuildVSchemaGraph } from "../srv_vschemas.ts";
import { saveVSchema } from "../vschemas.ts";

/** The listing of a cluster that Vitess's operator made, from its users' documentation. */
const KEYS = `/vitess/example/global/cells/zone1/CellInfo
/vitess/example/global/cells_aliases/planetscale_operator_default/CellsAlias
/vitess/example/global/elections/vtctld/locks/LEASE
/vitess/example/global/keyspaces/commerce/Keyspace
/vitess/example/global/keyspaces/commerce/VSchema
/vitess/example/global/keyspaces/commerce/shards/-/Shard
/vitess/example/global/keyspaces/customer/Keyspace
/vitess/example/global/keyspaces/customer/VSchema
/vitess/example/global/keyspaces/customer/shards/-80/Shard
/vitess/example/global/keyspaces/customer/shards/80-/Shard
/vitess/example/local/zone1/SrvVSchema
/vitess/example/local/zone1/keyspaces/commerce/SrvKeyspace
/vitess/example/local/zone1/keyspaces/commerce/shards/-/ShardReplication
/vitess/example/local/zone1/keyspaces/customer/SrvKeyspace
/vitess/example/local/zone1/keyspaces/customer/shards/-80/ShardReplication
/vitess/example/local/zone1/keyspaces/customer/shards/80-/ShardReplication
/vitess/example/local/zone1/tablets/zone1-0118374573/Tablet
/vitess/example/local/zone1/tablets/zone1-0120139806/Tablet
/vitess/example/local/zone1/tablets/zone1-2289928654/Tablet
/vitess/example/local/zone1/tablets/zone1-2469782763/Tablet
/vitess/example/local/zone1/tablets/zone1-2548885007/Tablet
/vitess/example/local/zone1/tablets/zone1-4277914223/Tablet`;

const TABLETS = [
  [118374573, "commerce", "-"],
  [120139806, "customer", "-80"],
  [2289928654, "customer", "-80"],
  [2469782763, "customer", "80-"],
  [2548885007, "commerce", "-"],
  [4277914223, "customer", "80-"],
] as const;

function tablet(uid: number, keyspace: string, shard: string): TabletRecord {
  return {
    alias: { cell: "zone1", uid },
    hostname: "127.0.0.1",
    portMap: { vt: 15200, grpc: 15100 },
    keyspace,
    shard,
    type: "replica",
    dbNameOverride: "",
    tags: {},
    mysqlHostname: "127.0.0.1",
    mysqlPort: 17100,
  };
}

Deno.test("etcdctl lists a cluster's keys as Vitess's users know them", async () => {
  await using etcd = await startEtcd();
  const { values: flags } = parseFlags(TOPO_FLAGS, [`--topo-address=${etcd.url}`]);
  await using topo = await openTopology({ flags, log: SILENT_LOG });
  const call = { signal: new AbortController().signal };
  const info = { serverAddress: etcd.address, root: "/vitess/example/local/zone1" };
  await createCell(topo, "zone1", info, call);
  await saveCellsAlias(topo, "planetscale_operator_default", { cells: ["zone1"] }, call);
  // All tablets start at once, as in a cluster.
  await Promise.all(
    TABLETS.map(([uid, keyspace, shard]) =>
      registerTablet(topo, tablet(uid, keyspace, shard), DEFAULT_KEYSPACE, call)
    ),
  );
  for (const keyspace of ["commerce", "customer"]) {
    await saveVSchema(topo, keyspace, { sharded: keyspace === "customer" }, call);
    await rebuildKeyspaceGraph(topo, keyspace, call);
  }
  await rebuildVSchemaGraph(topo, call);
  {
    await using lock = await lockShard(topo, "customer", "-80", "test", call);
    lock.check();
  }
  await using leadership = await topo.global.campaign("vtctld", "ctl-1", call);
  assert.equal(leadership.lost.aborted, false);
  const listed = await etcd.ctl("get", "", "--prefix", "--keys-only");
  const keys = listed.replaceAll(/\n+/g, "\n").trim();
  assert.equal(keys.replace(/(locks\/)[0-9]+/, "$1LEASE"), KEYS);
  const shard = "/vitess/example/global/keyspaces/customer/shards/-80/Shard";
  assert.equal(await etcd.ctl("get", shard, "--print-value-only"), '{"is_primary_serving":true}\n');
});
