import assert from "node:assert/strict";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import {
  startTestMysqld,
  type TestMysqld,
  type TestServer,
  testServers,
} from "../../tests/harness/mysqld.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { Dba, queryRow } from "./dba.ts";
import type { ReplicationSource } from "./flavor.ts";
import { MYSQL_USERS } from "./init_db.ts";
import {
  detach,
  isReadOnly,
  readHistory,
  readPosition,
  readReplicaStatus,
  readSemiSync,
  replicateFrom,
  type Server,
  setReadOnly,
  setSemiSync,
  waitForPosition,
} from "./replication.ts";
import { ensureDatabases } from "./sidecar.ts";
import { SIDECAR_TABLES } from "./sidecar_tables.ts";

const { signal } = new AbortController();

function serverOf(mysqld: TestMysqld): Server {
  return { dba: mysqld.root, flavor: mysqld.flavor };
}

function sourceOf(mysqld: TestMysqld): ReplicationSource {
  return { host: mysqld.host, port: mysqld.port, user: MYSQL_USERS.repl, password: "" };
}

async function count(server: Server): Promise<string | null | undefined> {
  return (await queryRow(server.dba, "SELECT COUNT(*) AS n FROM d.t", { signal }))?.["n"];
}

function onEach(name: string, run: (server: TestServer) => Promise<void>): void {
  for (const server of testServers()) Deno.test(`${name} (${server})`, () => run(server));
}

onEach("a replica follows by GTID, and a former primary comes back as one", async (kind) => {
  await using first = await startTestMysqld({ server: kind });
  await using second = await startTestMysqld({ server: kind });
  const [a, b] = [serverOf(first), serverOf(second)];
  await a.dba.query("CREATE DATABASE d", { signal });
  await a.dba.query("CREATE TABLE d.t (id int PRIMARY KEY)", { signal });
  await a.dba.query("INSERT INTO d.t VALUES (1)", { signal });

  await replicateFrom(b, sourceOf(first), { semiSync: false, start: true }, { signal });
  await waitForPosition(b, await readPosition(a, { signal }), 10_000, { signal });
  assert.equal(await count(b), "1");
  assert.equal(await isReadOnly(b, { signal }), true);
  const status = await readReplicaStatus(b, { signal });
  assert.equal(status?.ioConnected && status.sqlRunning, true);
  assert.equal(status?.sourcePort, first.port);

  // The second takes over.
  await setReadOnly(a, true, { signal });
  await waitForPosition(b, await readPosition(a, { signal }), 10_000, { signal });
  await detach(b, { signal });
  assert.equal(await readReplicaStatus(b, { signal }), undefined);
  await setReadOnly(b, false, { signal });
  await b.dba.query("INSERT INTO d.t VALUES (2)", { signal });
  await replicateFrom(a, sourceOf(second), { semiSync: false, start: true }, { signal });
  await waitForPosition(a, await readPosition(b, { signal }), 10_000, { signal });
  assert.equal(await count(a), "2");

  // And back, with the same statements.
  await setReadOnly(b, true, { signal });
  await waitForPosition(a, await readPosition(b, { signal }), 10_000, { signal });
  await detach(a, { signal });
  await setReadOnly(a, false, { signal });
  await a.dba.query("INSERT INTO d.t VALUES (3)", { signal });
  await replicateFrom(b, sourceOf(first), { semiSync: false, start: true }, { signal });
  await waitForPosition(b, await readPosition(a, { signal }), 10_000, { signal });
  assert.equal(await count(b), "3");
});

onEach("with semi-sync a commit waits for a replica", async (kind) => {
  await using first = await startTestMysqld({ server: kind });
  await using second = await startTestMysqld({ server: kind });
  const [a, b] = [serverOf(first), serverOf(second)];
  await a.dba.query("CREATE DATABASE d", { signal });
  await a.dba.query("CREATE TABLE d.t (id int PRIMARY KEY)", { signal });
  await setSemiSync(a, { source: true, replica: false }, { signal });
  assert.deepEqual(await readSemiSync(a, { signal }), { source: true, replica: false });

  let done = false;
  const write = a.dba.query("INSERT INTO d.t VALUES (1)", { signal }).then(() => done = true);
  await waitFor("the commit waits", async () => {
    const state = await queryRow(
      a.dba,
      "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'INSERT INTO d.t%'",
      { signal },
    );
    return state?.["n"] === "1";
  });
  assert.equal(done, false);
  await replicateFrom(b, sourceOf(first), { semiSync: true, start: true }, { signal });
  await write;
  await waitForPosition(b, await readPosition(a, { signal }), 10_000, { signal });
  assert.equal(await count(b), "1");
});

onEach("errant transactions are told from those that are on their way", async (kind) => {
  await using first = await startTestMysqld({ server: kind });
  await using second = await startTestMysqld({ server: kind });
  const [a, b] = [serverOf(first), serverOf(second)];
  const { positions } = a.flavor;
  await a.dba.query("CREATE DATABASE d", { signal });
  await replicateFrom(b, sourceOf(first), { semiSync: false, start: true }, { signal });
  await waitForPosition(b, await readPosition(a, { signal }), 10_000, { signal });
  await a.dba.query("CREATE DATABASE e", { signal });
  const history = await readHistory(a, { signal });
  assert.equal(positions.isErrant(await readPosition(b, { signal }), history), false);
  await detach(b, { signal });
  await setReadOnly(b, false, { signal });
  await b.dba.query("CREATE DATABASE errant", { signal });
  assert.equal(positions.isErrant(await readPosition(b, { signal }), history), true);
});

onEach("read-only stops everybody but the administrator", async (kind) => {
  await using mysqld = await startTestMysqld({ server: kind });
  const server = serverOf(mysqld);
  await ensureDatabases(server, { keyspace: "vt_ks", sidecar: "_vt" }, { signal });
  await setReadOnly(server, true, { signal });
  await using app = new Dba({
    address: { socketPath: mysqld.socketPath },
    user: MYSQL_USERS.app,
    password: "",
  });
  const write = app.query("CREATE TABLE vt_ks.t (id int)", { signal });
  await assert.rejects(write, (error) => error instanceof MysqlError && error.errno === 1290);
  await ensureDatabases(server, { keyspace: "vt_other", sidecar: "_vt" }, { signal });
  assert.equal(await isReadOnly(server, { signal }), true);
});

onEach(
  "ensureDatabases() leaves no trace in the binlog and mends what is missing",
  async (kind) => {
    await using mysqld = await startTestMysqld({ server: kind });
    const server = serverOf(mysqld);
    const databases = { keyspace: "vt_ks", sidecar: "_vt" };
    const before = await readPosition(server, { signal });
    await ensureDatabases(server, databases, { signal });
    await server.dba.session(async (session) => {
      await session.query("SET SESSION sql_log_bin = 0", { signal });
      await session.query("ALTER TABLE _vt.vreplication DROP COLUMN options", { signal });
      await session.query("DROP TABLE _vt.copy_state", { signal });
    }, { signal });
    await ensureDatabases(server, databases, { signal });
    const columns = await queryRow(
      server.dba,
      "SELECT COUNT(*) AS n FROM information_schema.columns WHERE table_schema = '_vt'",
      { signal },
    );
    const want = SIDECAR_TABLES.reduce((sum, table) => sum + table.columns.length, 0);
    assert.equal(columns?.["n"], String(want));
    assert.equal(await readPosition(server, { signal }), before);
  },
);
