/**
 * What workflows refuse, and what their flags leave undone, on a real cluster: each refusal by its
 * id, with the cause and the remedy, and that the remedy helps.
 */
import assert from "node:assert/strict";
import { tempDir } from "../harness/temp_dir.ts";
import { clusterYaml } from "./cluster_yaml.ts";
import { cancelKeeping, completeKeeping, sequences, stopAfterCopy } from "./flag_steps.ts";
import { type LocalCluster, startLocalCluster } from "./local_cluster.ts";
import { refuseRivals, refuseSilentTablet, refuseTables } from "./refused_creates.ts";
import {
  copyInProgress,
  createStopped,
  failed,
  frozen,
  lagTooHigh,
  rulesGone,
  stopped,
  wayBackLags,
} from "./refused_switches.ts";
import { refuseFrozen, refuseShards, reshardKeeping } from "./reshard_steps.ts";
import { Workshop } from "./workshop.ts";

const TABLES = ["loose", "taken", "note", "parcel", "item"];
const HASHED = { column_vindexes: [{ column: "id", name: "hash" }] };
const CUSTOMER = {
  sharded: true,
  vindexes: { hash: { type: "hash" } },
  tables: {
    note: HASHED,
    parcel: HASHED,
    item: { ...HASHED, auto_increment: { column: "id", sequence: "item_seq" } },
  },
};
const SEQUENCE = "create table item_seq(id int, next_id bigint, cache bigint, primary key(id)) " +
  "comment 'vitess_sequence'; insert into item_seq values (0, 1, 10)";

async function prepare(cluster: LocalCluster): Promise<void> {
  const create = TABLES.map((name) =>
    `create table ${name}(id bigint not null primary key, v int)`
  );
  await cluster.vtctl("ApplySchema", "--sql", [...create, SEQUENCE].join("; "), "commerce");
  const tables = {
    ...Object.fromEntries(TABLES.map((name) => [name, {}])),
    item_seq: { type: "sequence" },
  };
  const commerce = JSON.stringify({ tables });
  await cluster.vtctl("ApplyVSchema", "--vschema", commerce, "commerce");
  await cluster.vtctl("ApplyVSchema", "--vschema", JSON.stringify(CUSTOMER), "customer");
  const fill = TABLES.map((name) => `insert into ${name} values (1, 1), (2, 1), (50, 1)`);
  const { code, stderr } = await cluster.mysql(["-D", "commerce", "-e", fill.join("; ")]);
  assert.equal(code, 0, stderr);
}

Deno.test("refusals say cause and remedy, and flags leave undone what they say", async (t) => {
  await using folder = await tempDir("vtrefuse");
  const file = `${folder.path}/cluster.yaml`;
  await Deno.writeTextFile(
    file,
    await clusterYaml([
      { name: "commerce", parts: [1], replicas: 1 },
      { name: "customer", parts: [1, 2], replicas: 1 },
      { name: "archive", parts: [1], replicas: 1 },
    ]),
  );
  await using cluster = await startLocalCluster({ file, dataDir: `${folder.path}/cluster` });
  await prepare(cluster);
  const shop = new Workshop(cluster);

  await t.step("create: tables that don't fit the target", () => refuseTables(shop));
  await t.step(
    "create --auto-start=false --no-routing-rules does neither",
    () => createStopped(shop),
  );
  await t.step("create: a table or a name that another workflow has", () => refuseRivals(shop));
  await t.step("create: a tablet that can't be reached", () => refuseSilentTablet(shop));
  await t.step("switch: a copy in progress", () => copyInProgress(shop));
  await t.step("switch: a stream that lags", () => lagTooHigh(shop));
  await t.step("switch: a stream that was stopped", () => stopped(shop));
  await t.step("switch: a stream that failed", () => failed(shop));
  await t.step("a frozen workflow", () => frozen(shop));
  await t.step("a switched workflow whose rules are gone", () => rulesGone(shop));
  await t.step("reversetraffic --wait", () => wayBackLags(shop));
  await t.step("complete --keep-data --keep-routing-rules", () => completeKeeping(shop));
  await t.step("create --stop-after-copy", () => stopAfterCopy(shop));
  await t.step("cancel --keep-data --keep-routing-rules", () => cancelKeeping(shop));
  await t.step("switchtraffic --initialize-target-sequences=false", () => sequences(shop));
  await t.step("Reshard: shards that don't fit", () => refuseShards(shop));
  await t.step("Reshard: a frozen workflow that was there before", () => refuseFrozen(shop));
  await t.step("Reshard in the old form, and complete --keep-data", () => reshardKeeping(shop));
});
