import assert from "node:assert/strict";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { createCell } from "../../topo/cells.ts";
import { DEFAULT_KEYSPACE } from "../../topo/keyspaces.ts";
import { openMemoryTopology } from "../../topo/memory/topology.ts";
import { MemoryTree } from "../../topo/memory/tree.ts";
import { registerTablet } from "../../topo/registration.ts";
import { deleteTablet } from "../../topo/tablets.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { TabletDirectory } from "./directory.ts";
import { discoverTablets } from "./discovery.ts";

function record(cell: string, uid: number): TabletRecord {
  return {
    alias: { cell, uid },
    hostname: "127.0.0.1",
    // Nobody listens there: the tablets stay unreachable.
    portMap: { vt: 1, grpc: 1 },
    keyspace: "customer",
    shard: "-80",
    type: "replica",
    dbNameOverride: "",
    tags: {},
    mysqlHostname: "127.0.0.1",
    mysqlPort: 3,
  };
}

Deno.test("discoverTablets() follows the records of its cells", async () => {
  await using topo = openMemoryTopology(new MemoryTree(), { log: SILENT_LOG });
  const stop = new AbortController();
  const call = { signal: stop.signal };
  for (const cell of ["zone1", "zone2"]) {
    await createCell(topo, cell, { serverAddress: "", root: `/vitess/example/${cell}` }, call);
  }
  await using directory = new TabletDirectory({
    cell: "zone1",
    gateName: "test gate",
    clock: HOST_CLOCK,
    log: SILENT_LOG,
    random: Math.random,
    waitersMax: 10,
    serves: () => true,
  });
  const following = discoverTablets(topo, ["zone1", "zone2"], directory, SILENT_LOG, call);
  const uids = () => directory.statuses.map(({ record }) => record.alias.uid);
  for (const [cell, uid] of [["zone1", 100], ["zone2", 200], ["zone1", 101]] as const) {
    await registerTablet(topo, record(cell, uid), DEFAULT_KEYSPACE, call);
  }
  await waitFor("three tablets", () => uids().length === 3);
  assert.deepEqual(uids(), [100, 101, 200]);
  await waitFor("a cause", () => /refused/.test(directory.statuses[0]?.health.error ?? ""));
  const target = { keyspace: "customer", shard: "-80", tabletType: "replica" } as const;
  assert.ok(directory.expects(target));
  assert.ok(directory.expects({ ...target, tabletType: "primary" }));
  assert.ok(!directory.expects({ ...target, tabletType: "rdonly" }));
  assert.ok(!directory.expects({ ...target, shard: "80-" }));
  await deleteTablet(topo, { cell: "zone1", uid: 100 }, call);
  await waitFor("one to go", () => uids().length === 2);
  assert.deepEqual(uids(), [101, 200]);
  stop.abort();
  await following.catch((error) => assert.ok(stop.signal.aborted, String(error)));
});
