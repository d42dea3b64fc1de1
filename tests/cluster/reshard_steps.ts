/** Reshard as the guides write it, what it refuses, and a completion that keeps the old shard. */
import assert from "node:assert/strict";
import type { Workshop } from "./workshop.ts";

/** Word for word as people typed it. */
const CREATE = [
  "Reshard",
  "-source_shards",
  "-",
  "-target_shards",
  "-80,80-",
  "Create",
  "customer.cust2cust",
];
const NAME = ["Reshard", "--workflow", "cust2cust", "--target-keyspace", "customer"];

export async function refuseShards(shop: Workshop): Promise<void> {
  const create = (from: string, to: string) => [
    ...["Reshard", "--workflow", "r", "--target-keyspace", "customer", "create"],
    ...[`--source-shards=${from}`, `--target-shards=${to}`],
  ];
  await shop.refused(
    {
      id: "VT22002",
      cause: /target shards customer\/- and customer\/-80 overlap, so rows would be in both/,
      remedy: /give --target-shards that share no keys \(FindAllShardsInKeyspace customer/,
    },
    ...create("-", "-,-80"),
  );
  await shop.refused(
    {
      id: "VT22002",
      cause: /source shards - of customer cover the key range\(s\) -, but .* -80 cover -80/,
      remedy: /create the missing shards, or name others/,
    },
    ...create("-", "-80"),
  );
}

/** While the move that brought the tables here is not completed. */
export async function refuseFrozen(shop: Workshop): Promise<void> {
  const uid = Number((await shop.primary("customer")).split("-").at(-1));
  await shop.refused(
    {
      id: "VT22002",
      cause: new RegExp(
        `found previous frozen workflow on tablet ${uid}, please review and delete it first ` +
          "before creating a new workflow",
      ),
      remedy: /third, on customer\/-: its complete command ends it, Workflow delete only forgets/,
    },
    ...CREATE,
  );
  const third = ["MoveTables", "--workflow", "third", "--target-keyspace", "customer"];
  assert.match(await shop.vtctl(...third, "complete"), /Successfully completed/);
}

/** The old shard stays, with its rows and tablets, and serves nothing. */
export async function reshardKeeping(shop: Workshop): Promise<void> {
  const rows = await shop.onPrimary("customer", "select id from item order by id");
  await shop.vtctl(...CREATE);
  assert.match(await shop.vtctl(...NAME, "status", "--wait"), /Status: Running/);
  await shop.vtctl(...NAME, "switchtraffic");
  const complete = [...NAME, "complete", "--keep-data"];
  assert.doesNotMatch(await shop.vtctl(...complete, "--dry-run"), /Delete shards/);
  assert.match(await shop.vtctl(...complete), /Successfully completed/);
  const { shard } = JSON.parse(await shop.vtctl("GetShard", "customer/-"));
  assert.equal(shard.is_primary_serving, false);
  assert.deepEqual(await shop.onPrimary("customer", "select id from item order by id"), rows);
  const moved = await Promise.all(
    ["-80", "80-"].map((one) => shop.onPrimary("customer", "select id from item", one)),
  );
  const byNumber = (a: string, b: string) => Number(a) - Number(b);
  assert.deepEqual(moved.flat().toSorted(byNumber), rows);
  assert.equal(await shop.run("select count(*) from item", "customer"), String(rows.length));
}
