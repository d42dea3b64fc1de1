/** kill -9 of each process in turn, and changes of primary, under clients that count their writes. */
import assert from "node:assert/strict";
import { type LocalCluster, startLocalCluster } from "./local_cluster.ts";
import { eachServer } from "./servers.ts";
import { Writer } from "./writer.ts";

const TABLE = "customer.customer";
/** Rows that must get through after a fault before the next one. */
const ROWS_AFTER = 150;
const RECOVERY_MS_MAX = 60_000;

async function found(cluster: LocalCluster, tag: string): Promise<readonly string[]> {
  const rows: string[] = [];
  for (const shard of ["-80", "80-"]) {
    const { code, stdout, stderr } = await cluster.mysql(
      [
        "-N",
        "-D",
        `customer/${shard}`,
        "-e",
        `select email from customer where email like '${tag}-%'`,
      ],
    );
    assert.equal(code, 0, stderr);
    rows.push(...stdout.split("\n").filter((line) => line !== ""));
  }
  return rows;
}

/** The primaries of customer's shards, by shard. */
async function primaries(cluster: LocalCluster): Promise<ReadonlyMap<string, string>> {
  const lines = (await cluster.vtctl("GetTablets", "--keyspace", "customer")).trim().split("\n");
  return new Map(
    lines.map((line) => line.split(" ")).filter((fields) => fields[3] === "primary")
      .map(([alias = "", , shard = ""]) => [shard, alias] as const),
  );
}

/** Runs `fault` while clients write; afterwards all that was acknowledged must be there. */
async function underWriters(
  cluster: LocalCluster,
  tag: string,
  fault: (writer: Writer) => Promise<void>,
): Promise<void> {
  const writer = new Writer({ port: cluster.mysqlPort, clients: 4, tag, table: TABLE });
  let counts;
  try {
    await writer.moreAcknowledged(ROWS_AFTER, RECOVERY_MS_MAX);
    await fault(writer);
    await writer.moreAcknowledged(ROWS_AFTER, RECOVERY_MS_MAX);
  } finally {
    counts = await writer.stop();
  }
  writer.verify(await found(cluster, tag));
  const errors = [...counts.errors].map(([errno, n]) => `${errno}:${n}`).join(" ") || "none";
  // deno-lint-ignore no-console -- the table of runs is this test's report
  console.log(
    `  ${tag.padEnd(14)} acknowledged ${counts.acknowledged}, refused ${counts.refused}, ` +
      `unknown ${counts.unknown}, longest pause ${counts.longestPauseMs} ms, errors ${errors}`,
  );
}

function kill(pid: number): void {
  Deno.kill(pid, "SIGKILL");
}

eachServer("no acknowledged row is lost, whichever process dies", async (t, { mysqld }) => {
  const dataDir = await Deno.makeTempDir({ prefix: "vtfaults" });
  try {
    await using cluster = await startLocalCluster(
      mysqld === undefined ? { dataDir } : { dataDir, mysqld },
    );
    const primary = async () => (await primaries(cluster)).get("-80") ?? "";
    const faults: Record<string, () => Promise<void>> = {
      gate: async () => kill((await cluster.pidOf("zone1-gate-1")).pid),
      tablet: async () => kill((await cluster.pidOf(await primary())).pid),
      mysqld: async () => kill(await cluster.mysqldPidOf(await primary())),
      vtctld: async () => kill((await cluster.pidOf("vtctld")).pid),
      etcd: async () => kill((await cluster.pidOf("etcd")).pid),
    };
    for (const [name, fault] of Object.entries(faults)) {
      await t.step(`kill -9 ${name}`, () => underWriters(cluster, `kill-${name}`, fault));
    }
    await t.step(
      "kill -9 tablet and its mysqld together",
      () =>
        underWriters(cluster, "kill-both", async () => {
          const alias = await primary();
          const { pid } = await cluster.pidOf(alias);
          kill(await cluster.mysqldPidOf(alias));
          kill(pid);
        }),
    );
    await t.step(
      "PlannedReparentShard, there and back",
      () =>
        underWriters(cluster, "reparent", async (writer) => {
          const before = await primary();
          await cluster.vtctl("PlannedReparentShard", "customer/-80");
          const after = await primary();
          assert.notEqual(after, before);
          await writer.moreAcknowledged(ROWS_AFTER, RECOVERY_MS_MAX);
          await cluster.vtctl("PlannedReparentShard", "customer/-80", "--new-primary", before);
          assert.equal(await primary(), before);
        }),
    );
    await t.step("everything is up again", async () => {
      const { stdout } = await cluster.mysql(["-N", "-e", "show vitess_tablets"]);
      assert.equal(stdout.match(/\tSERVING\t/g)?.length, 6, stdout);
      await cluster.vtctl("Validate", "--ping-tablets");
    });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
