/** Flags that leave something undone: that it is left undone, and done without them. */
import assert from "node:assert/strict";
import { moveOf } from "./refused_creates.ts";
import type { Workshop } from "./workshop.ts";

const of = (workflow: string, target: string, ...action: string[]) => [
  "MoveTables",
  "--workflow",
  workflow,
  "--target-keyspace",
  target,
  ...action,
];

async function workflowsOf(shop: Workshop, keyspace: string): Promise<readonly string[]> {
  return JSON.parse(await shop.vtctl("Workflow", "--keyspace", keyspace, "list"));
}

/** Of `first`, whose traffic is switched to archive. */
export async function completeKeeping(shop: Workshop): Promise<void> {
  const rules = await shop.rules();
  assert.ok(rules > 0);
  const rows = await shop.onPrimary("commerce", "select id from note order by id");
  const complete = of("first", "archive", "complete", "--keep-data", "--keep-routing-rules");
  assert.doesNotMatch(await shop.vtctl(...complete, "--dry-run"), /Dropping|Routing rules/);
  assert.match(await shop.vtctl(...complete), /Successfully completed/);
  assert.equal(await shop.rules(), rules);
  assert.ok("note" in JSON.parse(await shop.vtctl("GetVSchema", "commerce")).tables);
  // The way back has ended, and the rules lead where they did.
  assert.deepEqual([await workflowsOf(shop, "archive"), await workflowsOf(shop, "commerce")], [
    [],
    [],
  ]);
  await shop.run("insert into note values (900, 1)");
  assert.deepEqual(await shop.onPrimary("archive", "select v from note where id = 900"), ["1"]);
  assert.deepEqual(await shop.onPrimary("commerce", "select id from note order by id"), rows);
  await shop.saveRules({});
  // Without the rules what is written to the old table would be seen nowhere else.
  const control = (...args: string[]) =>
    shop.vtctl(
      "SetShardTabletControl",
      "--denied-tables",
      "note",
      ...args,
      "commerce/-",
      "primary",
    );
  const denied = (text: string) => JSON.parse(text).shard.tablet_controls.length;
  assert.equal(denied(await shop.vtctl("GetShard", "commerce/-")), 1);
  assert.equal(denied(await control("--remove")), 0);
  await shop.run("insert into commerce.note values (901, 1)");
}

export async function stopAfterCopy(shop: Workshop): Promise<void> {
  const name = (...action: string[]) => of("second", "customer", ...action);
  const flags = ["--tables", "parcel", "--stop-after-copy", "--wait"];
  const created = await shop.vtctl(...moveOf("second", "customer", ...flags));
  assert.match(created, /Status: Stopped. Stopped after copy/);
  await shop.run("insert into commerce.parcel values (3, 1)");
  await shop.refused(
    {
      id: "VT22002",
      cause: /workflow is stopped: stream \d+ on customer\/- \(Stopped after copy\.\)/,
      remedy: /second --target-keyspace customer start lets it go on/,
    },
    ...name("switchtraffic"),
  );
  assert.deepEqual(await shop.onPrimary("customer", "select count(*) from parcel"), ["3"]);
  await shop.vtctl(...name("start", "--wait"));
  assert.deepEqual(await shop.onPrimary("customer", "select count(*) from parcel"), ["4"]);
}

/** Of `second`, which runs. */
export async function cancelKeeping(shop: Workshop): Promise<void> {
  const rules = await shop.rules();
  assert.ok(rules > 0);
  const cancel = of("second", "customer", "cancel", "--keep-data", "--keep-routing-rules");
  assert.doesNotMatch(await shop.vtctl(...cancel, "--dry-run"), /Dropping|Routing rules/);
  assert.match(await shop.vtctl(...cancel), /Successfully cancelled/);
  assert.equal(await shop.rules(), rules);
  assert.deepEqual(await workflowsOf(shop, "customer"), []);
  assert.deepEqual(await shop.onPrimary("customer", "select count(*) from parcel"), ["4"]);
  // Both must go before it is begun again.
  const again = moveOf("second", "customer", "--tables", "parcel");
  await shop.refused({ id: "VT22002", cause: /rules of parcel exist/, remedy: /Apply/ }, ...again);
  await shop.saveRules({});
  await shop.refused({ id: "VT22002", cause: /is not empty/, remedy: /drop it/ }, ...again);
  await shop.onPrimary("customer", "drop table parcel");
}

/** `third`; ids up to 50 are there, and the sequence has never been asked. */
export async function sequences(shop: Workshop): Promise<void> {
  const nextId = () => shop.onPrimary("commerce", "select next_id from item_seq");
  const name = (...action: string[]) => of("third", "customer", ...action);
  await shop.vtctl(...moveOf("third", "customer", "--tables", "item", "--wait"));
  const plain = ["switchtraffic", "--initialize-target-sequences=false"];
  assert.doesNotMatch(await shop.vtctl(...name(...plain, "--dry-run")), /sequence/);
  await shop.vtctl(...name(...plain));
  assert.deepEqual(await nextId(), ["1"]);
  await shop.vtctl(...name("reversetraffic"));
  assert.match(
    await shop.vtctl(...name("switchtraffic", "--dry-run")),
    /Set sequence commerce.item_seq past the highest id of table item/,
  );
  await shop.vtctl(...name("switchtraffic"));
  assert.deepEqual(await nextId(), ["51"]);
  await shop.run("insert into item(v) values (7)", "customer");
  assert.deepEqual(await shop.onPrimary("customer", "select id from item where v = 7"), ["51"]);
}
