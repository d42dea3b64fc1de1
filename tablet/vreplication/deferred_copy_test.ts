/** Copies of tables whose secondary keys are built last, cut at each step of that. */
import assert from "node:assert/strict";
import { BUILDING_KEYS } from "../../shared/rpc/vreplication.ts";
import { Dba, type StatementRunner } from "../mysqld/dba.ts";
import { mysqldKilled, tabletKilled } from "../../tests/harness/kills.ts";
import { testServers } from "../../tests/harness/mysqld.ts";
import { StreamCluster, type StreamClusterOptions } from "../../tests/harness/stream_cluster.ts";
import { waitFor } from "../../tests/harness/wait.ts";

const NEVER = { signal: new AbortController().signal };

const TABLE = "CREATE TABLE t (id int PRIMARY KEY, v varchar(700), n int NOT NULL, " +
  "UNIQUE KEY u (n, id), KEY v (v(20)), KEY n (n) COMMENT 'ß')";
const SMALL = "CREATE TABLE small (id int PRIMARY KEY, n int NOT NULL, KEY n (n))";
/** A few batches. */
const ROWS = 30_000;

async function startFilled(options: StreamClusterOptions): Promise<StreamCluster> {
  await using scope = new AsyncDisposableStack();
  const cluster = scope.use(await StreamCluster.start(options));
  for (const sql of [TABLE, SMALL]) await cluster.sqlEverywhere(sql);
  const { source } = cluster;
  await cluster.sql(source, "INSERT INTO t VALUES (1, REPEAT('x', 700), 1)");
  for (let rows = 1; rows < ROWS; rows *= 2) {
    await cluster.sql(
      source,
      `INSERT INTO t SELECT id + ${rows}, v, n + 1 FROM t WHERE id + ${rows} <= ${ROWS}`,
    );
  }
  await cluster.sql(source, "INSERT INTO small SELECT id, n FROM t WHERE id <= 1000");
  scope.move();
  return cluster;
}

const RULES = () => ["t", "small"].map((match) => ({ match, filter: "" }));

async function show(cluster: StreamCluster, table: string, tablet = cluster.target) {
  return (await cluster.sql(tablet, `SHOW CREATE TABLE ${table}`))[0]?.[1];
}

async function lacksKeys(cluster: StreamCluster): Promise<boolean> {
  return (await show(cluster, "t"))?.includes("KEY `n`") === false;
}

/** Creates the stream, and stops it when the keys are dropped and not built again yet. */
async function stopWithoutKeys(cluster: StreamCluster): Promise<number> {
  let id = 0;
  await inTransaction(cluster, "INSERT INTO vt_customer.small VALUES (1, 1)", async () => {
    // The row keeps the other table from being copied, and keys are built behind that.
    [id = 0] = await cluster.createStreams(RULES);
    await waitFor("keys to be dropped", () => lacksKeys(cluster));
    await cluster.target.rpc("UpdateStream", { id, state: "Stopped" });
  });
  assert.equal(await lacksKeys(cluster), true);
  return id;
}

/** Runs `work` while a transaction with this statement lasts; `end` ends it before. */
async function inTransaction(
  cluster: StreamCluster,
  statement: string,
  work: (end: () => Promise<void>) => Promise<void>,
): Promise<void> {
  await using dba = new Dba({
    address: { socketPath: cluster.target.socketPath },
    user: "vt_dba",
    password: "",
  });
  await dba.session(async (session: StatementRunner) => {
    await session.query("BEGIN", NEVER);
    await session.query(statement, NEVER);
    await work(async () => {
      await session.query("ROLLBACK", NEVER);
    });
  }, NEVER);
}

/** While somebody reads the table its new keys can't be put in place. */
const READ = "SELECT COUNT(*) FROM vt_customer.t";

/** Threads of mysqld that build keys. */
async function building(cluster: StreamCluster): Promise<readonly (string | null)[]> {
  const found = await cluster.sql(
    cluster.target,
    "SELECT id FROM information_schema.processlist WHERE info LIKE 'ALTER TABLE%ADD KEY%'",
  );
  return found.map(([id]) => id ?? null);
}

async function isBuilding(cluster: StreamCluster): Promise<boolean> {
  return (await building(cluster)).length === 1;
}

async function untilBuilding(cluster: StreamCluster): Promise<void> {
  await waitFor("the stream to build keys", async () => {
    const { state, message, copyState } = await cluster.stream(cluster.target);
    assert.equal(state, "Copying");
    assert.deepEqual(copyState.map(({ table }) => table).filter((table) => table === "t"), ["t"]);
    return message === `${BUILDING_KEYS} t` && await isBuilding(cluster);
  });
}

async function untilWhole(cluster: StreamCluster): Promise<void> {
  await cluster.untilState("Running");
  assert.equal((await cluster.stream(cluster.target)).message, "");
  await cluster.untilCaughtUp();
  await assertWhole(cluster);
}

async function assertWhole(cluster: StreamCluster): Promise<void> {
  await assertKeys(cluster);
  const sum = "SELECT COUNT(*), SUM(n), SUM(LENGTH(v)) FROM t";
  assert.deepEqual(await cluster.sql(cluster.target, sum), await cluster.sql(cluster.source, sum));
}

async function assertKeys(cluster: StreamCluster): Promise<void> {
  assert.equal(await show(cluster, "t"), await show(cluster, "t", cluster.source));
  assert.deepEqual(await cluster.sql(cluster.target, "SELECT * FROM _vt.post_copy_action"), []);
}

for (const server of testServers()) {
  Deno.test(`keys are built whatever dies while they are (${server})`, async () => {
    await using cluster = await startFilled({ server });
    const { target, source } = cluster;
    const id = await stopWithoutKeys(cluster);
    // Such rows are in the snapshot and among the changes.
    await cluster.sql(source, "INSERT INTO t SELECT id + 100000, v, n FROM t WHERE id <= 100");
    await cluster.sql(source, "DELETE FROM t WHERE id <= 100");
    try {
      await inTransaction(cluster, READ, async () => {
        await target.rpc("UpdateStream", { id, state: "Running" });
        await untilBuilding(cluster);
        await target.rpc("UpdateStream", { id, state: "Stopped" });
        assert.deepEqual(await building(cluster), []);
        assert.equal(await lacksKeys(cluster), true);
        assert.equal((await cluster.stream(target)).message, "");

        await target.rpc("UpdateStream", { id, state: "Running" });
        await untilBuilding(cluster);
        const [thread] = await building(cluster);
        await tabletKilled(source);
        await waitFor("the source to be back", () => source.rpc("Ping", {}));
        // What needs no source goes on without it.
        assert.deepEqual(await building(cluster), [thread]);
        await tabletKilled(target);
        await waitFor("the tablet to be back", () => cluster.stream(target));
        await untilBuilding(cluster);
        // The reader with it.
        await mysqldKilled(target);
      });
    } catch (error) {
      assert.match(String(error), /VT20006|VT20012|2013|2006/);
    }
    await untilWhole(cluster);
  });

  Deno.test(`keys of streams that are deleted are built all the same (${server})`, async () => {
    await using cluster = await startFilled({ server, replica: true });
    const { target, replica } = cluster;
    await stopWithoutKeys(cluster);
    await inTransaction(cluster, READ, async (end) => {
      await target.rpc("DeleteStreams", { workflow: "w" });
      await waitFor("keys to be built", () => isBuilding(cluster));
      await tabletKilled(target);
      await waitFor("keys to be built", () => isBuilding(cluster));
      await end();
    });
    await waitFor("keys", async () => !await lacksKeys(cluster));
    await waitFor("no notes", () => assertKeys(cluster).then(() => true));
    assert.ok(replica);
    await waitFor(
      "the replica to have them",
      async () => await show(cluster, "t", replica) === await show(cluster, "t"),
    );

    // Tables that go take their keys along.
    await cluster.sql(target, "TRUNCATE TABLE t");
    await cluster.sql(target, "TRUNCATE TABLE small");
    await stopWithoutKeys(cluster);
    await cluster.sql(target, "DROP TABLE t");
    await target.rpc("DeleteStreams", { workflow: "w" });
    await waitFor(
      "no notes",
      async () => (await cluster.sql(target, "SELECT * FROM _vt.post_copy_action")).length === 0,
    );
  });

  Deno.test(`another primary builds the keys that its predecessor left (${server})`, async () => {
    await using cluster = await startFilled({ server, replica: true });
    const { target, replica, source } = cluster;
    assert.ok(replica);
    const id = await stopWithoutKeys(cluster);
    const wanted = await show(cluster, "t", source);
    await inTransaction(cluster, READ, async () => {
      await target.rpc("UpdateStream", { id, state: "Running" });
      await untilBuilding(cluster);
      const { position } = await target.rpc("DemotePrimary", {});
      const timeoutMs = 15_000;
      await replica.rpc("PromoteReplica", { position, semiSync: false, timeoutMs });
      await waitFor(
        "the stream to run there",
        async () => (await cluster.stream(replica)).state === "Running",
        { timeoutMs: 60_000 },
      );
      assert.equal(await show(cluster, "t", replica), wanted);
      await target.rpc("SetReplicationSource", {
        parent: replica.alias,
        host: "127.0.0.1",
        port: replica.mysqlPort,
        semiSync: false,
        start: true,
      });
    });
    await waitFor("the old primary to have them", async () => await show(cluster, "t") === wanted);
    await assertKeys(cluster);
  });

  Deno.test(`streams into one table leave it whole, whichever ends first (${server})`, async () => {
    await using cluster = await startFilled({ server });
    const { target } = cluster;
    // The halves defer keys both, the small part never: it may have to build them all the same.
    for (const [first, second] of [["-80", "80-"], ["-10", "10-"]]) {
      const workflows = [["one", first], ["two", second]] as const;
      await Promise.all(workflows.map(([workflow, range]) =>
        cluster.createStreams(
          () => [{
            match: "t",
            filter: `select * from t where in_keyrange(id, 'hash', '${range}')`,
          }],
          { workflow },
        )
      ));
      await waitFor("both to run", async () => {
        const states = await Promise.all(workflows.map(([name]) => cluster.stream(target, name)));
        return states.every(({ state }) => state === "Running");
      });
      await assertWhole(cluster);
      for (const [workflow] of workflows) await target.rpc("DeleteStreams", { workflow });
      await cluster.sql(target, "TRUNCATE TABLE t");
    }
  });

  Deno.test(`keys stay where they shall, or are not worth it (${server})`, async () => {
    await using cluster = await startFilled({ server });
    const { target } = cluster;
    const dropped = async () => {
      const logs = await cluster.sql(target, "SHOW BINARY LOGS");
      const events = [];
      for (const [log] of logs) {
        events.push(...await cluster.sql(target, `SHOW BINLOG EVENTS IN '${log}'`));
      }
      return events.map((event) => event[5] ?? "").filter((info) => info.includes("DROP KEY"))
        .map((info) => /ALTER TABLE `(\w+)`/.exec(info)?.[1]);
    };
    const source = {
      keyspace: "commerce",
      shard: "-",
      filter: { rules: RULES() },
      onDdl: "EXEC",
      stopAfterCopy: false,
    } as const;
    for (const more of [{ deferSecondaryKeys: false }, { source }]) {
      await cluster.createStreams(RULES, more);
      await untilWhole(cluster);
      await target.rpc("DeleteStreams", { workflow: "w" });
      for (const table of ["t", "small"]) await cluster.sql(target, `TRUNCATE TABLE ${table}`);
    }
    assert.deepEqual(await dropped(), []);
    await cluster.createStreams(RULES);
    await untilWhole(cluster);
    assert.deepEqual(await dropped(), ["t"]);
  });
}
