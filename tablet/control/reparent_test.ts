import assert from "node:assert/strict";
import { startEtcd } from "../../tests/harness/etcd.ts";
import { type TestServer, testServers } from "../../tests/harness/mysqld.ts";
import { openTestTopology, TestTablet } from "../../tests/harness/tablet.ts";
import { tempDir } from "../../tests/harness/temp_dir.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { DEFAULT_KEYSPACE, ensureKeyspace, updateKeyspace } from "../../topo/keyspaces.ts";
import { lockShard } from "../../topo/locks.ts";
import { getShard } from "../../topo/shards.ts";
import type { Topology } from "../../topo/topology.ts";
import { Dba, queryRow } from "../mysqld/dba.ts";
import { MYSQL_USERS } from "../mysqld/init_db.ts";

const { signal } = new AbortController();
const SEMI_SYNC = { semiSync: true };

function onEach(
  name: string,
  run: (a: TestTablet, b: TestTablet, topo: Topology) => Promise<void>,
): void {
  for (const server of testServers()) {
    Deno.test(`${name} (${server})`, async () => await withPair(server, run));
  }
}

/** Two tablets of a shard with semi-sync, the first one primary and both serving. */
async function withPair(
  server: TestServer,
  run: (a: TestTablet, b: TestTablet, topo: Topology) => Promise<void>,
): Promise<void> {
  await using etcd = await startEtcd();
  await using topo = await openTestTopology(etcd);
  await using folder = await tempDir("vttablet");
  await using a = new TestTablet({ etcd, uid: 100, server, folder: folder.path });
  await using b = new TestTablet({ etcd, uid: 101, server, folder: folder.path });
  const keyspace = { ...DEFAULT_KEYSPACE, durabilityPolicy: "semi_sync" } as const;
  await ensureKeyspace(topo, "commerce", keyspace, { signal });
  await Promise.all([a.start(), b.start()]);
  await Promise.all([a.rpc("InitPrimary", SEMI_SYNC), point(b, a)]);
  await waitFor("the replica to serve", () => serving(b));
  await run(a, b, topo);
}

function point(replica: TestTablet, parent: TestTablet): Promise<unknown> {
  return replica.rpc("SetReplicationSource", {
    parent: parent.alias,
    host: "127.0.0.1",
    port: parent.mysqlPort,
    semiSync: true,
    start: true,
  });
}

async function serving(tablet: TestTablet): Promise<boolean> {
  return (await tablet.status())["Health"]?.["state"] === "Serving";
}

function client(tablet: TestTablet): Dba {
  const address = { socketPath: tablet.socketPath };
  return new Dba({ address, user: MYSQL_USERS.app, password: "" });
}

/** What vtctld's planned reparent asks of the tablets. */
async function reparent(from: TestTablet, to: TestTablet): Promise<void> {
  const { position } = await from.rpc("DemotePrimary", {});
  await Promise.all([
    to.rpc("PromoteReplica", { position, semiSync: true, timeoutMs: 15_000 }),
    point(from, to),
  ]);
}

onEach("primaries change under a writer, and no acknowledged row is lost", async (a, b) => {
  await using first = client(a);
  await using second = client(b);
  const clients = [first, second];
  await first.query("CREATE TABLE vt_commerce.t (id int PRIMARY KEY)", { signal });
  const acknowledged = new Set<number>();
  const stop = new AbortController();
  const writer = (async () => {
    for (let id = 1; !stop.signal.aborted; id++) {
      // Whichever takes it; both refuse while the place is given away.
      for (const dba of clients) {
        const written = await dba.query(`INSERT INTO vt_commerce.t VALUES (${id})`, { signal })
          .then(() => true, () => false);
        if (written) acknowledged.add(id);
      }
    }
  })();
  for (let round = 0; round < 2; round++) {
    for (const [from, to] of [[a, b], [b, a]] as const) {
      const before = acknowledged.size;
      await waitFor("some rows", () => acknowledged.size > before + 20);
      await reparent(from, to);
    }
  }
  stop.abort();
  await writer;
  const { position } = await a.rpc("PrimaryPosition", {});
  await b.rpc("WaitForPosition", { position, timeoutMs: 15_000 });
  for (const dba of clients) {
    const { rows } = await dba.query("SELECT id FROM vt_commerce.t", { signal });
    const found = new Set(rows.map(([id]) => Number(id)));
    assert.deepEqual([...acknowledged].filter((id) => !found.has(id)), []);
  }
  const journal = await a.rpc("ExecuteFetchAsDba", {
    sql: "SELECT action_name, primary_alias FROM _vt.reparent_journal ORDER BY time_created_ns",
    rowsMax: 100,
    disableBinlogs: false,
  });
  assert.deepEqual(journal.rows.slice(0, 2), [
    ["InitPrimary", a.name],
    ["PromoteReplica", b.name],
  ]);
});

onEach("each command may come twice", async (a, b, topo) => {
  const { position } = await a.rpc("DemotePrimary", {});
  assert.deepEqual(await a.rpc("DemotePrimary", {}), { position });
  assert.equal(await serving(a), false);
  await a.rpc("UndoDemotePrimary", SEMI_SYNC);
  await a.rpc("UndoDemotePrimary", SEMI_SYNC);
  assert.equal(await serving(a), true);
  await a.rpc("DemotePrimary", {});
  const request = { position, semiSync: true, timeoutMs: 15_000 };
  await Promise.all([b.rpc("PromoteReplica", request), point(a, b)]);
  const term = (await getShard(topo, "commerce", "-", { signal })).primaryTermStartTime;
  await Promise.all([b.rpc("PromoteReplica", request), point(a, b)]);
  assert.equal((await getShard(topo, "commerce", "-", { signal })).primaryTermStartTime, term);
  await waitFor("both to serve", async () => await serving(a) && await serving(b));
  await assert.rejects(b.rpc("ChangeType", { type: "drained" }), /is a primary/);
  await a.rpc("ChangeType", { type: "drained" });
  const reason = (await a.status())["Health"]?.["reason not serving"];
  assert.equal(reason, "not a serving tablet type(DRAINED)");
});

onEach("a demotion ends commits that wait in vain for an acknowledgement", async (a, b) => {
  await using dba = client(a);
  await dba.query("CREATE TABLE vt_commerce.t (id int PRIMARY KEY)", { signal });
  await b.rpc("StopReplication", {});
  const waits = assert.rejects(dba.query("INSERT INTO vt_commerce.t VALUES (1)", { signal }));
  await waitFor("the commit to wait", async () => {
    const row = await queryRow(
      dba,
      "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'INSERT INTO vt_%'",
      { signal },
    );
    return row?.["n"] === "1";
  });
  const { position } = await a.rpc("DemotePrimary", {});
  await waits;
  await b.rpc("StartReplication", {});
  await b.rpc("PromoteReplica", { position, semiSync: false, timeoutMs: 15_000 });
});

onEach("a promotion without the rows of the old primary is refused", async (a, b, topo) => {
  await using dba = client(a);
  // The primary shall go on alone.
  await updateKeyspace(topo, "commerce", (record) => ({
    ...record,
    durabilityPolicy: "none",
  }), { signal });
  await a.rpc("RefreshState", {});
  await b.rpc("StopReplication", {});
  await dba.query("CREATE TABLE vt_commerce.t (id int PRIMARY KEY)", { signal });
  const { position } = await a.rpc("DemotePrimary", {});
  const request = { position, semiSync: true, timeoutMs: 300 };
  await assert.rejects(b.rpc("PromoteReplica", request), /VT20014/);
  await a.rpc("UndoDemotePrimary", { semiSync: false });
  await dba.query("INSERT INTO vt_commerce.t VALUES (1)", { signal });
});

onEach("a primary that was demoted and killed waits for the reparent's end", async (a, _, topo) => {
  {
    await using _lock = await lockShard(topo, "commerce", "-", "test", { signal });
    await a.rpc("DemotePrimary", {});
    await a.kill();
    await a.start();
    const status = await a.status();
    assert.equal(status["Tablet"]?.["type"], "PRIMARY");
    assert.equal(status["Health"]?.["reason not serving"], "the primary was demoted");
  }
  await waitFor("it to go on when nobody carries on", () => serving(a), { timeoutMs: 30_000 });
});
