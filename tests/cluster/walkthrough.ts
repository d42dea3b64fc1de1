/**
 * The whole story of the Vitess operator's example, as a user types it: one unsharded keyspace, two
 * tables moved to another, and that one split in two, while an application goes on writing. Each
 * printed table is compared with what was printed then; at its end the rows that were acknowledged
 * are counted against those that are there.
 *
 *     deno task walkthrough [--mysqld PATH] [--only operator,guestbook,local]
 *
 * The other two are the splits of earlier guides (walkthrough_split.ts).
 */
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { levelReplicas } from "./level_replicas.ts";
import { startLocalCluster } from "./local_cluster.ts";
import { Guestbook, type GuestbookReport, percentile } from "./guestbook.ts";
import { checkBook, checkPlacement } from "./book_rows.ts";
import { type Say, Story } from "./story.ts";
import { splitCustomers, splitMessages } from "./walkthrough_split.ts";
import { CustomerVisitor } from "./visitors.ts";
import * as expected from "./walkthrough_expected.ts";

export interface WalkthroughOptions {
  readonly say: Say;
  readonly mysqld?: string;
  readonly clients?: number;
}

/** Writes between two steps, so that each step has some behind it. */
const WRITES_BETWEEN = 40;
const WRITES_MS_MAX = 60_000;
/** Ids of the application lie below it when the sequences take over. */
const IDS_MARGIN = 20_000;

/** Throws at the first thing that is not as it was. */
export async function walkThrough(options: WalkthroughOptions): Promise<GuestbookReport> {
  const dataDir = await Deno.makeTempDir({ prefix: "vtwalk" });
  try {
    await using cluster = await startLocalCluster({
      file: "examples/101_initial_cluster.yaml",
      dataDir,
      ...(options.mysqld === undefined ? {} : { mysqld: options.mysqld }),
    });
    const story = new Story(cluster, options.say);
    await initialData(story);
    const visitor = new CustomerVisitor();
    const book = new Guestbook({
      visitor,
      port: cluster.mysqlPort,
      clients: options.clients ?? 4,
      pauseMs: 10,
    });
    let report: GuestbookReport | undefined;
    try {
      await moveTables(story, book);
      await prepareSharding(story, book);
      await reshard(story, book);
      await book.more(WRITES_BETWEEN, WRITES_MS_MAX);
    } finally {
      report = await book.stop();
    }
    await conclude(story, { visitor, tag: book.tag }, report);
    return report;
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function initialData(story: Story): Promise<void> {
  await story.vtctl("ApplySchema", "-sql=$(cat create_commerce_schema.sql)", "commerce");
  await story.vtctl("ApplyVSchema", "-vschema=$(cat vschema_commerce_initial.json)", "commerce");
  const { code, stderr } = await story.mysqlFile("insert_commerce_data.sql");
  assert.equal(code, 0, stderr);
  await story.prints("select_commerce_data.sql", expected.COMMERCE_DATA);
  await story.tablets(expected.TABLETS_101);
}

async function moveTables(story: Story, book: Guestbook): Promise<void> {
  await book.more(WRITES_BETWEEN, WRITES_MS_MAX);
  await story.apply("201_customer_tablets.yaml");
  await story.tablets(expected.TABLETS_201);
  await story.vtctl(
    "MoveTables",
    "-workflow=commerce2customer",
    "commerce",
    "customer",
    '{"customer":{}, "corder":{}}',
  );
  await story.rules("commerce", expected.RULES_CREATED);
  const [primary = ""] = await primaries(story, "customer");
  await story.vtctl("VReplicationExec", primary, "select * from _vt.copy_state");
  await compare(story, book, "customer.commerce2customer", "commerce/-");
  for (const type of ["rdonly", "replica"]) {
    await story.vtctl("SwitchReads", `-tablet_type=${type}`, "customer.commerce2customer");
    await book.more(WRITES_BETWEEN, WRITES_MS_MAX);
  }
  await story.rules("commerce", expected.RULES_READS);
  await switchWrites(story, book, "customer.commerce2customer");
  await story.rules("commerce", expected.RULES_WRITES);
  await frozenWorkflow(story);
  await story.vtctl("DropSources", "customer.commerce2customer");
  const { stdout, stderr } = await story.mysqlFile("select_commerce_data.sql", "--table");
  assert.match(stdout, /^Using commerce\/?-?\nCustomer\n$/);
  assert.match(
    stderr,
    /(?:^|\n)ERROR 1146 \(42S02\) at line 4: .*Table 'vt_commerce\.customer' doesn't exist/,
  );
  story.say("  = the table is gone, with the errno, the SQLSTATE and the words of mysqld");
  await book.more(WRITES_BETWEEN, WRITES_MS_MAX);
}

/** As another guide printed it at this point. */
async function frozenWorkflow(story: Story): Promise<void> {
  assert.equal(await story.vtctl("Workflow", "customer", "listall"), expected.WORKFLOWS_LISTED);
  const shown = await story.vtctl("Workflow", "customer.commerce2customer", "show");
  const want = await Deno.readTextFile(expected.WORKFLOW_SHOWN);
  assert.equal(withoutNumbers(shown), withoutNumbers(want));
  story.say("  = as printed there, but for times, positions and which of the two is the primary");
}

function withoutNumbers(workflow: string): string {
  return workflow.replace(/("(?:MaxV\w+|Time\w+|TransactionTimestamp)": )\d+/g, "$1N")
    .replace(/("Pos": )"[^"]+"/, '$1"GTID"')
    .replace(/zone1-(?:1250593518|3778123133)/g, "PRIMARY");
}

async function primaries(story: Story, keyspace: string): Promise<readonly string[]> {
  const lines = await story.cluster.vtctl("GetTablets", "--keyspace", keyspace);
  return lines.trim().split("\n").map((line) => line.split(" "))
    .filter((fields) => fields[3] === "primary").map(([alias = ""]) => alias);
}

/** Under writes first; then, while the application has taken its rows away, as printed there. */
async function compare(
  story: Story,
  book: Guestbook,
  workflow: string,
  source: string,
): Promise<void> {
  await book.more(WRITES_BETWEEN, WRITES_MS_MAX);
  story.say("  (while the application writes)");
  const live = (await story.vtctl("VDiff", workflow)).trim().split("\n");
  for (const line of live) {
    assert.match(
      line,
      /\{ProcessedRows:(\d+) MatchingRows:\1 MismatchedRows:0 ExtraRowsSource:0 ExtraRowsTarget:0\}$/,
    );
  }
  story.say("  (while it has taken its rows away)");
  await book.quiet(async () => {
    // The source's rows are read where reads go: on a replica, which may have rows of before.
    await levelReplicas(story.cluster, source);
    assert.equal(await story.vtctl("VDiff", workflow), expected.VDIFF);
    story.say("  = as printed there");
    if (!workflow.endsWith("cust2cust")) return;
    await story.prints("select_customer0_data.sql", expected.CUSTOMER_0_DATA);
    await story.prints("select_customer-80_data.sql", expected.CUSTOMER_LOW_DATA);
    await story.prints("select_customer80-_data.sql", expected.CUSTOMER_HIGH_DATA);
  });
}

async function switchWrites(story: Story, book: Guestbook, workflow: string): Promise<void> {
  const fromMs = performance.now();
  await story.vtctl("SwitchWrites", workflow);
  await book.more(WRITES_BETWEEN, WRITES_MS_MAX);
  const toMs = performance.now();
  const at = (p: number) => percentile(book.latencies, p, fromMs, toMs).toFixed(0);
  story.say(
    `  writes meanwhile took ${at(50)} ms (median), ${at(99)} ms (p99), ${at(100)} ms (max)`,
  );
}

async function prepareSharding(story: Story, book: Guestbook): Promise<void> {
  await story.vtctl("ApplySchema", "-sql=$(cat create_commerce_seq.sql)", "commerce");
  // The application has used ids that the walk-through's sequences, from 1000 on, would give again.
  for (const sequence of ["customer_seq", "order_seq"]) {
    const used = await story.sql(
      sequence === "customer_seq"
        ? "select max(customer_id) from customer"
        : "select max(order_id) from corder",
    );
    await story.sql(
      `update commerce.${sequence} set next_id = ${Number(used) + IDS_MARGIN} where id = 0`,
    );
  }
  const seq = await story.vtctl(
    "ApplyVSchema",
    "-vschema=$(cat vschema_commerce_seq.json)",
    "commerce",
  );
  assert.equal(seq, expected.VSCHEMA_SEQ);
  await story.vtctl("ApplySchema", "-sql=$(cat create_customer_sharded.sql)", "customer");
  const sharded = await story.vtctl(
    "ApplyVSchema",
    "-vschema=$(cat vschema_customer_sharded.json)",
    "customer",
  );
  assert.equal(sharded, expected.VSCHEMA_SHARDED);
  story.say("  = as printed there");
  await book.more(WRITES_BETWEEN, WRITES_MS_MAX);
}

async function reshard(story: Story, book: Guestbook): Promise<void> {
  await story.apply("302_new_shards.yaml");
  await story.tablets(expected.TABLETS_302);
  await story.vtctl("Reshard", "customer.cust2cust", "-", "-80,80-");
  await compare(story, book, "customer.cust2cust", "customer/-");
  for (const type of ["rdonly", "replica"]) {
    await story.vtctl("SwitchReads", `-tablet_type=${type}`, "customer.cust2cust");
    await book.more(WRITES_BETWEEN, WRITES_MS_MAX);
  }
  await switchWrites(story, book, "customer.cust2cust");
  await story.apply("306_down_shard_0.yaml");
  await story.tablets(expected.TABLETS_306);
  await story.vtctl("DeleteShard", "-recursive", "customer/-");
  const shards = await story.vtctl("FindAllShardsInKeyspace", "customer");
  assert.deepEqual(Object.keys(JSON.parse(shards)).sort(), ["-80", "80-"]);
}

async function conclude(
  story: Story,
  book: { readonly visitor: CustomerVisitor; readonly tag: string },
  report: GuestbookReport,
): Promise<void> {
  const { customers, orders } = await checkBook(story.cluster, book, ["-80", "80-"]);
  await checkPlacement(story.cluster, ["-80", "80-"]);
  for (
    const [table, ledger, found] of [
      ["customer", book.visitor.customers, customers],
      ["corder", book.visitor.orders, orders],
    ] as const
  ) {
    const { inserted, updated, deleted, unknown, rows } = ledger.counts;
    story.say(
      `${table}: acknowledged ${inserted} inserts, ${updated} updates, ${deleted} deletes; ` +
        `rows to be there ${rows}, rows found ${found}, unknown ${unknown}`,
    );
    assert.equal(found, rows);
  }
  const errors = [...report.examples].map(([errno, text]) =>
    `${report.errors.get(errno)} x ${errno} (${text})`
  );
  story.say(
    `refused ${report.refused}${errors.length === 0 ? "" : `: ${errors.join("; ")}`}; ` +
      `longest write ${report.longestMs} ms; reads ${report.reads}, failed ${report.failedReads.length}`,
  );
  assert.deepEqual(report.failedReads, []);
}

const STORIES = {
  operator: walkThrough,
  guestbook: splitMessages,
  local: splitCustomers,
} as const;

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      mysqld: { type: "string" },
      only: { type: "string", default: Object.keys(STORIES).join(",") },
    },
  });
  const write = (line: string) => {
    Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  };
  try {
    for (const [name, tell] of Object.entries(STORIES)) {
      if (!values.only.split(",").includes(name)) continue;
      write(`--- ${name}`);
      await tell({
        say: write,
        ...(values.mysqld === undefined ? {} : { mysqld: values.mysqld }),
      });
      write(`--- ${name}: as it was printed; nothing was lost`);
    }
  } catch (error) {
    write(`The walk-through failed: ${error instanceof Error ? error.stack : error}`);
    Deno.exit(1);
  }
}
