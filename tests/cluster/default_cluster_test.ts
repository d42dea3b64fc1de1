/** The cluster as a newcomer meets it: one command, the printed tables, the keys in etcd. */
import assert from "node:assert/strict";
import { DOCUMENTED_KEYS } from "../harness/documented_keys.ts";
import { run, startLocalCluster } from "./local_cluster.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url);

const SHARD_80_LOW = `Using customer/-80
Customer
+-------------+--------------------+
| customer_id | email              |
+-------------+--------------------+
|           1 | alice@domain.com   |
|           2 | bob@domain.com     |
|           3 | charlie@domain.com |
|           5 | eve@domain.com     |
+-------------+--------------------+
COrder
+----------+-------------+----------+-------+
| order_id | customer_id | sku      | price |
+----------+-------------+----------+-------+
|        1 |           1 | SKU-1001 |   100 |
|        2 |           2 | SKU-1002 |    30 |
|        3 |           3 | SKU-1002 |    30 |
|        5 |           5 | SKU-1002 |    30 |
+----------+-------------+----------+-------+
`;

const SHARD_80_HIGH = `Using customer/80-
Customer
+-------------+----------------+
| customer_id | email          |
+-------------+----------------+
|           4 | dan@domain.com |
+-------------+----------------+
COrder
+----------+-------------+----------+-------+
| order_id | customer_id | sku      | price |
+----------+-------------+----------+-------+
|        4 |           4 | SKU-1002 |    30 |
+----------+-------------+----------+-------+
`;

async function etcdKeys(dataDir: string): Promise<string> {
  const { etcd } = JSON.parse(await Deno.readTextFile(`${dataDir}/cluster.json`));
  const response = await fetch(`http://127.0.0.1:${etcd.client}/v3/kv/range`, {
    method: "POST",
    body: JSON.stringify({ key: btoa("\0"), range_end: btoa("\0"), keys_only: true }),
  });
  const { kvs } = await response.json() as { kvs: { key: string }[] };
  return kvs.map(({ key }) => atob(key).replace(/(elections\/vtctld\/locks\/)\d+$/, "$1LEASE"))
    .sort().join("\n");
}

Deno.test("the default cluster: tables as printed, keys, a second start, a killed run, one beside it", async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "vtcluster" });
  const otherDir = await Deno.makeTempDir({ prefix: "vtcluster" });
  try {
    const cluster = await startLocalCluster({ dataDir });
    let current = cluster;
    try {
      await t.step("customers 1, 2, 3, 5 are in -80 and 4 in 80-", async () => {
        for (
          const [file, want] of [
            ["select_customer-80_data.sql", SHARD_80_LOW],
            ["select_customer80-_data.sql", SHARD_80_HIGH],
          ] as const
        ) {
          const sql = await Deno.readTextFile(new URL(file, EXAMPLES));
          const { code, stdout, stderr } = await cluster.mysql(["--table"], sql);
          assert.equal(code, 0, stderr);
          assert.equal(stdout, want);
        }
      });
      await t.step("etcd holds the documented keys and no others", async () => {
        assert.equal(await etcdKeys(dataDir), DOCUMENTED_KEYS);
      });
      await t.step("show vitess_tablets has today's columns", async () => {
        const { stdout } = await cluster.mysql(["--table", "-e", "show vitess_tablets"]);
        assert.match(
          stdout,
          /\| Cell +\| Keyspace +\| Shard +\| TabletType +\| State +\| Alias +\| Hostname +\| PrimaryTermStartTime/,
        );
        assert.equal(stdout.match(/ PRIMARY .* SERVING /g)?.length, 3, stdout);
        assert.equal(stdout.match(/ REPLICA .* SERVING /g)?.length, 3, stdout);
      });
      await t.step("a second cluster runs beside it", async () => {
        await using other = await startLocalCluster({
          file: "examples/101_initial_cluster.yaml",
          dataDir: otherDir,
        });
        const { stdout, code } = await other.mysql(["-N", "-e", "show keyspaces"]);
        assert.equal(code, 0);
        assert.equal(stdout, "commerce\n");
      });
      await t.step("a start on a folder that is in use is refused", async () => {
        const main = new URL("../../ctl/local/main.ts", import.meta.url).pathname;
        const { code, stderr } = await run(Deno.execPath(), [
          "run",
          "-A",
          main,
          "--data-dir",
          dataDir,
        ]);
        assert.equal(code, 1);
        assert.match(stderr, /a cluster already runs on .*--data-dir/);
      });
      await t.step("after Ctrl-C a second start finds the data", async () => {
        await cluster.mysql(["-e", "insert into customer.customer(email) values ('frank@x.com')"]);
        assert.equal(await cluster.stop(), 0);
        current = await startLocalCluster({ dataDir, portOffset: cluster.options.portOffset });
        const { stdout } = await current.mysql(
          ["-N", "-e", "select count(*) from customer.customer"],
        );
        assert.equal(stdout, "6\n");
      });
      await t.step("the leftovers of a killed run are no obstacle", async () => {
        await current.killSupervisor();
        current = await startLocalCluster({ dataDir, portOffset: cluster.options.portOffset });
        const { stdout } = await current.mysql(
          ["-N", "-e", "select count(*) from customer.customer"],
        );
        assert.equal(stdout, "6\n");
        assert.match(current.output, /ended \d+ processes that an earlier run left behind/);
      });
    } finally {
      await current.stop();
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
    await Deno.remove(otherDir, { recursive: true });
  }
});
