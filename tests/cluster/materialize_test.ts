/** Materialize with expressions and aggregates on a whole cluster, while clients write. */
import assert from "node:assert/strict";
import { clusterYaml } from "./cluster_yaml.ts";
import { type LocalCluster, startLocalCluster } from "./local_cluster.ts";

const ORDERS = "create table orders(id bigint not null primary key, customer_id bigint not null, " +
  "status varchar(12), vip tinyint, price decimal(10,2), created datetime not null)";

const HASH = { vindexes: { hash: { type: "hash" } }, sharded: true };
const CUSTOMER = {
  ...HASH,
  tables: {
    orders: { column_vindexes: [{ column: "customer_id", name: "hash" }] },
    by_customer: { column_vindexes: [{ column: "cid", name: "hash" }] },
  },
};

/** From two shards to one. */
const BY_DAY = {
  target_table: "sales_by_day",
  source_expression:
    "select date(created) as day, count(*) as orders, sum(price) as total from orders " +
    "where status <> 'void' or vip = 1 group by day",
  create_ddl: "create table sales_by_day(day date primary key, orders bigint, total decimal(20,2))",
};

const LABELS = {
  target_table: "labels",
  source_expression:
    "select id, concat(status, '-', customer_id) as label, year(created) as y from orders where status like 'p%'",
  create_ddl: "create table labels(id bigint primary key, label varchar(40), y int)",
};

/** From one shard to two. */
const BY_CUSTOMER = {
  target_table: "by_customer",
  source_expression:
    "select customer_id as cid, count(*) as n, count(price) as priced, sum(price) as total from orders group by cid",
  create_ddl:
    "create table by_customer(cid bigint primary key, n int, priced int, total decimal(20,2))",
};

const STATUSES = ["'paid'", "'open'", "'void'", "'VOID'", "NULL"] as const;

/** A statement on orders of a keyspace, the n-th. */
function statement(keyspace: string, n: number): string {
  const id = (n * 37) % 400;
  const status = STATUSES[n % STATUSES.length];
  const row =
    `(${n + 1000}, ${n % 23}, ${status}, ${n % 2}, ${n % 7 === 0 ? "NULL" : `${n}.25`}, ` +
    `'2026-03-0${1 + n % 8} 10:00:00')`;
  switch (n % 5) {
    case 0:
    case 1:
      return `insert into ${keyspace}.orders values ${row}`;
    case 2:
      return `update ${keyspace}.orders set price = price + 1.5, status = ${status} where id between ${
        1000 + id
      } and ${1040 + id}`;
    case 3:
      return `update ${keyspace}.orders set created = '2026-03-0${1 + n % 9} 23:59:59' where id = ${
        1000 + id
      }`;
    default:
      return `delete from ${keyspace}.orders where id between ${1000 + id} and ${1003 + id}`;
  }
}

class Writer {
  readonly #cluster: LocalCluster;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  written = 0;

  constructor(cluster: LocalCluster) {
    this.#cluster = cluster;
    this.#running = this.#run();
    // Told by stop().
    void this.#running.catch(() => {});
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const statements = Array.from({ length: 20 }, (_, i) => this.written + i)
        .flatMap((n) => [statement("commerce", n), statement("customer", n)]);
      const { code, stderr } = await this.#cluster.mysql([], `${statements.join(";\n")};\n`);
      assert.equal(code, 0, stderr);
      this.written += 20;
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

async function rows(cluster: LocalCluster, sql: string): Promise<string> {
  const { stdout, stderr, code } = await cluster.mysql(["-N", "-B", "-e", sql]);
  assert.equal(code, 0, stderr);
  return stdout;
}

function flags(workflow: string, target: string): readonly string[] {
  return ["--workflow", workflow, "--target-keyspace", target];
}

async function create(
  cluster: LocalCluster,
  name: readonly string[],
  source: string,
  settings: readonly unknown[],
): Promise<void> {
  const more = ["--source-keyspace", source, "--table-settings", JSON.stringify(settings)];
  await cluster.vtctl("Materialize", ...name, "create", ...more, "--wait");
}

/** VDiff says that all is alike, and so do the rows. */
async function assertSame(
  cluster: LocalCluster,
  name: readonly string[],
  pairs: readonly (readonly [made: string, wanted: string])[],
): Promise<void> {
  const text = await cluster.vtctl("VDiff", ...name, "create", "--wait");
  assert.match(text, /State: +completed/);
  assert.match(text, /HasMismatch: +false/);
  for (const [made, wanted] of pairs) {
    assert.notEqual(wanted, "");
    assert.equal(await rows(cluster, made), wanted);
  }
}

/** What BY_DAY's select gives on all shards together. */
async function salesByDay(cluster: LocalCluster): Promise<string> {
  const sql = "select date(created), coalesce(price, 0) * 100 from customer.orders " +
    "where status <> 'void' or vip = 1";
  const days = new Map<string, { orders: number; cents: number }>();
  for (const line of (await rows(cluster, sql)).trim().split("\n")) {
    const [day = "", cents = ""] = line.split("\t");
    const { orders, cents: before } = days.get(day) ?? { orders: 0, cents: 0 };
    days.set(day, { orders: orders + 1, cents: before + Math.round(Number(cents)) });
  }
  const lines = [...days].toSorted(([a], [b]) => a < b ? -1 : 1)
    .map(([day, { orders, cents }]) => `${day}\t${orders}\t${(cents / 100).toFixed(2)}\n`);
  return lines.join("");
}

async function assertRefusals(cluster: LocalCluster): Promise<void> {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["select id, now() as n from orders", /VT12001.*function now/],
    [
      "select customer_id, avg(price) as p from orders group by customer_id",
      /select sum and count/,
    ],
    ["select customer_id, max(price) as p from orders group by customer_id", /known to the source/],
    ["select count(*) as n from orders", /group by a constant/],
    ["select date(created) as status, count(*) as n from orders group by status", /means column/],
  ];
  for (const [expression, wanted] of cases) {
    const setting = {
      target_table: "x",
      source_expression: expression,
      create_ddl: "create table x(id int primary key)",
    };
    const { code, stderr } = await cluster.tryVtctl(
      "Materialize",
      ...flags("x", "commerce"),
      "create",
      "--source-keyspace",
      "customer",
      "--table-settings",
      JSON.stringify([setting]),
    );
    assert.notEqual(code, 0, expression);
    assert.match(stderr, wanted);
  }
  assert.equal(await rows(cluster, "show tables from commerce like 'x'"), "");
}

Deno.test("Materialize with expressions and aggregates, between shards, while clients write", async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "materialize" });
  try {
    const file = `${dataDir}/cluster.yaml`;
    await Deno.writeTextFile(
      file,
      await clusterYaml([
        { name: "commerce", parts: [1], replicas: 1 },
        { name: "customer", parts: [2], replicas: 1 },
      ]),
    );
    await using cluster = await startLocalCluster({ file, dataDir: `${dataDir}/cluster` });
    await cluster.vtctl("ApplyVSchema", "--vschema", '{"tables": {"orders": {}}}', "commerce");
    await cluster.vtctl("ApplyVSchema", "--vschema", JSON.stringify(CUSTOMER), "customer");
    for (const keyspace of ["commerce", "customer"]) {
      await cluster.vtctl("ApplySchema", "--sql", ORDERS, keyspace);
    }
    const writer = new Writer(cluster);
    const [toOne, toTwo] = [flags("sales", "commerce"), flags("totals", "customer")];
    try {
      await t.step("what is not exact is refused", () => assertRefusals(cluster));
      await t.step("from two shards to one, and from one to two", async () => {
        await create(cluster, toOne, "customer", [BY_DAY, LABELS]);
        await create(cluster, toTwo, "commerce", [BY_CUSTOMER]);
      });
      await t.step("VDiff in the midst of writes", async () => {
        const text = await cluster.vtctl("VDiff", ...toOne, "create", "--wait");
        assert.match(text, /HasMismatch: +false/);
      });
    } finally {
      await writer.stop();
    }
    await t.step("the rows are those of the select", async () => {
      await assertSame(cluster, toOne, [
        ["select * from commerce.sales_by_day order by day", await salesByDay(cluster)],
        [
          "select * from commerce.labels order by id",
          await rows(
            cluster,
            "select id, concat(status, '-', customer_id), year(created) from customer.orders " +
              "where status like 'p%' order by id",
          ),
        ],
      ]);
      await assertSame(cluster, toTwo, [[
        "select * from customer.by_customer order by cid",
        await rows(
          cluster,
          "select customer_id, count(*), count(price), sum(price) from commerce.orders " +
            "group by customer_id order by customer_id",
        ),
      ]]);
    });
    await t.step("cancel drops the tables", async () => {
      await cluster.vtctl("Materialize", ...toOne, "cancel");
      assert.equal(await rows(cluster, "show tables from commerce like 'labels'"), "");
    });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
