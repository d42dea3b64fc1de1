/** What a workflow does with DDL of its source: --on-ddl of MoveTables, each way. */
import assert from "node:assert/strict";
import { clusterYaml } from "./cluster_yaml.ts";
import { type LocalCluster, startLocalCluster } from "./local_cluster.ts";
import { tabletOf } from "./tablets_of.ts";

const WAIT_MS_MAX = 60_000;
const PRIMARY = { keyspace: "customer", shard: "-", type: "primary" } as const;
/** A workflow and a table of the same name for each. */
const MODES = {
  ignored: "IGNORE",
  stopped: "STOP",
  executed: "EXEC",
  tolerated: "EXEC_IGNORE",
  failed: "EXEC",
} as const;

class Sides {
  readonly #cluster: LocalCluster;
  readonly #target: string;

  constructor(cluster: LocalCluster, target: string) {
    this.#cluster = cluster;
    this.#target = target;
  }

  /** "State message" of a workflow's stream. */
  async state(workflow: string): Promise<string> {
    const sql =
      `select concat(state, ' ', message) from _vt.vreplication where workflow = '${workflow}'`;
    const table = await this.#cluster.vtctl("VReplicationExec", this.#target, sql);
    return table.split("\n").at(3)?.replace(/^\| (.*?) *\|$/, "$1") ?? "";
  }

  async source(sql: string): Promise<void> {
    await this.#cluster.vtctl("ApplySchema", "--sql", sql, "commerce");
  }

  async write(sql: string): Promise<void> {
    const { code, stderr } = await this.#cluster.mysql(["commerce", "-e", sql]);
    assert.equal(code, 0, stderr);
  }

  /** Of the target's own table. */
  async target(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    const args = ["ExecuteFetchAsDba", "--json", this.#target, sql];
    return JSON.parse(await this.#cluster.vtctl(...args)).rows;
  }

  async until(what: string, probe: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + WAIT_MS_MAX;
    while (!await probe()) {
      if (performance.now() > deadline) {
        const states = await Promise.all(Object.keys(MODES).map((mode) => this.state(mode)));
        throw new Error(`waited in vain for ${what}: ${states.join("; ")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async untilState(workflow: string, state: RegExp): Promise<void> {
    await this.until(
      `${workflow} to be ${state}`,
      async () => state.test(await this.state(workflow)),
    );
  }

  async untilRows(table: string, rows: number): Promise<void> {
    await this.until(
      `${rows} rows of ${table}`,
      async () => (await this.target(`select id from ${table}`)).length === rows,
    );
  }
}

async function start(cluster: LocalCluster): Promise<Sides> {
  const names = Object.keys(MODES);
  const create = names.map((name) => `create table ${name}(id bigint not null, primary key(id))`);
  await cluster.vtctl("ApplySchema", "--sql", create.join("; "), "commerce");
  const tables = Object.fromEntries(names.map((name) => [name, {}]));
  await cluster.vtctl("ApplyVSchema", "--vschema", JSON.stringify({ tables }), "commerce");
  for (const [name, mode] of Object.entries(MODES)) {
    const head = ["MoveTables", "--workflow", name, "--target-keyspace", "customer", "create"];
    const what = ["--source-keyspace", "commerce", "--tables", name, "--on-ddl", mode, "--wait"];
    await cluster.vtctl(...head, ...what);
  }
  return new Sides(cluster, await tabletOf(cluster, PRIMARY));
}

Deno.test("DDL of the source is ignored, stops the workflow, or is executed, as it was asked", async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "vtonddl" });
  try {
    const file = `${dataDir}/cluster.yaml`;
    const shapes = ["commerce", "customer"].map((name) => ({ name, parts: [1], replicas: 1 }));
    await Deno.writeTextFile(file, await clusterYaml(shapes));
    await using cluster = await startLocalCluster({ file, dataDir: `${dataDir}/cluster` });
    const sides = await start(cluster);

    await t.step("IGNORE: rows go on, the target's table stays", async () => {
      await sides.source("alter table ignored add index more(id)");
      await sides.write("insert into ignored values (1)");
      await sides.untilRows("ignored", 1);
      assert.equal((await sides.target("show index from ignored")).length, 1);
    });
    await t.step("STOP: it ends with the statement, and goes on behind it when told", async () => {
      await sides.write("insert into stopped values (1)");
      await sides.source("alter table stopped add column v int");
      await sides.write("insert into stopped values (2, 7)");
      await sides.untilState("stopped", /^Stopped Stopped at DDL .*add column v/i);
      await sides.untilRows("stopped", 1);
      await sides.target("alter table stopped add column v int");
      await cluster.vtctl("Workflow", "--keyspace", "customer", "start", "--workflow", "stopped");
      await sides.untilRows("stopped", 2);
      assert.deepEqual(await sides.target("select * from stopped where id = 2"), [["2", "7"]]);
    });
    await t.step("EXEC: the target's table changes with it", async () => {
      await sides.source("alter table executed add column v int default 3");
      await sides.write("insert into executed(id) values (1)");
      await sides.untilRows("executed", 1);
      assert.deepEqual(await sides.target("select * from executed"), [["1", "3"]]);
    });
    await t.step("EXEC_IGNORE: what can't be done on the target is left, and noted", async () => {
      await sides.target("alter table tolerated add column v int default 5");
      await sides.source("alter table tolerated add column v int default 3");
      await sides.write("insert into tolerated(id) values (1)");
      await sides.untilRows("tolerated", 1);
      assert.deepEqual(await sides.target("select * from tolerated"), [["1", "3"]]);
      const log = "select message from _vt.vreplication_log where message like 'DDL ignored%'";
      assert.match(
        await cluster.vtctl("VReplicationExec", await tabletOf(cluster, PRIMARY), log),
        /Dup/,
      );
      assert.match(await sides.state("tolerated"), /^Running/);
    });
    await t.step("EXEC of what can't be done ends the workflow with the cause", async () => {
      await sides.target("alter table failed add column v int");
      await sides.source("alter table failed add column v int");
      await sides.untilState("failed", /^Error .*Duplicate column name 'v'/);
    });
    await t.step("a target that would round is refused", () => otherType(cluster, sides));
    await t.step("an ALTER in the midst is refused until the target has it", async () => {
      await alteredInTheMidst(cluster, sides);
    });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

const TARGET_KEYSPACE = ["--target-keyspace", "customer"] as const;
const PRICE = ["MoveTables", "--workflow", "price", ...TARGET_KEYSPACE] as const;
const CREATE_PRICE = [
  ...PRICE,
  ...["create", "--source-keyspace", "commerce", "--tables", "price", "--wait"],
];

async function refused(cluster: LocalCluster, why: RegExp, ...args: string[]): Promise<void> {
  const { code, stderr } = await cluster.tryVtctl(...args);
  assert.notEqual(code, 0);
  assert.match(stderr, why);
}

async function otherType(cluster: LocalCluster, sides: Sides): Promise<void> {
  await sides.source("create table price(id bigint not null, d decimal(10,4), primary key(id))");
  await sides.write("insert into price values (1, 1.2345)");
  const types = [
    ["d decimal(10,2)", /has the column d as decimal\(10,2\), .*each decimal\(10,4\)/],
    ["d decimal(10,4) not null", /has the column d as NOT NULL/],
    ["d decimal(10,4), unique key(d)", /has a unique key \(d\), which its source has not/],
  ] as const;
  for (const [columns, why] of types) {
    await sides.target(`create table price(id bigint not null, ${columns}, primary key(id))`);
    await refused(cluster, why, ...CREATE_PRICE);
    await sides.target("drop table price");
  }
  await sides.target("create table price(id bigint not null, d decimal(12,4), primary key(id))");
  await sides.target("insert into price values (7, 0)");
  await refused(cluster, /price of customer\/- is not empty, .*TRUNCATE TABLE/, ...CREATE_PRICE);
  await sides.target("truncate table price");
  await cluster.vtctl(...CREATE_PRICE);
}

async function alteredInTheMidst(cluster: LocalCluster, sides: Sides): Promise<void> {
  await sides.source("alter table price modify d decimal(14,5)");
  await sides.write("insert into price values (2, 1.23456)");
  await sides.untilState("price", /^Error VT27013.*Data truncated for column 'd'/);
  const change = "modify d decimal(14,5)";
  const start = ["Workflow", "--keyspace", "customer", "start", "--workflow", "price"];
  // It holds the rows, but clients would see other ones.
  await sides.target("alter table price modify d decimal(16,6)");
  await cluster.vtctl(...start);
  await sides.untilRows("price", 2);
  const unlike = /price was altered .*: on customer\/- it has the column d as decimal\(16,6\)/;
  await refused(cluster, unlike, ...PRICE, "switchtraffic");
  await sides.target(`alter table price ${change}`);
  await cluster.vtctl(...PRICE, "switchtraffic");
  assert.deepEqual(await sides.target("select d from price order by id"), [["1.23450"], [
    "1.23456",
  ]]);
  // Wider than where writes go back to: its rows fit as long as they do.
  await sides.target("alter table price modify d decimal(20,5)");
  await sides.write("insert into price values (3, 3)");
  assert.match(await cluster.vtctl(...PRICE, "reversetraffic"), /Reads Not Switched/);
  await sides.write("insert into price values (4, 4)");
  await sides.untilRows("price", 4);
}
