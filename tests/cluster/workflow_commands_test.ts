/**
 * Workflows on a real cluster beside the walk-through: tables that go to shards and get sequences,
 * a cancelled move, a merge by the oldest commands, Materialize, and what is refused.
 */
import assert from "node:assert/strict";
import { type LocalCluster, startLocalCluster } from "./local_cluster.ts";
import { tabletOf } from "./tablets_of.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;

/** What a move needs on both sides of a table `member`. */
const MEMBER = `create table member(id bigint not null auto_increment primary key,
  name varchar(40) character set latin1, note blob);
create table member_seq(id int, next_id bigint, cache bigint, primary key(id))
  comment 'vitess_sequence';
insert into member_seq(id, next_id, cache) values(0, 1, 10)`;

const COMMERCE = {
  tables: {
    product: {},
    customer_seq: { type: "sequence" },
    order_seq: { type: "sequence" },
    member: {},
    member_seq: { type: "sequence" },
  },
};

const HASHED = { column_vindexes: [{ column: "customer_id", name: "hash" }] };
const CUSTOMER = {
  sharded: true,
  vindexes: { hash: { type: "hash" } },
  tables: {
    customer: { ...HASHED, auto_increment: { column: "customer_id", sequence: "customer_seq" } },
    corder: { ...HASHED, auto_increment: { column: "order_id", sequence: "order_seq" } },
  },
};
const WITH_MEMBER = {
  ...CUSTOMER,
  tables: {
    ...CUSTOMER.tables,
    member: {
      column_vindexes: [{ column: "id", name: "hash" }],
      auto_increment: { column: "id", sequence: "member_seq" },
    },
  },
};

/** One client that inserts members all the time and counts what was acknowledged. */
class Members {
  readonly #cluster: LocalCluster;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  acknowledged = 0;
  readonly failures: string[] = [];

  constructor(cluster: LocalCluster) {
    this.#cluster = cluster;
    this.#running = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const { code, stderr } = await this.#cluster.mysql([
        "-e",
        "insert into member(name, note) values ('M\\'', x'00ff')",
      ]);
      if (code === 0) this.acknowledged++;
      else this.failures.push(stderr);
    }
  }

  async stop(): Promise<number> {
    this.#stop.abort();
    await this.#running;
    assert.deepEqual(this.failures, []);
    return this.acknowledged;
  }
}

async function refused(cluster: LocalCluster, wanted: RegExp, ...args: string[]): Promise<void> {
  const { code, stderr } = await cluster.tryVtctl(...args);
  assert.notEqual(code, 0, args.join(" "));
  assert.match(stderr, wanted);
}

async function value(cluster: LocalCluster, sql: string, database = ""): Promise<string> {
  const args = ["-N", "-B", "-e", sql, ...(database === "" ? [] : [database])];
  const { stdout, stderr, code } = await cluster.mysql(args);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

Deno.test("workflows on a cluster", async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "workflow_commands" });
  try {
    await using cluster = await startLocalCluster({ dataDir });
    const vtctl = (...args: string[]): Promise<string> => cluster.vtctl(...args);
    await vtctl("ApplySchema", "--sql", MEMBER, "commerce");
    await vtctl("ApplyVSchema", "--vschema", JSON.stringify(COMMERCE), "commerce");
    const members = new Members(cluster);
    await t.step("tables that don't fit are refused, with the way out", () => refusals(cluster));
    await t.step("a move to shards, cancelled and made again", () => toShards(cluster, members));
    await t.step("the sequence goes on past the highest id", async () => {
      const count = await members.stop();
      assert.equal(await value(cluster, "select count(*) from member"), String(count));
    });
    await t.step("Materialize follows with a projection", () => materialize(cluster));
    await t.step("two shards become one by the oldest commands", () => merge(cluster, dataDir));
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

async function refusals(cluster: LocalCluster): Promise<void> {
  const create = ["MoveTables", "--workflow", "m", "--target-keyspace", "customer", "create"];
  const from = ["--source-keyspace", "commerce"];
  await refused(cluster, /no primary vindex for member/, ...create, ...from, "--tables", "member");
  await refused(
    cluster,
    /not found in source keyspace commerce: nix/,
    ...create,
    ...from,
    "--tables",
    "nix",
  );
  const source = await tabletOf(cluster, { keyspace: "commerce", shard: "-", type: "primary" });
  const dba = (sql: string) => cluster.vtctl("ExecuteFetchAsDba", source, sql);
  await dba("create table parent(id int primary key)");
  await dba(
    "create table child(id int primary key, p int, " +
      "constraint c_p foreign key (p) references parent(id) on delete cascade)",
  );
  const both = ["--tables", "parent,child", "--dry-run"];
  const silent = /foreign key c_p changes rows of child ON DELETE CASCADE without a word/;
  await refused(cluster, silent, ...create, ...from, ...both);
  await dba("drop table child, parent");
  const reshard = ["Reshard", "--workflow", "r", "--target-keyspace", "customer", "create"];
  await refused(
    cluster,
    /target shard customer\/80- is in serving state/,
    ...reshard,
    "--source-shards=-80",
    "--target-shards=80-",
  );
}

async function toShards(cluster: LocalCluster, members: Members): Promise<void> {
  const vtctl = (...args: string[]): Promise<string> => cluster.vtctl(...args);
  await vtctl("ApplyVSchema", "--vschema", JSON.stringify(WITH_MEMBER), "customer");
  const name = ["MoveTables", "--workflow", "m", "--target-keyspace", "customer"];
  const create = [...name, "create", "--source-keyspace", "commerce", "--tables", "member"];
  assert.match(await vtctl(...create, "--dry-run"), /Create stream on customer\/-80 from commerce/);
  await vtctl(...create, "--wait");
  // Again: it is there. Asked for otherwise it is another.
  assert.match(await vtctl(...create), /Traffic State: Reads Not Switched/);
  await refused(
    cluster,
    /workflow m already exists in keyspace customer .* its on-ddl: IGNORE; asked for: STOP;/,
    ...create,
    "--on-ddl",
    "STOP",
  );
  assert.match(
    await vtctl(...name, "pause", "--dry-run"),
    /Stop stream \d+ on customer\/-80, which is (?:Copying|Running)/,
  );
  await vtctl(...name, "pause");
  assert.match(await vtctl(...name, "status"), /Status: Stopped/);
  await vtctl(...name, "resume", "--wait");
  const target = await tabletOf(cluster, { keyspace: "customer", shard: "80-", type: "primary" });
  const held =
    "create table held(m bigint, constraint held_m foreign key (m) references member(id))";
  await vtctl("ExecuteFetchAsDba", target, held);
  await refused(cluster, /key held_m of vt_customer\.held on customer\/80-/, ...name, "cancel");
  await vtctl("ExecuteFetchAsDba", target, "drop table held");
  assert.match(await vtctl(...name, "cancel"), /Successfully cancelled the m workflow/);
  assert.match(await vtctl(...name, "cancel"), /customer keyspace was cancelled at .* already/);
  await refused(cluster, /has ended: cancel was run/, ...name, "complete");
  assert.equal(JSON.parse(await vtctl("GetRoutingRules")).rules.length, 0);
  await vtctl(...create, "--wait");
  assert.match(await vtctl(...name, "status"), /Reads Not Switched. Writes Not Switched/);
  assert.match(await vtctl(...name, "cancel", "--dry-run"), /Dropping these tables from/);
  assert.match(
    await vtctl(...name, "switchtraffic", "--dry-run"),
    /Switch reads [\s\S]*Stop writes on keyspace commerce[\s\S]*Set sequence [\s\S]*Create journal/,
  );
  const logs = await vtctl(
    "Workflow",
    "--keyspace",
    "customer",
    "show",
    "--workflow",
    "m",
    "--include-logs",
  );
  assert.match(logs, /"type": "Stream Created"/);
  const switched = await vtctl(...name, "switchtraffic");
  assert.match(switched, /Current State: All Reads Switched. Writes Switched/);
  const before = members.acknowledged;
  while (members.acknowledged < before + 3 && members.failures.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.match(
    await vtctl(...name, "reversetraffic", "--dry-run"),
    /Stop writes on keyspace customer[\s\S]*Create reverse vreplication workflow m\n/,
  );
  assert.match(await vtctl(...name, "complete", "--dry-run"), /Dropping these tables from/);
  await vtctl(...name, "reversetraffic");
  assert.match(await vtctl(...name, "reversetraffic"), /ReverseTraffic was successful/);
  await vtctl(...name, "switchtraffic");
  assert.match(await vtctl(...name, "switchtraffic"), /SwitchTraffic was successful/);
  await vtctl(...name, "complete", "--rename-tables");
  assert.match(await vtctl(...name, "complete"), /customer keyspace was completed at .* already/);
  assert.equal(await vtctl("DropSources", "customer.m"), "");
  assert.equal(await value(cluster, "show tables like '%member_old'", "commerce"), "_member_old");
}

async function materialize(cluster: LocalCluster): Promise<void> {
  const vtctl = (...args: string[]): Promise<string> => cluster.vtctl(...args);
  const settings = [{
    target_table: "names",
    source_expression: "select id, name as called from member where id > 2",
    create_ddl: "create table names(id bigint primary key, called varchar(40))",
  }];
  const name = ["Materialize", "--workflow", "n", "--target-keyspace", "commerce"];
  await vtctl(
    ...name,
    "create",
    "--source-keyspace",
    "customer",
    "--table-settings",
    JSON.stringify(settings),
    "--wait",
  );
  const want = await value(cluster, "select count(*) from member where id > 2");
  assert.equal(await value(cluster, "select count(*) from names"), want);
  assert.equal(await value(cluster, "select called from names limit 1"), "M'");
  await vtctl(...name, "cancel");
  assert.equal(await value(cluster, "show tables like 'names'", "commerce"), "");
}

async function merge(cluster: LocalCluster, dataDir: string): Promise<void> {
  const vtctl = (...args: string[]): Promise<string> => cluster.vtctl(...args);
  await vtctl(
    "ApplySchema",
    "--sql",
    "create view names as select id, name from member",
    "customer",
  );
  const file = `${EXAMPLES}.merge-${crypto.randomUUID()}.yaml`;
  const text = await Deno.readTextFile(`${EXAMPLES}commerce.yaml`);
  const [head = "", customer = ""] = text.split("  - name: customer\n");
  const [partition = ""] = / {4}- equal:\n {8}parts: 2\n[\s\S]*?replicas: 2\n/.exec(customer) ??
    [];
  const both = partition + partition.replace("parts: 2", "parts: 1");
  await Deno.writeTextFile(file, `${head}  - name: customer\n${customer.replace(partition, both)}`);
  try {
    await vtctl("apply", "-f", file);
  } finally {
    await Deno.remove(file);
  }
  assert(dataDir !== "");
  const before = Number(await value(cluster, "select count(*) from member"));
  const members = new Members(cluster);
  assert.match(await vtctl("SplitClone", "customer/-"), /State: done\nSuccess:\n/);
  assert.match(await vtctl("SplitClone", "customer/-"), /State: done\nSuccess:\n/);
  assert.match(
    await vtctl("SplitDiff", "customer/-"),
    /Table member checks out \(\d+ rows processed/,
  );
  await vtctl("MigrateServedTypes", "customer/-", "rdonly");
  await vtctl("MigrateServedTypes", "customer/-", "replica");
  await vtctl("MigrateServedTypes", "customer/-", "rdonly");
  assert.match(await vtctl("SplitClone", "customer/-80"), /State: done\nSuccess:\n/);
  const source = await tabletOf(cluster, { keyspace: "customer", shard: "80-", type: "primary" });
  await vtctl("ExecuteFetchAsDba", source, "create table late(id int primary key)");
  await refused(
    cluster,
    /table late was created on customer\/80- since the workflow began/,
    "MigrateServedTypes",
    "customer/-",
    "master",
  );
  await vtctl("ExecuteFetchAsDba", source, "drop table late");
  await vtctl("MigrateServedTypes", "customer/-", "master");
  await vtctl("MigrateServedTypes", "customer/-", "master");
  assert.match(await vtctl("SplitClone", "customer/-"), /State: done\nSuccess:\n/);
  const merged = await tabletOf(cluster, { keyspace: "customer", shard: "-", type: "primary" });
  await vtctl("ExecuteFetchAsDba", merged, "select count(*) from names");
  const name = ["Reshard", "--workflow", "SplitClone", "--target-keyspace", "customer"];
  assert.match(await vtctl(...name, "complete"), /Successfully completed/);
  const count = await members.stop();
  assert.equal(Number(await value(cluster, "select count(*) from member")), before + count);
  assert.equal(await value(cluster, "show vitess_shards like 'customer/%'"), "customer/-");
}
