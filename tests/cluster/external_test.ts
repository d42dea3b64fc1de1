/**
 * An operator brings a server of his own behind the gate and splits it: docs/existing-server.md,
 * step by step, while the application writes.
 */
import assert from "node:assert/strict";
import mysql from "mysql2/promise";
import { tempDir } from "../harness/temp_dir.ts";
import { waitFor } from "../harness/wait.ts";
import { checkBook, checkPlacement } from "./book_rows.ts";
import { clusterYaml } from "./cluster_yaml.ts";
import { ExternalServer, ExternalTablet, PASSWORD } from "./external_server.ts";
import { Guestbook } from "./guestbook.ts";
import { type LocalCluster, startLocalCluster } from "./local_cluster.ts";
import { eachServer } from "./servers.ts";
import { CustomerVisitor } from "./visitors.ts";

const ROWS = 2000;
const NAME = ["--workflow", "shop", "--target-keyspace", "customer"];
const CREATE = ["MoveTables", ...NAME, "create", "--source-keyspace", "legacy", "--all-tables"];
const EXCLUDE = ["--exclude-tables", "audit"];

async function refusal(cluster: LocalCluster, ...args: string[]): Promise<string> {
  const { code, stderr } = await cluster.tryVtctl(...args);
  assert.notEqual(code, 0);
  return stderr;
}

async function value(cluster: LocalCluster, database: string, sql: string): Promise<string> {
  const { code, stdout, stderr } = await cluster.mysql(["-N", database], `${sql};\n`);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

/** The keyspaces that rows go to, with sequences for what numbered itself. */
async function prepareTargets(cluster: LocalCluster): Promise<void> {
  const example = (name: string) =>
    `@${new URL(`../../examples/${name}`, import.meta.url).pathname}`;
  await cluster.vtctl("ApplySchema", `--sql=${example("create_commerce_seq.sql")}`, "commerce");
  await cluster.vtctl(
    "ApplyVSchema",
    `--vschema=${example("vschema_commerce_seq.json")}`,
    "commerce",
  );
  await cluster.vtctl(
    "ApplyVSchema",
    `--vschema=${example("vschema_customer_sharded.json")}`,
    "customer",
  );
}

/** Starts the tablet, after its user got what its first words asked for. */
async function attach(
  cluster: LocalCluster,
  server: ExternalServer,
  folder: string,
): Promise<ExternalTablet> {
  let words: string;
  {
    await using refused = await ExternalTablet.start(cluster, server, folder);
    words = await refused.lastWords();
  }
  const grants = /run there (GRANT .*)/.exec(words)?.[1]?.split("; ") ?? [];
  assert.equal(grants.length, 3, words);
  for (const grant of grants) await server.sql(grant.replace(/".*$/, ""));
  const tablet = await ExternalTablet.start(cluster, server, folder);
  await tablet.ready();
  return tablet;
}

/** What streams can't go on with is refused before anything is made. */
async function setUpBinlog(cluster: LocalCluster, server: ExternalServer): Promise<void> {
  for (let tries = 0; tries < 4; tries++) {
    const { code, stderr } = await cluster.tryVtctl(...CREATE, ...EXCLUDE, "--dry-run");
    if (code === 0) return;
    const setting = /run (SET GLOBAL binlog\S+ = \S+)/.exec(stderr)?.[1];
    assert.ok(setting, stderr);
    await server.sql(setting);
  }
  assert.fail("the binlog is never set up");
}

async function connectDirectly({ mysqld }: ExternalServer) {
  const connection = await mysql.createConnection({
    host: mysqld.host,
    port: mysqld.port,
    user: "app",
    password: "x",
    database: "shop",
  });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.end() });
}

/** Sessions that just ended may be listed a moment longer. */
async function switched(
  cluster: LocalCluster,
  server: ExternalServer,
  action: string,
): Promise<void> {
  await waitFor("the application's sessions to end", async () => {
    const sql = "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'app'";
    return (await server.sql(sql))[0]?.[0] === "0";
  });
  const text = await cluster.vtctl("MoveTables", ...NAME, action);
  assert.match(text, /was successful/);
}

eachServer("a server of the operator's own is served, moved and split", async (t, which) => {
  await using folder = await tempDir("vtexternal");
  const kind = which.mysqld === undefined ? "mariadb" : "mysql";
  await using server = await ExternalServer.start(kind, ROWS);
  const file = `${folder.path}/cluster.yaml`;
  const shapes = [{ name: "commerce", parts: [1], replicas: 1 }, {
    name: "customer",
    parts: [2],
    replicas: 1,
  }];
  await Deno.writeTextFile(file, await clusterYaml(shapes));
  await using cluster = await startLocalCluster({
    file,
    dataDir: `${folder.path}/cluster`,
    ...(which.mysqld !== undefined && { mysqld: which.mysqld }),
  });
  await prepareTargets(cluster);
  await using _tablet = await attach(cluster, server, folder.path);

  await t.step("the gate serves its database under the keyspace's name", async () => {
    await cluster.vtctl("TabletExternallyReparented", "zone1-401");
    await waitFor("legacy to be served", async () => {
      const { stdout } = await cluster.mysql(["-N", "legacy"], "select count(*) from customer;\n");
      return stdout.trim() === String(ROWS);
    });
    assert.equal(await value(cluster, "legacy", "show tables"), "audit\ncorder\ncustomer");
    const columns = "select group_concat(column_name order by ordinal_position) from " +
      "information_schema.columns where table_schema = 'legacy' and table_name = 'audit'";
    assert.equal(await value(cluster, "", columns), "id,what");
    const connection = await mysql.createConnection({
      host: "127.0.0.1",
      port: cluster.mysqlPort,
      user: "user",
      database: "legacy",
    });
    const [, fields] = await connection.query("select id from audit");
    assert.equal(fields[0]?.db, "legacy");
    await connection.end();
    assert.match(await value(cluster, "legacy", "show create database legacy"), /`legacy`/);
    const refused = await refusal(cluster, "SetReadOnly", "zone1-401");
    assert.match(refused, /VT20036/);
  });
  const visitor = new CustomerVisitor();
  const book = new Guestbook({
    port: cluster.mysqlPort,
    clients: 4,
    visitor,
    tag: "g",
    pauseMs: 5,
    database: "legacy",
  });
  try {
    await t.step("what its binlog lacks is named before anything is made", async () => {
      await setUpBinlog(cluster, server);
      await server.sql(
        "CREATE TRIGGER shop.tr BEFORE INSERT ON shop.corder FOR EACH ROW SET @a = 1",
      );
      assert.match(await refusal(cluster, ...CREATE, ...EXCLUDE), /has the trigger tr/);
      await server.sql("DROP TRIGGER shop.tr");
    });
    await t.step("all tables but one move into two shards", async () => {
      await book.more(50, 20_000);
      await cluster.vtctl(...CREATE, ...EXCLUDE, "--wait");
      const text = await cluster.vtctl("VDiff", ...NAME, "create", "--wait");
      assert.match(text, /HasMismatch: +false/);
    });
    await t.step("traffic moves, not past an application that writes directly", async () => {
      await server.sql("CREATE USER 'app'@'%' IDENTIFIED BY 'x'");
      await server.sql("GRANT ALL ON shop.* TO 'app'@'%'");
      {
        await using direct = await connectDirectly(server);
        await direct.query("SELECT 1");
        assert.match(
          await refusal(cluster, "MoveTables", ...NAME, "switchtraffic"),
          /VT20035.*app@/,
        );
      }
      await switched(cluster, server, "switchtraffic");
      await book.more(50, 20_000);
    });
    await t.step("and back, and once more", async () => {
      await switched(cluster, server, "reversetraffic");
      await book.more(50, 20_000);
      await switched(cluster, server, "switchtraffic");
      await book.more(50, 20_000);
    });
  } finally {
    const report = await book.stop();
    assert.deepEqual(report.failedReads, []);
  }
  await t.step("complete leaves what did not move", async () => {
    const text = await cluster.vtctl(
      "VDiff",
      "--workflow",
      "shop_reverse",
      "--target-keyspace",
      "legacy",
      "create",
      "--wait",
    );
    assert.match(text, /HasMismatch: +false/);
    await cluster.vtctl("MoveTables", ...NAME, "complete");
    assert.deepEqual(await server.sql("SHOW TABLES FROM shop"), [["audit"]]);
    const found = await checkBook(cluster, { visitor, tag: "g" }, ["-80", "80-"]);
    assert.ok(found.customers > 0);
    await checkPlacement(cluster, ["-80", "80-"]);
    assert.equal(
      await value(cluster, "customer", "select count(*) from customer where email like 'old%'"),
      String(ROWS),
    );
    assert.equal(await value(cluster, "legacy", "select what from audit"), "kept");
  });
});

/** What docs/existing-server.md has for cluster files. */
function externalKeyspace(port: number): string {
  return `  - name: legacy
    partitionings:
    - equal:
        parts: 1
        shardTemplate:
          tabletPools:
          - cell: zone1
            type: externalmaster
            replicas: 1
            externalDatastore:
              user: vt
              host: 127.0.0.1
              port: ${port}
              database: shop
              credentialsSecret:
                name: shop-credentials
                key: credentials.json
---
apiVersion: v1
kind: Secret
metadata:
  name: shop-credentials
stringData:
  credentials.json: |
    ${JSON.stringify({ vt: [PASSWORD] })}
---
`;
}

Deno.test("a cluster file has a server that somebody else runs", async () => {
  await using folder = await tempDir("vtexternal");
  await using server = await ExternalServer.start("mariadb", 10);
  await server.sql("GRANT ALL ON *.* TO 'vt'@'%'");
  const [head = "", secrets = ""] = (await clusterYaml([])).split("---\n");
  const file = `${folder.path}/cluster.yaml`;
  await Deno.writeTextFile(file, head + externalKeyspace(server.mysqld.port) + secrets);
  const dataDir = `${folder.path}/cluster`;
  {
    await using cluster = await startLocalCluster({ file, dataDir });
    assert.equal(await value(cluster, "legacy", "select count(*) from customer"), "10");
    assert.match(cluster.output, new RegExp(`mysqld 127.0.0.1:${server.mysqld.port}`));
  }
  // The cluster has stopped; the server goes on as it was.
  assert.deepEqual(await server.sql("SELECT COUNT(*) FROM shop.customer"), [["10"]]);
  assert.deepEqual(await server.sql("SELECT @@global.read_only"), [["0"]]);
  // And a start with the same data finds it as it left it.
  await using again = await startLocalCluster({ file, dataDir });
  assert.equal(await value(again, "legacy", "select count(*) from customer"), "10");
});
