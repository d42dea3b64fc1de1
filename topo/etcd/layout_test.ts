import assert from "node:assert/strict";
import { TOPO_FLAGS } from "../../shared/flags/common.ts";
import { parseFlags } from "../../shared/flags/parse.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { DOCUMENTED_KEYS } from "../../tests/harness/documented_keys.ts";
import { startEtcd } from "../../tests/harness/etcd.ts";
import { createCell, saveCellsAlias } from "../cells.ts";
import { DEFAULT_KEYSPACE } from "../keyspaces.ts";
import { lockShard } from "../locks.ts";
import { openTopology } from "../open.ts";
import { registerTablet } from "../registration.ts";
import { rebuildKeyspaceGraph } from "../srv_keyspaces.ts";
import { rebuildVSchemaGraph } from "../srv_vschemas.ts";
import { saveVSchema } from "../vschemas.ts";

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
  assert.equal(keys.replace(/(locks\/)[0-9]+/, "$1LEASE"), DOCUMENTED_KEYS);
  const shard = "/vitess/example/global/keyspaces/customer/shards/-80/Shard";
  assert.equal(await etcd.ctl("get", shard, "--print-value-only"), '{"is_primary_serving":true}\n');
});
