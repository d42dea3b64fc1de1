/** Commands on real tablets, with a real etcd and vtctld. */
import assert from "node:assert/strict";
import { type Etcd, startEtcd } from "../../tests/harness/etcd.ts";
import { testServers } from "../../tests/harness/mysqld.ts";
import { readIds, SocketWriter } from "../../tests/harness/socket_writer.ts";
import { openTestTopology, TestTablet } from "../../tests/harness/tablet.ts";
import { tempDir } from "../../tests/harness/temp_dir.ts";
import { TestVtctld } from "../../tests/harness/vtctld.ts";
import { waitFor } from "../../tests/harness/wait.ts";

interface Cluster extends AsyncDisposable {
  readonly etcd: Etcd;
  readonly vtctld: TestVtctld;
  readonly tablets: readonly TestTablet[];
}

type Place = readonly [uid: number, keyspace: string, shard: string];

async function startCluster(
  places: readonly Place[],
  server: "mariadb" | "mysql",
): Promise<Cluster> {
  await using failed = new AsyncDisposableStack();
  const folder = failed.use(await tempDir("ctl"));
  const etcd = failed.use(await startEtcd());
  {
    await using topo = await openTestTopology(etcd);
    assert(topo);
  }
  const vtctld = failed.use(new TestVtctld(etcd, folder.path));
  const tablets = places.map(([uid, keyspace, shard]) =>
    failed.use(new TestTablet({ etcd, uid, folder: folder.path, server, keyspace, shard }))
  );
  await Promise.all([
    vtctld.start(),
    ...tablets.map((tablet) => tablet.start({ ready: false })),
  ]);
  await waitFor("tablets to register", async () => {
    const names = await vtctld.must("GetTablets");
    return tablets.every(({ name }) => names.includes(name));
  });
  // A tablet registers whether its mysqld is up already or not.
  await waitFor("mysqlds to answer", async () => {
    for (const { name } of tablets) await vtctld.must("ExecuteFetchAsDBA", name, "select 1");
    return true;
  }, { timeoutMs: 60_000 });
  const scope = failed.move();
  return { etcd, vtctld, tablets, [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose]() };
}

function at(tablets: readonly TestTablet[], index: number): TestTablet {
  const tablet = tablets[index];
  assert(tablet !== undefined);
  return tablet;
}

/** All rows that were acknowledged are on the primary, and soon on the other one. */
async function checkRows(
  acknowledged: readonly number[],
  primary: TestTablet,
  other: TestTablet,
): Promise<void> {
  const found = await readIds(primary.socketPath, "vt_commerce.written");
  const lost = acknowledged.filter((id) => !found.has(id));
  assert.deepEqual(lost, [], `${acknowledged.length} rows acknowledged`);
  await waitFor("the replica to have them", async () => {
    const copied = await readIds(other.socketPath, "vt_commerce.written");
    return acknowledged.every((id) => copied.has(id));
  });
}

for (const server of testServers()) {
  Deno.test(`commands on a shard of two tablets (${server})`, async (t) => {
    await using cluster = await startCluster([
      [100, "commerce", "-"],
      [101, "commerce", "-"],
    ], server);
    const { vtctld, tablets } = cluster;
    const [first, second] = [at(tablets, 0), at(tablets, 1)];

    await t.step("InitShardPrimary makes the first primary", async () => {
      await vtctld.must("InitShardMaster", "-force", "commerce/0", "zone1-100");
      const line = (await vtctld.must("ListAllTablets")).split("\n");
      assert.match(line[0] ?? "", /^zone1-0000000100 commerce - primary 127\.0\.0\.1:\d+ /);
      assert.match(line[1] ?? "", /^zone1-0000000101 commerce - replica .* \[\] <null>$/);
    });

    await t.step("ApplySchema changes the primary and waits for the replica", async () => {
      const sql = "create table written(id bigint primary key);" +
        "create table seq(id int, next_id bigint, cache bigint, primary key(id)) comment 'vitess_sequence';" +
        "insert into seq values(0, 1000, 100)";
      await vtctld.must("ApplySchema", `-sql=${sql}`, "commerce");
      for (const { name } of tablets) {
        assert.equal(await vtctld.must("GetSchema", "--table-names-only", name), "seq\nwritten");
      }
      const table = await vtctld.must("ExecuteFetchAsDba", "zone1-101", "select * from seq");
      assert.match(table, /\| +0 +\| +1000 +\| +100 +\|/);
      await vtctld.must("ValidateSchemaShard", "commerce/-");
    });

    await t.step("ApplySchema refuses what is wrong and changes nothing", async () => {
      const sql = "create table a(id int primary key); alter table nothing add b int";
      const { code, text } = await vtctld.run("ApplySchema", ["--sql", sql, "commerce"]);
      assert.equal(code, 2, text);
      assert.match(text, /commerce\/-: "alter table nothing add b int": .*nothing/);
      assert.equal(await vtctld.must("GetSchema", "-n", first.name), "seq\nwritten");
    });

    await t.step("the serving graph is built, and all is valid", async () => {
      await waitFor("a valid cluster", async () => {
        const { text } = await vtctld.run("Validate", ["--ping-tablets"]);
        if (text === "Validation complete; no issues found.") return true;
        throw new Error(text);
      });
      const positions = await vtctld.must("ShardReplicationPositions", "commerce/-");
      assert.match(positions.split("\n")[0] ?? "", /zone1-0000000100 .* primary .* 0$/);
    });

    await t.step("PlannedReparentShard both ways under a writer loses no row", async () => {
      const sockets = tablets.map((tablet) => tablet.socketPath);
      const writer = new SocketWriter(sockets, "vt_commerce.written", 1);
      try {
        for (const { name } of [second, first, second, first]) {
          const before = writer.acknowledged.length;
          await waitFor("rows", () => writer.acknowledged.length > before + 50);
          await vtctld.must("PlannedReparentShard", "commerce/-", "--new-primary", name);
          assert.match(await vtctld.must("GetTablet", name), /"type": "PRIMARY"/);
        }
        const before = writer.acknowledged.length;
        await waitFor("rows", () => writer.acknowledged.length > before + 50);
      } finally {
        await writer.stop();
      }
      await checkRows(writer.acknowledged, first, second);
    });

    await t.step("a reparent whose caller leaves, or whose vtctld stops, is finished", async () => {
      const sockets = tablets.map((tablet) => tablet.socketPath);
      const writer = new SocketWriter(sockets, "vt_commerce.written", 500_000);
      const isPrimary = async ({ name }: TestTablet): Promise<boolean> =>
        (await vtctld.must("GetTablet", name)).includes('"type": "PRIMARY"');
      try {
        const leave = new AbortController();
        const args = ["commerce/-", "--new-primary", second.name];
        const left = await vtctld.run("PlannedReparentShard", args, (line) => {
          if (line.startsWith("promoting")) leave.abort();
        }, leave.signal);
        assert.equal(left.code, 5);
        await waitFor("the second to be primary", () => isPrimary(second));

        const stopped: Promise<number | undefined>[] = [];
        await vtctld.run("PlannedReparentShard", ["commerce/-"], (line) => {
          if (line.startsWith("promoting")) stopped.push(vtctld.stop());
        });
        assert.equal(await stopped[0], 0);
        await vtctld.start();
        await waitFor("the first to be primary", () => isPrimary(first));
        const before = writer.acknowledged.length;
        await waitFor("rows", () => writer.acknowledged.length > before + 20);
      } finally {
        await writer.stop();
      }
      await checkRows(writer.acknowledged, first, second);
    });

    await t.step("with semi-sync too", async () => {
      const policy = ["--durability-policy", "semi_sync", "commerce"];
      await vtctld.must("SetKeyspaceDurabilityPolicy", ...policy);
      const sockets = tablets.map((tablet) => tablet.socketPath);
      const writer = new SocketWriter(sockets, "vt_commerce.written", 700_000);
      try {
        for (const { name } of [first, second, first]) {
          await vtctld.must("PlannedReparentShard", "commerce/-", "--new-primary", name);
          const before = writer.acknowledged.length;
          await waitFor("rows", () => writer.acknowledged.length > before + 20);
        }
      } finally {
        await writer.stop();
      }
      await checkRows(writer.acknowledged, first, second);
      const status = "show global status like 'rpl_semi_sync_%_clients'";
      assert.match(
        await vtctld.must("ExecuteFetchAsDBA", first.name, status),
        /clients +\| +1 \|/i,
      );
    });

    await t.step("vtctld killed in the middle; run again it completes or goes back", async () => {
      const sockets = tablets.map((tablet) => tablet.socketPath);
      const writer = new SocketWriter(sockets, "vt_commerce.written", 1_000_000);
      try {
        const cuts = [
          { cut: /^demoting/, target: second, again: second },
          { cut: /^promoting/, target: first, again: first },
          { cut: /^promoting/, target: second, again: first },
        ];
        for (const { cut, target, again } of cuts) {
          const args = ["commerce/-", "--new-primary", target.name];
          const killed: Promise<void>[] = [];
          const { code } = await vtctld.run("PlannedReparentShard", args, (line) => {
            if (cut.test(line) && killed.length === 0) killed.push(vtctld.kill());
          });
          await Promise.all(killed);
          assert.equal(killed.length, 1, "it was killed");
          assert.equal(code, 5);
          await vtctld.start();
          await waitFor("the dead one's lock to go", async () => {
            const { code, text } = await vtctld.run("PlannedReparentShard", [
              "commerce/-",
              "--new-primary",
              again.name,
            ]);
            if (code !== 0) throw new Error(text);
            return true;
          }, { timeoutMs: 60_000 });
          const before = writer.acknowledged.length;
          await waitFor("rows", () => writer.acknowledged.length > before + 20);
          const all = await vtctld.must("GetTablets", "--tablet-type", "primary");
          assert.match(all, new RegExp(`^${again.name} [^\n]*$`), "one primary");
        }
      } finally {
        await writer.stop();
      }
      await checkRows(writer.acknowledged, first, second);
    });
  });
}

Deno.test("ApplySchema on two shards says how to go on when one fails", async () => {
  await using cluster = await startCluster([
    [200, "customer", "-80"],
    [300, "customer", "80-"],
    [400, "copy", "-"],
  ], "mariadb");
  const { vtctld } = cluster;
  await vtctld.must("PlannedReparentShard", "customer/-80", "--new-primary", "zone1-200");
  await vtctld.must("PlannedReparentShard", "customer/80-");
  await vtctld.must("InitShardPrimary", "copy/-", "zone1-400");
  await vtctld.must(
    "ApplySchema",
    "--sql",
    "create table t(id int primary key, a int)",
    "customer",
  );
  await vtctld.must("ExecuteFetchAsDBA", "zone1-300", "insert into t values(1, 7), (2, 7)");

  const sql = "alter table t add b int; alter table t add unique (a)";
  const failed = await vtctld.run("ApplySchema", ["--sql", sql, "customer"]);
  assert.equal(failed.code, 1);
  assert.match(failed.text, /customer\/80-: statement 2 of 2, "alter table t add unique \(a\)"/);
  assert.match(failed.text, /done completely: -80; not begun: no shard/);
  assert.match(
    failed.text,
    /the last 1 statements with ApplySchema --shards 80- --sql \.\.\. customer/,
  );

  const differ = await vtctld.run("ValidateSchemaKeyspace", ["customer"]);
  assert.equal(differ.code, 4);
  assert.match(differ.text, /schemas differ on table t:/);

  await vtctld.must("ExecuteFetchAsDBA", "zone1-300", "delete from t where id = 2");
  const rest = "alter table t add unique (a)";
  await vtctld.must("ApplySchema", "--shards", "80-", "--sql", rest, "customer");
  await vtctld.must("ValidateSchemaKeyspace", "customer");

  await vtctld.must("CopySchemaShard", "customer/-80", "copy/0");
  await vtctld.must("CopySchemaShard", "customer/-80", "copy/0");
  assert.equal(await vtctld.must("GetSchema", "-n", "zone1-400"), "t");
  assert.equal(await vtctld.stop(), 0);
});
