import assert from "node:assert/strict";
import { type Etcd, startEtcd } from "../tests/harness/etcd.ts";
import { startTestMysqld, type TestServer, testServers } from "../tests/harness/mysqld.ts";
import { openTestTopology, TestTablet } from "../tests/harness/tablet.ts";
import { tempDir } from "../tests/harness/temp_dir.ts";
import { waitFor } from "../tests/harness/wait.ts";
import { updateKeyspace } from "../topo/keyspaces.ts";
import { getShard, updateShard } from "../topo/shards.ts";
import { getTablet } from "../topo/tablets.ts";
import type { Topology } from "../topo/topology.ts";
import { Dba, queryRow } from "./mysqld/dba.ts";
import { MYSQL_USERS } from "./mysqld/init_db.ts";

const { signal } = new AbortController();

interface Fixture {
  readonly etcd: Etcd;
  readonly topo: Topology;
  readonly tablet: (uid: number) => TestTablet;
}

function onEach(name: string, run: (fixture: Fixture) => Promise<void>): void {
  for (const server of testServers()) {
    Deno.test(`${name} (${server})`, async () => await withFixture(server, run));
  }
}

async function withFixture(
  server: TestServer,
  run: (fixture: Fixture) => Promise<void>,
): Promise<void> {
  await using etcd = await startEtcd();
  await using topo = await openTestTopology(etcd);
  await using folder = await tempDir("vttablet");
  await using tablets = new AsyncDisposableStack();
  const tablet = (uid: number) =>
    tablets.use(new TestTablet({ etcd, uid, server, folder: folder.path }));
  await run({ etcd, topo, tablet });
}

/** A client of the tablet's mysqld, without the rights that read_only spares. */
function client(tablet: TestTablet): Dba {
  const address = { socketPath: tablet.socketPath };
  return new Dba({ address, user: MYSQL_USERS.app, password: "" });
}

async function sql(tablet: TestTablet, statement: string): Promise<string | null | undefined> {
  await using dba = client(tablet);
  const row = await queryRow(dba, statement, { signal });
  return row === undefined ? undefined : Object.values(row)[0];
}

async function serving(tablet: TestTablet): Promise<boolean> {
  return (await tablet.status())["Health"]?.["state"] === "Serving";
}

onEach("a replica follows the primary of the shard record by itself", async ({ topo, tablet }) => {
  const [a, b] = [tablet(100), tablet(101)];
  await Promise.all([a.start(), b.start()]);
  assert.equal(await serving(b), false);
  await a.rpc("InitPrimary", { semiSync: false });
  await waitFor("the replica to serve", () => serving(b));
  await sql(a, "CREATE TABLE vt_commerce.t (id int PRIMARY KEY)");
  await sql(a, "INSERT INTO vt_commerce.t VALUES (1)");
  const { position } = await a.rpc("PrimaryPosition", {});
  await b.rpc("WaitForPosition", { position, timeoutMs: 10_000 });
  assert.equal(await sql(b, "SELECT COUNT(*) FROM vt_commerce.t"), "1");
  await assert.rejects(sql(b, "INSERT INTO vt_commerce.t VALUES (2)"), /read[-_]only/);

  const pid = await b.mysqldPid();
  Deno.kill(pid, "SIGKILL");
  await sql(a, "INSERT INTO vt_commerce.t VALUES (2)");
  await waitFor(
    "the replica to resume",
    async () =>
      await b.mysqldPid() !== pid && await sql(b, "SELECT COUNT(*) FROM vt_commerce.t") === "2",
  );

  const shard = await getShard(topo, "commerce", "-", { signal });
  assert.deepEqual(shard.primaryAlias, a.alias);
  const records = await Promise.all([a, b].map(({ alias }) => getTablet(topo, alias, { signal })));
  assert.deepEqual(records.map((record) => record.type), ["primary", "replica"]);
  assert.equal(records[0]?.primaryTermStartTime, shard.primaryTermStartTime);
  assert.equal(records[1]?.primaryTermStartTime, undefined);
});

onEach("mysqld that is killed comes back with every acknowledged row", async ({ tablet }) => {
  const a = tablet(100);
  await a.start();
  await a.rpc("InitPrimary", { semiSync: false });
  await sql(a, "CREATE TABLE vt_commerce.t (id int PRIMARY KEY)");
  const pid = await a.mysqldPid();
  let acknowledged = 0;
  await using dba = client(a);
  const killed = waitFor("some rows", () => acknowledged >= 20).then(() =>
    Deno.kill(pid, "SIGKILL")
  );
  await assert.rejects(async () => {
    for (let id = 1; id < 100_000; id++) {
      await dba.query(`INSERT INTO vt_commerce.t VALUES (${id})`, { signal });
      acknowledged = id;
    }
  });
  await killed;
  await waitFor(
    "the tablet to serve again",
    async () => await a.mysqldPid() !== pid && await serving(a),
  );
  const rows = Number(await sql(a, "SELECT COUNT(*) FROM vt_commerce.t"));
  // One more may have been committed when its answer got lost.
  assert.ok(rows === acknowledged || rows === acknowledged + 1, `${rows} of ${acknowledged}`);
  await sql(a, "INSERT INTO vt_commerce.t VALUES (-1)");
});

onEach("a primary whose data is gone starts no empty one in its place", async ({ tablet }) => {
  const a = tablet(100);
  await a.start();
  await a.rpc("InitPrimary", { semiSync: false });
  await sql(a, "CREATE TABLE vt_commerce.t (id int PRIMARY KEY)");
  await a.stop();
  const binlogs = `${a.dataDir}/bin-logs`;
  await Deno.rename(`${a.dataDir}/data`, `${a.dataDir}/data.elsewhere`);
  await assert.rejects(a.start(), /data is gone, but .*bin-logs holds .*is its disk not mounted/);
  await Deno.rename(binlogs, `${binlogs}.elsewhere`);
  for (const _attempt of [1, 2]) {
    await assert.rejects(
      a.start(),
      /is the primary of commerce\/-, but its data directory is empty/,
    );
  }

  await Deno.remove(`${a.dataDir}/data`, { recursive: true });
  await Deno.remove(binlogs, { recursive: true });
  await Deno.remove(`${a.dataDir}/data.unfinished`);
  await Deno.rename(`${a.dataDir}/data.elsewhere`, `${a.dataDir}/data`);
  await Deno.rename(`${binlogs}.elsewhere`, binlogs);
  await a.start();
  await waitFor("the primary to serve", () => serving(a));
  assert.equal(await sql(a, "SELECT COUNT(*) FROM vt_commerce.t"), "0");
});

onEach("a tablet that is killed adopts its mysqld when it is back", async ({ tablet }) => {
  const a = tablet(100);
  await a.start();
  await a.rpc("InitPrimary", { semiSync: false });
  const pid = await a.mysqldPid();
  await a.kill();
  assert.equal(await sql(a, "SELECT 1"), "1");
  await a.start();
  await waitFor("it to serve", () => serving(a));
  assert.equal(await a.mysqldPid(), pid);
  assert.match(await Deno.readTextFile(a.logFile), /adopted=true/);
  // An adopted one is watched like any other.
  Deno.kill(pid, "SIGKILL");
  await waitFor("a new mysqld", async () => await a.mysqldPid() !== pid && await serving(a));
});

onEach(
  "SIGTERM stops mysqld and says goodbye; a second start goes on",
  async ({ topo, tablet }) => {
    const a = tablet(100);
    await a.start();
    await a.rpc("InitPrimary", { semiSync: false });
    await sql(a, "CREATE TABLE vt_commerce.t (id int PRIMARY KEY)");
    await a.stop();
    await assert.rejects(a.mysqldPid(), Deno.errors.NotFound);
    const record = await getTablet(topo, a.alias, { signal });
    assert.notEqual(record.tabletShutdownTime, undefined);
    await a.start();
    await waitFor("it to serve", () => serving(a));
    await sql(a, "INSERT INTO vt_commerce.t VALUES (1)");
    const again = await getTablet(topo, a.alias, { signal });
    assert.equal(again.tabletShutdownTime, undefined);
    assert.equal(again.type, "primary");
  },
);

onEach("a tablet goes on while etcd is away", async ({ etcd, topo, tablet }) => {
  const [a, b] = [tablet(100), tablet(101)];
  await Promise.all([a.start(), b.start()]);
  await updateKeyspace(topo, "commerce", (record) => ({
    ...record,
    durabilityPolicy: "semi_sync",
  }), { signal });
  await a.rpc("InitPrimary", { semiSync: true });
  await waitFor("the replica to serve", () => serving(b));
  await etcd.kill();
  const pid = await a.mysqldPid();
  Deno.kill(pid, "SIGKILL");
  await waitFor("a new mysqld", async () => await a.mysqldPid() !== pid && await serving(a));
  await sql(a, "CREATE TABLE vt_commerce.t (id int PRIMARY KEY)");
  assert.ok(await serving(b));
  await etcd.start();
});

onEach("a former primary steps down when it learns of a later term", async ({ topo, tablet }) => {
  const [a, b] = [tablet(100), tablet(101)];
  await Promise.all([a.start(), b.start()]);
  await a.rpc("InitPrimary", { semiSync: false });
  await waitFor("the replica to serve", () => serving(b));
  await a.kill();
  const { position } = await b.rpc("PrimaryPosition", {});
  await b.rpc("PromoteReplica", { position, semiSync: false, timeoutMs: 10_000 });
  // Its mysqld has been writable all the time: what it wrote alone is errant.
  await sql(a, "CREATE DATABASE errant");
  await a.start();
  assert.equal((await a.status())["Tablet"]?.["type"], "REPLICA");
  await assert.rejects(sql(a, "CREATE DATABASE errant2"), /read[-_]only/);
  await waitFor(
    "the errant transaction to be reported",
    async () => /errant transactions/.test(String((await a.status())["Health"]?.["health error"])),
  );
  assert.equal((await getTablet(topo, a.alias, { signal })).type, "replica");
});

onEach(
  "a running primary steps down when the shard record names another",
  async ({ topo, tablet }) => {
    const [a, b] = [tablet(100), tablet(101)];
    await Promise.all([a.start(), b.start()]);
    await a.rpc("InitPrimary", { semiSync: false });
    await waitFor("the replica to serve", () => serving(b));
    await updateShard(topo, "commerce", "-", (record) => ({
      ...record,
      primaryAlias: b.alias,
      primaryTermStartTime: new Date().toISOString(),
    }), { signal });
    await waitFor("the change of roles", async () => {
      const types = [
        (await a.status())["Tablet"]?.["type"],
        (await b.status())["Tablet"]?.["type"],
      ];
      return types.join() === "REPLICA,PRIMARY" && await serving(a) && await serving(b);
    });
    await sql(b, "CREATE TABLE vt_commerce.t (id int PRIMARY KEY)");
    await assert.rejects(sql(a, "CREATE TABLE vt_commerce.u (id int)"), /read[-_]only/);
  },
);

for (const server of testServers()) {
  Deno.test(`an unmanaged mysqld is served and left alone (${server})`, async () => {
    await using etcd = await startEtcd();
    await using _topo = await openTestTopology(etcd);
    await using folder = await tempDir("vttablet");
    await using mysqld = await startTestMysqld({ server });
    await mysqld.root.query("CREATE DATABASE vt_commerce", { signal });
    const flags = [`--unmanaged-socket=${mysqld.socketPath}`];
    await using tablet = new TestTablet({ etcd, uid: 100, folder: folder.path, flags });
    await tablet.start();
    await tablet.rpc("InitPrimary", { semiSync: false });
    assert.ok(await serving(tablet));
    const { rows } = await mysqld.root.query("SHOW DATABASES LIKE '%vt%'", { signal });
    assert.deepEqual(rows, [["_vt"], ["vt_commerce"]]);
    assert.equal((await tablet.status())["MySQL"]?.["address"], `127.0.0.1:${mysqld.port}`);
    await tablet.stop();
    await mysqld.root.query("SELECT 1", { signal });
  });
}
