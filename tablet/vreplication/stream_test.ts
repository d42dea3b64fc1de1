import assert from "node:assert/strict";
import { testServers } from "../../tests/harness/mysqld.ts";
import type { TestTablet } from "../../tests/harness/tablet.ts";
import { saveVSchema } from "../../topo/vschemas.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { StreamCluster, type StreamClusterOptions } from "../../tests/harness/stream_cluster.ts";

function onEach(
  name: string,
  options: StreamClusterOptions,
  run: (cluster: StreamCluster) => Promise<void>,
): void {
  for (const server of testServers()) {
    Deno.test(`${name} (${server})`, async () => {
      await using cluster = await StreamCluster.start({ ...options, server });
      await run(cluster);
    });
  }
}

onEach("rows are copied, then changes follow", {}, async (cluster) => {
  const [target] = cluster.targets;
  assert.ok(target);
  await cluster.sqlEverywhere(
    "CREATE TABLE t (id bigint PRIMARY KEY, v varchar(40) CHARACTER SET latin1, b varbinary(10), " +
      "d decimal(10,2), UNIQUE KEY (v))",
  );
  await cluster.sql(
    cluster.source,
    "INSERT INTO t VALUES (1,'é''\\\\x',0x00ff27,-1.50),(2,'b','',NULL)",
  );
  await cluster.createStreams(() => [{ match: "t", filter: "" }]);
  await cluster.untilState("Running");
  const rows = () => cluster.sql(target, "SELECT id, HEX(v), HEX(b), d FROM t ORDER BY id");
  assert.deepEqual(await rows(), [["1", "E9275C78", "00FF27", "-1.50"], ["2", "62", "", null]]);

  // Unique values that change places, keys that change, and rows that come and go.
  for (
    const sql of [
      "UPDATE t SET v = 'tmp' WHERE id = 1",
      "UPDATE t SET v = 'é''\\\\x' WHERE id = 2",
      "UPDATE t SET v = 'b' WHERE id = 1",
      "UPDATE t SET id = 3 WHERE id = 2",
      "INSERT INTO t VALUES (4,'gone',NULL,1),(0,'zero',NULL,0)",
      "DELETE FROM t WHERE id = 4",
    ]
  ) await cluster.sql(cluster.source, sql);
  await cluster.untilCaughtUp();
  assert.deepEqual(await rows(), [
    ["0", "7A65726F", null, "0.00"],
    ["1", "62", "00FF27", "-1.50"],
    ["3", "E9275C78", "", null],
  ]);
  const stream = await cluster.stream(target);
  assert.equal(stream.state, "Running");
  assert.equal(stream.rowsCopied, 2);
  assert.deepEqual(stream.copyState, []);
});

onEach("rows swap the keys that only the target has", {}, async (cluster) => {
  const { source, target } = cluster;
  await cluster.sql(source, "CREATE TABLE s (id int PRIMARY KEY, k varchar(9), v int)");
  await cluster.sql(target, "CREATE TABLE s (id int, k varchar(9) PRIMARY KEY, v int)");
  await cluster.sql(source, "INSERT INTO s VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)");
  await cluster.createStreams(() => [{ match: "s", filter: "" }]);
  await cluster.untilState("Running");
  await cluster.sql(source, "UPDATE s SET k = IF(id = 1, 'b', 'a'), v = v + 10 WHERE id < 3");
  await cluster.untilCaughtUp();
  const rows = await cluster.sql(target, "SELECT * FROM s ORDER BY id");
  assert.deepEqual(rows, [["1", "b", "11"], ["2", "a", "12"], ["3", "c", "3"]]);
});

onEach("values that the target would round or cut stop the stream", {}, async (cluster) => {
  const { source, target } = cluster;
  await cluster.sqlEverywhere(
    "CREATE TABLE s (id int PRIMARY KEY, d decimal(10,2), t datetime, v varchar(20))",
  );
  await cluster.sql(target, "ALTER TABLE s MODIFY v varchar(2)");
  await cluster.sql(source, "INSERT INTO s VALUES (1, 1.25, '2026-01-01 10:00:00', 'a')");
  const [id] = await cluster.createStreams(() => [{ match: "s", filter: "" }]);
  await cluster.untilState("Running");
  const stopped = async (why: RegExp): Promise<void> => {
    await cluster.untilState("Error");
    assert.match((await cluster.stream(target)).message, why);
  };
  const goOn = async (ddl: string): Promise<void> => {
    await cluster.sql(target, ddl);
    const sql = `update _vt.vreplication set message = '', state = 'Running' where id = ${id}`;
    await target.rpc("VReplicationExec", { sql });
    await cluster.untilCaughtUp();
  };
  const rows = (tablet: TestTablet) => cluster.sql(tablet, "SELECT id, d, t, v FROM s ORDER BY id");

  await cluster.sql(source, "ALTER TABLE s MODIFY d decimal(10,4)");
  await cluster.sql(source, "INSERT INTO s VALUES (2, 1.2345, NULL, 'b')");
  await stopped(/VT27013.*table s .*: Data truncated for column 'd'.*; alter it as the source has/);
  await goOn("ALTER TABLE s MODIFY d decimal(10,4)");

  await cluster.sql(source, "ALTER TABLE s MODIFY t datetime(6)");
  await cluster.sql(source, "UPDATE s SET t = '2026-01-01 10:00:00.654321'");
  await stopped(/VT27013.*column t is datetime\(6\) at the source and datetime here/);
  await goOn("ALTER TABLE s MODIFY t datetime(6)");

  await cluster.sql(source, "INSERT INTO s VALUES (3, 0, NULL, 'c  ')");
  await stopped(/VT27013.*Data truncated for column 'v'/);
  await goOn("ALTER TABLE s MODIFY v varchar(20)");
  assert.deepEqual(await rows(target), await rows(source));
});

onEach("constants of a rule are kept as their columns were chosen to be", {}, async (cluster) => {
  const { source, target } = cluster;
  await cluster.sql(source, "CREATE TABLE o (id int PRIMARY KEY, d decimal(10,2))");
  await cluster.sql(
    target,
    "CREATE TABLE o (id int PRIMARY KEY, d decimal(10,2), " +
      "channel enum('web','shop'), code char(3), day date, rate double)",
  );
  await cluster.sql(source, "INSERT INTO o VALUES (1, 2.50)");
  const filter = "select id, d, 'web' as channel, 'ab' as code, '2026-01-02' as day, " +
    "1.5 as rate from o";
  await cluster.createStreams(() => [{ match: "o", filter }]);
  await cluster.untilState("Running");
  await cluster.sql(source, "INSERT INTO o VALUES (2, 3)");
  await cluster.untilCaughtUp();
  assert.deepEqual(await cluster.sql(target, "SELECT * FROM o ORDER BY id"), [
    ["1", "2.50", "web", "ab", "2026-01-02", "1.5"],
    ["2", "3.00", "web", "ab", "2026-01-02", "1.5"],
  ]);
});

onEach(
  "a value that may have been rounded among more notes than are listed is refused",
  {},
  async (cluster) => {
    const { source, target } = cluster;
    const columns = "id int PRIMARY KEY, a varchar(9), d decimal(10,4)";
    await cluster.sql(source, `CREATE TABLE n (${columns}) CHARACTER SET utf8mb3`);
    await cluster.sql(
      target,
      "CREATE TABLE n (id int PRIMARY KEY, a varchar(9), d decimal(10,2), " +
        "half decimal(10,1) AS (id / 4) STORED) CHARACTER SET utf8mb3",
    );
    // A note for each text on MySQL, and for each second row on both: of a column that is generated.
    const rows = Array.from(
      { length: 2000 },
      (_, id) => `(${id}, 'a', ${id === 1999 ? "0.125" : 1})`,
    );
    await cluster.sql(source, `INSERT INTO n VALUES ${rows}`);
    await cluster.createStreams(() => [{ match: "n", filter: "" }]);
    await cluster.untilState("Error");
    const { message } = await cluster.stream(target);
    assert.match(
      message,
      /VT27013: table n .*: mysqld notes \d+ things and lists \d+; alter it as/,
    );
  },
);

onEach("tables without a primary key are copied and followed", {}, async (cluster) => {
  const [target] = cluster.targets;
  assert.ok(target);
  await cluster.sqlEverywhere(
    "CREATE TABLE k (a int, b varchar(10), f float, n bit(9) DEFAULT 300)",
  );
  await cluster.sql(
    cluster.source,
    "INSERT INTO k (a, b, f) VALUES (1,'x',1.1),(1,'x',1.1),(NULL,NULL,NULL)",
  );
  await cluster.createStreams(() => [{ match: "/.*/", filter: "" }]);
  await cluster.untilState("Running");
  await cluster.sql(cluster.source, "INSERT INTO k (a, b, f) VALUES (2,'y',0.1),(2,'y',0.1)");
  await cluster.sql(cluster.source, "UPDATE k SET b = 'z' WHERE a = 1 LIMIT 1");
  await cluster.sql(cluster.source, "DELETE FROM k WHERE a IS NULL");
  await cluster.sql(cluster.source, "DELETE FROM k WHERE a = 2 LIMIT 1");
  await cluster.untilCaughtUp();
  const rows = await cluster.sql(target, "SELECT a, b, f FROM k ORDER BY a, b");
  assert.deepEqual(rows, [["1", "x", "1.1"], ["1", "z", "1.1"], ["2", "y", "0.1"]]);
});

onEach("a stream stops at its position, goes on, and is deleted", {}, async (cluster) => {
  const [target] = cluster.targets;
  assert.ok(target);
  await cluster.sqlEverywhere("CREATE TABLE t (id int PRIMARY KEY)");
  const [id = 0] = await cluster.createStreams(() => [{ match: "t", filter: "" }]);
  // Made once.
  assert.deepEqual(await cluster.createStreams(() => [{ match: "t", filter: "" }]), [id]);
  await cluster.untilState("Running");
  const { state } = await target.rpc("UpdateStream", { id, state: "Stopped" });
  assert.equal(state, "Stopped");
  await cluster.sql(cluster.source, "INSERT INTO t VALUES (1)");
  const { position } = await cluster.source.rpc("DrainTables", {
    tables: ["t"],
    graceMs: 1000,
    timeoutMs: 5000,
  });
  await cluster.sql(cluster.source, "INSERT INTO t VALUES (2)");
  await assert.rejects(
    target.rpc("WaitForStream", { id, position, timeoutMs: 5000 }),
    /VT27001: stream \d+ is Stopped/,
  );
  await target.rpc("UpdateStream", { id, state: "Running", stopPosition: position });
  await cluster.untilState("Stopped");
  const stopped = await cluster.stream(target);
  assert.equal(stopped.position, position);
  assert.match(stopped.message, /^Reached stopping position/);
  assert.deepEqual(await cluster.sql(target, "SELECT id FROM t"), [["1"]]);

  // Frozen: it never starts again.
  await target.rpc("UpdateStream", { id, message: "FROZEN" });
  await assert.rejects(target.rpc("UpdateStream", { id, state: "Running" }), /is frozen/);
  await target.rpc("VReplicationExec", {
    sql:
      `update _vt.vreplication set stop_pos = null, message = '', state = 'Running' where id = ${id}`,
  });
  await cluster.untilCaughtUp();
  assert.deepEqual(await cluster.sql(target, "SELECT id FROM t"), [["1"], ["2"]]);
  assert.deepEqual(await target.rpc("DeleteStreams", { workflow: "w" }), { deleted: 1 });
  assert.deepEqual(await target.rpc("DeleteStreams", { workflow: "w" }), { deleted: 0 });
  assert.deepEqual((await target.rpc("ReadStreams", { workflow: "" })).streams, []);
});

onEach("what can't go on says why, and goes on when that is mended", {}, async (cluster) => {
  const [target] = cluster.targets;
  assert.ok(target);
  await cluster.sqlEverywhere("CREATE TABLE t (id int PRIMARY KEY, v varchar(3))");
  const [id = 0] = await cluster.createStreams(() => [{ match: "t", filter: "" }]);
  await cluster.untilState("Running");
  await cluster.sql(cluster.source, "ALTER TABLE t ADD COLUMN w int");
  await cluster.sql(cluster.source, "INSERT INTO t VALUES (1, 'a', 7)");
  await cluster.untilState("Error");
  assert.match(
    (await cluster.stream(target)).message,
    /VT27002.*no column w; make the schemas alike/,
  );
  await cluster.sql(target, "ALTER TABLE t ADD COLUMN w int");
  await target.rpc("UpdateStream", { id, state: "Running" });
  await cluster.untilCaughtUp();
  assert.deepEqual(await cluster.sql(target, "SELECT * FROM t"), [["1", "a", "7"]]);

  await cluster.sql(target, "INSERT INTO t VALUES (2, 'own', 0)");
  await cluster.sql(cluster.source, "INSERT INTO t VALUES (2, 'b', 0)");
  await cluster.untilState("Error");
  assert.match((await cluster.stream(target)).message, /Duplicate entry.*was the target empty/);
  const log = await target.rpc("VReplicationExec", {
    sql: `select state from _vt.vreplication_log where vrepl_id = ${id} and type = 'Error'`,
  });
  assert.deepEqual(log.rows, [["Error"], ["Error"]]);
});

onEach("DDL of the source is executed, or stops the stream, as asked", {}, async (cluster) => {
  const [target] = cluster.targets;
  assert.ok(target);
  await cluster.sqlEverywhere("CREATE TABLE t (id int PRIMARY KEY)");
  const [id = 0] = await cluster.createStreams(() => [{ match: "t", filter: "" }]);
  await cluster.untilState("Running");
  await target.rpc("UpdateStream", { id, onDdl: "EXEC", state: "Running" });
  await cluster.sql(cluster.source, "ALTER TABLE t ADD COLUMN v int DEFAULT 3");
  await cluster.sql(cluster.source, "INSERT INTO t (id) VALUES (1)");
  await cluster.untilCaughtUp();
  assert.deepEqual(await cluster.sql(target, "SELECT * FROM t"), [["1", "3"]]);
  await target.rpc("UpdateStream", { id, onDdl: "STOP", state: "Running" });
  await cluster.sql(cluster.source, "ALTER TABLE t DROP COLUMN v");
  await cluster.untilState("Stopped");
  assert.match(
    (await cluster.stream(target)).message,
    /^Stopped at DDL ALTER TABLE t DROP COLUMN v/,
  );
});

onEach(
  "a stream reads from a replica, and from another tablet when that dies",
  { sources: 2 },
  async (cluster) => {
    const [target] = cluster.targets;
    const [, replica] = cluster.sources;
    assert.ok(target && replica);
    await cluster.sqlEverywhere("CREATE TABLE t (id int PRIMARY KEY)");
    await waitFor(
      "the replica to serve",
      async () => (await replica.status())["Health"]?.["state"] === "Serving",
    );
    await cluster.createStreams(() => [{ match: "t", filter: "" }]);
    await cluster.untilState("Running");
    const readsFrom = async () => {
      const log = await Deno.readTextFile(target.logFile);
      return [...log.matchAll(/stream runs.*source=(\S+)/g)].at(-1)?.[1];
    };
    assert.equal(await readsFrom(), replica.name);
    await replica.kill();
    await cluster.sql(cluster.source, "INSERT INTO t VALUES (1)");
    await cluster.untilCaughtUp();
    assert.deepEqual(await cluster.sql(target, "SELECT id FROM t"), [["1"]]);
    assert.equal(await readsFrom(), cluster.source.name);
  },
);

onEach(
  "rows find their shard by the VSchema, and those that change it move",
  { shards: ["-80", "80-"] },
  async (cluster) => {
    const vindexed = { column_vindexes: [{ column: "id", name: "hash" }] };
    await saveVSchema(cluster.topo, "commerce", {
      sharded: true,
      vindexes: { hash: { type: "hash" } },
      tables: { t: vindexed },
    }, { signal: new AbortController().signal });
    await cluster.sqlEverywhere("CREATE TABLE t (k int PRIMARY KEY, id bigint)");
    await cluster.sql(cluster.source, "INSERT INTO t VALUES (1,1),(2,2),(3,3),(4,4)");
    await cluster.createStreams((shard) => [{ match: "/.*/", filter: shard }]);
    await cluster.untilState("Running");
    const rows = () =>
      Promise.all(
        cluster.targets.map((target) => cluster.sql(target, "SELECT * FROM t ORDER BY k")),
      );
    // hash(1) = 166b40b44aba4bd6, 2: 06e7ea22ce92708f, 3: 4eb190c9a2fa169c, 4: d2fd8867d50d2dfe.
    assert.deepEqual(await rows(), [[["1", "1"], ["2", "2"], ["3", "3"]], [["4", "4"]]]);
    await cluster.sql(cluster.source, "UPDATE t SET id = IF(k = 1, 4, 1) WHERE k IN (1, 4)");
    await cluster.untilCaughtUp();
    assert.deepEqual(await rows(), [[["2", "2"], ["3", "3"], ["4", "1"]], [["1", "4"]]]);
  },
);

onEach(
  "streams go on where a new primary of their shard is",
  { replica: true },
  async (cluster) => {
    const [old] = cluster.targets;
    const { replica } = cluster;
    assert.ok(old && replica);
    await cluster.sqlEverywhere("CREATE TABLE t (id int PRIMARY KEY)");
    const [id = 0] = await cluster.createStreams(() => [{ match: "t", filter: "" }]);
    await cluster.untilState("Running");
    await cluster.sql(cluster.source, "INSERT INTO t VALUES (1)");
    await cluster.untilCaughtUp();
    await assert.rejects(
      replica.rpc("UpdateStream", { id, state: "Stopped" }),
      /VT22002: streams run on the primary of their shard/,
    );

    const { position } = await old.rpc("DemotePrimary", {});
    await cluster.sql(cluster.source, "INSERT INTO t VALUES (2)");
    await replica.rpc("PromoteReplica", { position, semiSync: false, timeoutMs: 10_000 });
    const { position: end } = await cluster.source.rpc("DrainTables", {
      tables: ["t"],
      graceMs: 1000,
      timeoutMs: 5000,
    });
    await replica.rpc("WaitForStream", { id, position: end, timeoutMs: 20_000 });
    assert.deepEqual(await cluster.sql(replica, "SELECT id FROM t ORDER BY id"), [["1"], ["2"]]);
  },
);
