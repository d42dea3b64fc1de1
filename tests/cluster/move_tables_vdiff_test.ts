/** VDiff on a whole cluster: what it reports of planted differences, and what it survives. */
import assert from "node:assert/strict";
import { clusterYaml } from "./cluster_yaml.ts";
import { type LocalCluster, startLocalCluster, vtctlLines } from "./local_cluster.ts";

const NAME = ["--workflow", "w", "--target-keyspace", "customer"];
const ROWS = 40_000;
const WAIT_MS_MAX = 60_000;

interface Summary {
  readonly State: string;
  readonly UUID: string;
  readonly HasMismatch: boolean;
  readonly RowsCompared: number;
  readonly TableSummary: Readonly<
    Record<string, {
      readonly State: string;
      readonly RowsCompared: number;
      readonly MatchingRows: number;
      readonly MismatchedRows: number;
      readonly ExtraRowsSource: number;
      readonly ExtraRowsTarget: number;
    }>
  >;
  readonly Reports: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

async function show(cluster: LocalCluster, which: string): Promise<Summary> {
  const text = await cluster.vtctl("VDiff", ...NAME, "show", which, "--format=json");
  return JSON.parse(text) as Summary;
}

async function until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + WAIT_MS_MAX;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The stream runs, and nothing is left of what a VDiff did to it. */
async function assertRuns(cluster: LocalCluster, primary: string): Promise<void> {
  await until("the stream to run", async () => {
    const { code, stdout } = await cluster.tryVtctl(
      "VReplicationExec",
      primary,
      "select concat_ws(',', state, message, ifnull(stop_pos, '')) from _vt.vreplication",
    );
    return code === 0 && /\| Running,, *\|/.test(stdout) ? true : undefined;
  });
}

async function prepare(cluster: LocalCluster): Promise<string> {
  const sql =
    "create table t(id bigint not null, v varchar(100), f float, primary key(id)); create table u(a varchar(20), b int, primary key(a, b))";
  await cluster.vtctl("ApplySchema", "--sql", sql, "commerce");
  await cluster.vtctl("ApplyVSchema", "--vschema", '{"tables": {"t": {}, "u": {}}}', "commerce");
  for (let first = 1; first <= ROWS; first += 4000) {
    const ids = Array.from({ length: 4000 }, (_, i) => first + i);
    const t = ids.map((id) => `(${id},'value ${id}',${id / 7})`).join(",");
    const u = ids.map((id) => `('k${id % 97}',${id})`).join(",");
    const { code, stderr } = await cluster.mysql(
      [],
      `insert into commerce.t values ${t};\ninsert into commerce.u values ${u};\n`,
    );
    assert.equal(code, 0, stderr);
  }
  const shown: string[] = [];
  const { code, stderr } = await vtctlLines(
    cluster,
    ["MoveTables", ...NAME, "create", "--source-keyspace", "commerce", "--tables", "t,u", "--wait"],
    (line) => shown.push(line),
  );
  assert.equal(code, 0, stderr);
  // No terminal: a line each, of which the last says that all are here.
  const last = shown.filter((line) => line.startsWith("[")).pop() ?? "";
  assert.match(
    last,
    new RegExp(`^\\[#+\\] 100.0% running, lag \\d+s, ${2 * ROWS} of ${2 * ROWS} rows$`),
  );
  const lines = (await cluster.vtctl("GetTablets", "--keyspace", "customer")).split("\n");
  return lines.map((line) => line.split(" ")).find((fields) => fields[3] === "primary")?.[0] ?? "";
}

Deno.test("VDiff finds planted differences, goes on behind deaths, stops and resumes", async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "vtvdiff" });
  try {
    const file = `${dataDir}/cluster.yaml`;
    await Deno.writeTextFile(
      file,
      await clusterYaml([
        { name: "commerce", parts: [1], replicas: 2 },
        { name: "customer", parts: [1], replicas: 1 },
      ]),
    );
    await using cluster = await startLocalCluster({ file, dataDir: `${dataDir}/cluster` });
    const primary = await prepare(cluster);

    await t.step("alike: no row differs, and the streams run on", async () => {
      const planned = await cluster.vtctl("VDiff", ...NAME, "create", "--dry-run");
      assert.match(planned, /Compare rows of t, u on customer\/- with those of commerce\/-/);
      assert.match(await cluster.vtctl("VDiff", ...NAME, "show", "all"), /No vdiffs found/);
      const text = await cluster.vtctl("VDiff", ...NAME, "create", "--wait");
      assert.match(text, /State: +completed\nRowsCompared: 80000\nHasMismatch: +false/);
      await assertRuns(cluster, primary);
      const { UUID } = await show(cluster, "last");
      const removal = await cluster.vtctl("VDiff", ...NAME, "delete", "last", "--dry-run");
      assert.match(removal, new RegExp(`Delete vdiff ${UUID} on customer/-, which is completed`));
      assert.equal((await show(cluster, "last")).UUID, UUID);
    });
    await t.step("a changed, a missing and an extra row are shown", async () => {
      for (
        const sql of [
          "update t set v = 'other' where id = 12345",
          "delete from t where id = 7",
          "insert into t values (99999999, NULL, 1.5)",
          "delete from u where a = 'k5' and b = 5",
        ]
      ) await cluster.vtctl("ExecuteFetchAsDBA", primary, sql);
      const text = await cluster.vtctl("VDiff", ...NAME, "create", "--wait", "--verbose");
      assert.match(text, /HasMismatch: +true/);
      assert.match(
        text,
        /Table t:\n.*\n\tProcessedRows: +40001\n\tMatchingRows: +39998\n\tMismatchedRows: +1\n\tExtraRowsSource: +1\n\tExtraRowsTarget: +1/,
      );
      assert.match(text, /"id":"12345","v":"value 12345".*"id":"12345","v":"other"/);
      assert.match(text, /"id":"7","v":"value 7"/);
      assert.match(text, /"id":"99999999","v":null,"f":"1.5"/);
      assert.match(text, /Table u:\n.*\n.*\n.*\n\tExtraRowsSource: +1/);
      const { Reports, TableSummary } = await show(cluster, "last");
      assert.deepEqual(Object.keys(Reports), ["t", "u"]);
      assert.equal(TableSummary["u"]?.ExtraRowsSource, 1);
    });
    await t.step("the tablet dies: it goes on by itself, and counts each row once", async () => {
      await cluster.vtctl("VDiff", ...NAME, "create");
      Deno.kill((await cluster.pidOf(primary)).pid, "SIGKILL");
      const summary = await until("the vdiff to end", async () => {
        const { code } = await cluster.tryVtctl("VDiff", ...NAME, "show", "last");
        const found = code === 0 ? await show(cluster, "last") : undefined;
        return found?.State === "completed" ? found : undefined;
      });
      assert.equal(summary.RowsCompared, 80_001);
      assert.equal(summary.TableSummary["t"]?.MismatchedRows, 1);
      await assertRuns(cluster, primary);
    });
    await t.step("the mysqld of the source dies: it takes another snapshot", async () => {
      const lines = (await cluster.vtctl("GetTablets", "--keyspace", "commerce")).split("\n");
      const replica = lines.find((line) => line.split(" ")[3] === "replica")?.split(" ")[0] ?? "";
      await cluster.vtctl("VDiff", ...NAME, "create");
      Deno.kill(await cluster.mysqldPidOf(replica), "SIGKILL");
      const summary = await until("the vdiff to end", async () => {
        const found = await show(cluster, "last");
        return found.State === "started" ? undefined : found;
      });
      assert.equal(summary.State, "completed");
      assert.equal(summary.RowsCompared, 80_001);
      await assertRuns(cluster, primary);
    });
    await t.step("stopped, it stays so; resumed, it ends", async () => {
      const uuid = crypto.randomUUID();
      await cluster.vtctl("VDiff", ...NAME, "create", uuid);
      await cluster.vtctl("VDiff", ...NAME, "stop", uuid);
      const stopped = await show(cluster, uuid);
      assert.ok(["stopped", "completed"].includes(stopped.State), stopped.State);
      await assertRuns(cluster, primary);
      const text = await cluster.vtctl("VDiff", ...NAME, "resume", uuid, "--wait");
      assert.match(text, /State: +completed\nRowsCompared: 80001/);
    });
    await t.step("a wait that is limited ends, and the vdiff goes on", async () => {
      const uuid = crypto.randomUUID();
      const idle = ["create", uuid, "--auto-start=false", "--wait"];
      const { code, stderr } = await cluster.tryVtctl(
        "VDiff",
        ...NAME,
        ...idle,
        "--wait-timeout=200ms",
      );
      assert.equal(code, 5);
      assert.match(stderr, /VT22008: vdiff .* has not ended in 0.2 s; it goes on by itself/);
      assert.equal((await show(cluster, uuid)).State, "pending");
      await cluster.vtctl("VDiff", ...NAME, "delete", uuid);
    });
    await t.step("listed and deleted", async () => {
      const listed = await cluster.vtctl("VDiff", ...NAME, "show", "all");
      assert.equal(listed.trim().split("\n").length, 5);
      assert.match(listed, /UUID: .*, Workflow: w, Keyspace: customer, Shard: -, State: completed/);
      await cluster.vtctl("VDiff", ...NAME, "delete", "all");
      assert.equal(
        await cluster.vtctl("VDiff", ...NAME, "show", "all"),
        "No vdiffs found for customer.w\n",
      );
    });
    await t.step("a table that the workflow doesn't bring is refused by name", async () => {
      const { stdout, stderr } = await cluster.tryVtctl(
        "VDiff",
        ...NAME,
        "create",
        "--tables",
        "nothing",
        "--wait",
      );
      assert.match(stdout + stderr, /nothing/);
    });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
