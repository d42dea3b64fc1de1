/** What `create` refuses before it makes anything. */
import assert from "node:assert/strict";
import type { Workshop } from "./workshop.ts";

const head = (workflow: string, target: string) => [
  "MoveTables",
  "--workflow",
  workflow,
  "--target-keyspace",
  target,
];

/** MoveTables create of tables of commerce. */
export function moveOf(workflow: string, target: string, ...more: string[]): string[] {
  return [...head(workflow, target), "create", "--source-keyspace", "commerce", ...more];
}

export async function refuseTables(shop: Workshop): Promise<void> {
  await shop.refused(
    { id: "VT22002", cause: /no primary vindex for loose/, remedy: /add them with ApplyVSchema/ },
    ...moveOf("m", "customer", "--tables", "loose"),
  );
  await shop.onPrimary("archive", "create table taken(id bigint not null primary key, v int)");
  await shop.onPrimary("archive", "insert into taken values (1, 1)");
  const taken = moveOf("m", "archive", "--tables", "taken");
  await shop.refused(
    {
      id: "VT22002",
      cause: /table taken of archive\/- is not empty/,
      remedy: /TRUNCATE TABLE.* or drop it, and run this again/,
    },
    ...taken,
  );
  await shop.onPrimary("archive", "truncate table taken");
  assert.match(await shop.vtctl(...taken, "--dry-run"), /Create stream on archive\/-/);
  await shop.saveRules({ taken: "commerce.taken" });
  await shop.refused(
    {
      id: "VT22002",
      cause: /routing rules of taken exist already/,
      remedy: /GetRoutingRules shows them, ApplyRoutingRules removes/,
    },
    ...taken,
  );
  await shop.saveRules({});
  assert.deepEqual(JSON.parse(await shop.vtctl("Workflow", "--keyspace", "archive", "list")), []);
}

/** While `first` takes the table `note` to archive, without rules that would tell. */
export async function refuseRivals(shop: Workshop): Promise<void> {
  const note = ["--tables", "note"];
  await shop.refused(
    {
      id: "VT22002",
      cause: /workflow first on archive\/- has note already/,
      remedy: /complete or cancel it first/,
    },
    ...moveOf("second", "archive", ...note, "--no-routing-rules"),
  );
  await shop.refused(
    {
      id: "VT22002",
      cause: /workflow first on archive\/- takes note from commerce already/,
      remedy: /complete or cancel it first .*--workflow first --target-keyspace archive status/,
    },
    ...moveOf("second", "customer", ...note, "--no-routing-rules"),
  );
  await shop.refused(
    {
      id: "VT22004",
      cause: /workflow first of keyspace archive takes rows from commerce, too/,
      remedy: /choose another name/,
    },
    ...moveOf("first", "customer", "--tables", "parcel"),
  );
  await shop.refused(
    { id: "VT22001", cause: /third_reverse is the name/, remedy: /doesn't end in _reverse/ },
    ...moveOf("third_reverse", "customer", "--tables", "parcel"),
  );
  const other = moveOf("second", "customer", "--tables", "parcel", "--dry-run");
  assert.match(await shop.vtctl(...other), /Create stream on customer\/-/);
}

/**
 * A tablet that is away: of the keyspace that rows go to, and of one that has no part in it. What
 * that one would have told comes out at the switch: `unseen` takes the table of `first`, too.
 */
export async function refuseSilentTablet(shop: Workshop): Promise<void> {
  const alias = await shop.primary("archive");
  await using _down = await shop.down(alias);
  await shop.refused(
    {
      id: "VT22005",
      cause: new RegExp(
        `tablet ${alias} can't be reached: \\w+ of archive/- at 127.0.0.1:\\d+: connection refused`,
      ),
      remedy: /start its vttablet, or open the way to it, and run this again/,
    },
    ...moveOf("m", "archive", "--tables", "taken"),
  );
  const flags = ["--tables", "note", "--no-routing-rules", "--auto-start=false"];
  const { code, stderr } = await shop.cluster.tryVtctl(...moveOf("unseen", "customer", ...flags));
  assert.equal(code, 0, stderr);
  assert.match(stderr, /the workflows of archive\/- can't be read, .*VT22005: tablet /);
}
