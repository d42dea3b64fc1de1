/** Bad input gets a clear error with MySQL's code, and disturbs nobody else. */
import assert from "node:assert/strict";
import mysql from "mysql2/promise";
import { type LocalCluster, run, startLocalCluster } from "./local_cluster.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;
const MAIN = new URL("../../ctl/local/main.ts", import.meta.url).pathname;

/** The default cluster with a second user, who has a password. */
async function clusterFile(folder: string): Promise<string> {
  const text = await Deno.readTextFile(`${EXAMPLES}commerce.yaml`);
  const file = `${folder}/bad_input.yaml`;
  await Deno.writeTextFile(
    file,
    text.replaceAll(/(initial\w+): /g, `$1: ${EXAMPLES}`)
      .replace(/"user": \[\{/, `"guarded": [{"UserData": "guarded", "Password": "secret"}], $&`),
  );
  return file;
}

interface Failure {
  readonly errno?: number;
  readonly sqlState?: string;
  readonly message: string;
}

async function failure(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (error) {
    return error as Failure;
  }
  throw new Error("it succeeded");
}

function connect(cluster: LocalCluster, options: mysql.ConnectionOptions = {}) {
  return mysql.createConnection({
    host: "127.0.0.1",
    port: cluster.mysqlPort,
    user: "user",
    ...options,
  });
}

/** Fails with this errno, SQLSTATE and text. */
async function refused(
  promise: Promise<unknown>,
  errno: number,
  sqlState: string,
  text: RegExp,
): Promise<void> {
  const error = await failure(promise);
  assert.deepEqual([error.errno, error.sqlState], [errno, sqlState], error.message);
  assert.match(error.message, text);
}

async function garbage(port: number, bytes: Uint8Array): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(4096);
  try {
    await connection.read(buffer);
    await connection.write(bytes);
    // An error packet, then the end; or just the end.
    while (await connection.read(buffer) !== null);
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  } finally {
    connection.close();
  }
}

Deno.test("bad input is refused clearly and disturbs nobody", async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "vtbad" });
  try {
    await using cluster = await startLocalCluster({ file: await clusterFile(dataDir), dataDir });
    const witness = await connect(cluster, { database: "customer" });
    const step = (name: string, body: () => Promise<void>) =>
      t.step(name, async () => {
        await body();
        const [rows] = await witness.query("select count(*) as n from customer");
        assert.deepEqual(rows, [{ n: 5 }]);
      });

    await step("wrong password, unknown user", async () => {
      const ok = await connect(cluster, { user: "guarded", password: "secret" });
      await ok.end();
      const denied = /Access denied for user 'guarded'@'localhost' \(using password: YES\)/;
      await refused(connect(cluster, { user: "guarded", password: "no" }), 1045, "28000", denied);
      await refused(connect(cluster, { user: "nobody" }), 1045, "28000", /using password: NO/);
    });
    await step("unknown keyspace, shard and table", async () => {
      await refused(connect(cluster, { database: "nowhere" }), 1049, "42000", /nowhere/);
      await refused(witness.query("use nowhere"), 1049, "42000", /VT05003.*nowhere/);
      await refused(witness.query("use `customer/40-80`"), 1049, "42000", /40-80/);
      const missing = await failure(witness.query("select * from nothing"));
      assert.ok([1109, 1146].includes(missing.errno ?? 0), missing.message);
    });
    await step("syntax errors, an empty statement", async () => {
      await refused(witness.query("selec 1"), 1064, "42000", /near 'selec 1' at line 1/);
      await refused(witness.query("select 'open"), 1064, "42000", /syntax/);
      await refused(witness.query(""), 1065, "42000", /empty/);
    });
    await step("a statement nested 10,000 deep", async () => {
      const deep = `select ${"(".repeat(10_000)}1${")".repeat(10_000)} from customer`;
      const error = await failure(witness.query(deep));
      assert.ok(
        (error.errno ?? 0) > 0 && /^[0-9A-Z]{5}$/.test(error.sqlState ?? ""),
        error.message,
      );
    });
    await step("a 64 MB statement", async () => {
      const big = `select length('${"x".repeat(64 * 2 ** 20)}') as n`;
      const own = await connect(cluster);
      const error = await failure(own.query(big));
      assert.equal(error.errno, 1153, error.message);
      own.destroy();
      const fits = `select length('${"x".repeat(20 * 2 ** 20)}') as n`;
      const [rows] = await witness.query(fits);
      assert.deepEqual(rows, [{ n: 20 * 2 ** 20 }]);
    });
    await step("packets of garbage", async () => {
      await garbage(cluster.mysqlPort, new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
      await garbage(cluster.mysqlPort, crypto.getRandomValues(new Uint8Array(2000)));
      await garbage(cluster.mysqlPort, Uint8Array.of(0xff, 0xff, 0xff, 1, ...new Uint8Array(5000)));
      await garbage(cluster.mysqlPort, Uint8Array.of(3, 0, 0, 9, 1, 2, 3));
    });
    await step("what isn't supported on shards says VT12001", async () => {
      await refused(
        witness.query("update customer set customer_id = 99 where customer_id = 1"),
        1235,
        "42000",
        /VT12001: unsupported/,
      );
    });
    await step("malformed VSchemas", async () => {
      for (
        const [vschema, text] of [
          ["{", /JSON|parse/i],
          [
            `{"sharded": true, "tables": {"t": {"column_vindexes": [{"column": "a", "name": "x"}]}}}`,
            /x/,
          ],
          [`{"sharded": true, "vindexes": {"h": {"type": "hush"}}}`, /hush/],
        ] as const
      ) {
        const { code, stderr } = await cluster.tryVtctl(
          "ApplyVSchema",
          `--vschema=${vschema}`,
          "customer",
        );
        assert.notEqual(code, 0);
        assert.match(stderr, text);
      }
    });
    await step("bad flags and commands", async () => {
      const unknown = await cluster.tryVtctl("GetTablets", "--keyspaec", "customer");
      assert.equal(unknown.code, 2);
      assert.match(unknown.stderr, /keyspaec.*keyspace/s);
      const command = await cluster.tryVtctl("GetTabletz");
      assert.equal(command.code, 2);
      assert.match(command.stderr, /did you mean GetTablet/);
      const missing = await cluster.tryVtctl("GetKeyspace", "nowhere");
      assert.equal(missing.code, 3, missing.stderr);
    });
    await step("a malformed cluster file, with its line", async () => {
      const file = `${dataDir}/broken.yaml`;
      await Deno.writeTextFile(
        file,
        "kind: VitessCluster\nmetadata:\n  name: x\nspec:\n  cels: []\n",
      );
      const { code, stderr } = await run(Deno.execPath(), ["run", "-A", MAIN, file]);
      assert.equal(code, 64);
      assert.match(stderr, /broken\.yaml:5: .*unknown key "cels"/);
      const applied = await cluster.tryVtctl("apply", "-f", file);
      assert.notEqual(applied.code, 0);
      assert.match(applied.stderr, /broken\.yaml:5|applied\.yaml:5|unknown key "cels"/);
    });
    await witness.end();
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
