/**
 * The splits of the earlier guides, with the commands of then: the guestbook of the Kubernetes
 * guide (cell test, keyspace test_keyspace, Vitess 2's names in the VSchema), and the customers of
 * the local example. Shard 0 is split in two while an application goes on writing.
 */
import assert from "node:assert/strict";
import { checkBook, checkMessages, checkPlacement } from "./book_rows.ts";
import { clusterYaml, type KeyspaceShape } from "./cluster_yaml.ts";
import { Guestbook, type GuestbookReport, type Visitor } from "./guestbook.ts";
import type { LedgerCounts } from "./ledger.ts";
import { startLocalCluster } from "./local_cluster.ts";
import { levelReplicas } from "./level_replicas.ts";
import { type Say, Story } from "./story.ts";
import { CustomerVisitor, MessageVisitor } from "./visitors.ts";

export interface SplitOptions {
  readonly say: Say;
  readonly mysqld?: string;
}

interface Split {
  readonly cell: string;
  readonly keyspace: string;
  /** Beside it, in one shard. */
  readonly others: readonly KeyspaceShape[];
  readonly visitor: Visitor;
  /** "-min_healthy_rdonly_tablets=1", where the guide gives it. */
  readonly flags: readonly string[];
  readonly tables: readonly string[];
  /** Rows of each table in all, in -80 and in 80- when the application has taken its own away. */
  readonly rows: readonly [number, number, number];
  readonly prepare: (story: Story) => Promise<void>;
  /** Rows found, in the order of the visitor's ledgers. Throws when something is not as it must be. */
  readonly check: (story: Story, tag: string) => Promise<readonly number[]>;
}

const WRITES = 40;
const WRITES_MS_MAX = 60_000;
const HALVES = ["-80", "80-"] as const;

const MESSAGES_SCHEMA = `create table messages(
  page bigint unsigned,
  time_created_ns bigint unsigned,
  message varchar(10000),
  primary key(page, time_created_ns)
) engine=InnoDB`;

/** As the guide has it. */
const MESSAGES_VSCHEMA = `{
  "Sharded": true,
  "Vindexes": {
    "hash": {
      "Type": "hash"
    }
  },
  "Tables": {
    "messages": {
      "ColVindexes": [
        {
          "Col": "page",
          "Name": "hash"
        }
      ]
    }
  }
}`;

/** hash puts 4 of them into -80. */
const FIRST_PAGES = [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 14] as const;

/** The guestbook of the Kubernetes guide. */
export function splitMessages(options: SplitOptions): Promise<GuestbookReport> {
  const visitor = new MessageVisitor();
  return split(options, {
    cell: "test",
    keyspace: "test_keyspace",
    others: [],
    visitor,
    flags: [],
    tables: ["messages"],
    rows: [FIRST_PAGES.length, 4, 7],
    prepare: async (story) => {
      await story.vtctl("ApplySchema", `-sql=${MESSAGES_SCHEMA}`, "test_keyspace");
      const rows = FIRST_PAGES.map((page) => `(${page}, ${page}, 'message ${page}')`);
      await story.sql(
        `insert into test_keyspace.messages(page, time_created_ns, message) values ${rows}`,
      );
      await story.vtctl("ApplyVSchema", `-vschema=${MESSAGES_VSCHEMA}`, "test_keyspace");
    },
    check: async (story, tag) => [
      await checkMessages(story.cluster, visitor.messages, tag, "test_keyspace", HALVES),
    ],
  });
}

/** The customers of the local example. */
export function splitCustomers(options: SplitOptions): Promise<GuestbookReport> {
  const visitor = new CustomerVisitor();
  return split(options, {
    cell: "zone1",
    keyspace: "customer",
    others: [{ name: "commerce", parts: [1], replicas: 1 }],
    visitor,
    flags: ["-min_healthy_rdonly_tablets=1"],
    tables: ["corder", "customer"],
    rows: [5, 4, 1],
    prepare: async (story) => {
      for (
        const [keyspace, schema, vschema] of [
          ["commerce", "commerce_schema.sql", "vschema_commerce_seq.json"],
          ["customer", "customer_schema.sql", "vschema_customer_sharded.json"],
        ] as const
      ) {
        await story.vtctl("ApplySchema", `-sql=$(cat ${schema})`, keyspace);
        await story.vtctl("ApplyVSchema", `-vschema=$(cat ${vschema})`, keyspace);
      }
      const { code, stderr } = await story.mysqlFile("commerce_data.sql");
      assert.equal(code, 0, stderr);
    },
    check: async (story, tag) => {
      const found = await checkBook(story.cluster, { visitor, tag }, HALVES);
      await checkPlacement(story.cluster, HALVES);
      return [found.customers, found.orders];
    },
  });
}

async function split(options: SplitOptions, guide: Split): Promise<GuestbookReport> {
  const dataDir = await Deno.makeTempDir({ prefix: "vtsplit" });
  try {
    const file = (parts: readonly number[]) => writeFile(dataDir, guide, parts);
    await using cluster = await startLocalCluster({
      file: await file([1]),
      dataDir: `${dataDir}/cluster`,
      ...(options.mysqld === undefined ? {} : { mysqld: options.mysqld }),
    });
    const story = new Story(cluster, options.say);
    await guide.prepare(story);
    const book = new Guestbook({
      port: cluster.mysqlPort,
      clients: 4,
      pauseMs: 10,
      visitor: guide.visitor,
    });
    let report: GuestbookReport;
    try {
      await newShards(story, guide, await file([1, 2]));
      await book.more(WRITES, WRITES_MS_MAX);
      await copy(story, guide, book);
      await migrate(story, guide, book);
      await oldShardAway(story, guide, await file([2]));
      await book.more(WRITES, WRITES_MS_MAX);
    } finally {
      report = await book.stop();
    }
    await conclude(story, guide, book.tag, report);
    return report;
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function writeFile(
  dataDir: string,
  { cell, keyspace, others }: Split,
  parts: readonly number[],
): Promise<string> {
  const file = `${dataDir}/shards_${parts.join("_")}.yaml`;
  const yaml = await clusterYaml([...others, { name: keyspace, parts, replicas: 2 }]);
  await Deno.writeTextFile(file, yaml.replaceAll("zone1", cell));
  return file;
}

/** Tablets of the new shards come up; the guide makes a master of one each, and copies the schema. */
async function newShards(story: Story, { cell, keyspace }: Split, file: string): Promise<void> {
  await story.applyFile(file);
  for (const shard of HALVES) {
    const alias = await primaryOf(story, keyspace, shard);
    await story.vtctl("InitShardMaster", "-force", `${keyspace}/${shard}`, alias);
  }
  const lines = (await story.vtctl("ListAllTablets", cell)).trim().split("\n")
    .filter((line) => line.includes(` ${keyspace} `));
  assert.equal(lines.length, 6);
  for (const shard of ["-", ...HALVES]) {
    const types = lines.map((line) => line.split(" ")).filter((fields) => fields[2] === shard)
      .map((fields) => fields[3]);
    assert.deepEqual(types.sort(), ["primary", "replica"]);
  }
  for (const line of lines) {
    assert.match(
      line,
      new RegExp(
        `^${cell}-\\d{10} ${keyspace} \\S+ \\w+ 127\\.0\\.0\\.1:\\d+ 127\\.0\\.0\\.1:\\d+ \\[\\]`,
      ),
    );
  }
  for (const shard of HALVES) {
    await story.vtctl("CopySchemaShard", `${keyspace}/0`, `${keyspace}/${shard}`);
  }
}

async function primaryOf(story: Story, keyspace: string, shard: string): Promise<string> {
  const lines = await story.cluster.vtctl("GetTablets", "--keyspace", keyspace, "--shard", shard);
  const found = lines.split("\n").map((line) => line.split(" "))
    .find((fields) => fields[3] === "primary");
  if (found?.[0] === undefined) throw new Error(`${keyspace}/${shard} has no primary`);
  return found[0];
}

async function copy(story: Story, guide: Split, book: Guestbook): Promise<void> {
  const { keyspace, flags, tables, rows: [all, low, high] } = guide;
  const copied = await story.vtctl("SplitClone", ...flags, `${keyspace}/0`);
  const [state, success, ...lines] = copied.trim().split("\n");
  assert.deepEqual([state, success], ["State: done", "Success:"]);
  for (const [i, table] of tables.entries()) {
    const count = new RegExp(`^${table}: copy done, copied (\\d+) rows$`).exec(lines[i] ?? "");
    assert.ok(Number(count?.[1]) >= all, lines[i]);
  }
  const workflows = await story.vtctl(
    "VReplicationExec",
    await primaryOf(story, keyspace, "-80"),
    "select workflow, state, db_name from _vt.vreplication",
  );
  assert.match(workflows, new RegExp(`\\| SplitClone \\| Running \\| vt_${keyspace} +\\|`));
  await book.more(WRITES, WRITES_MS_MAX);
  story.say("  (while the application writes)");
  for (const shard of HALVES) await story.vtctl("SplitDiff", ...flags, `${keyspace}/${shard}`);
  story.say("  (while it has taken its rows away)");
  await book.quiet(async () => {
    await levelReplicas(story.cluster, `${keyspace}/-`);
    for (const [shard, rows] of [["-80", low], ["80-", high]] as const) {
      const text = await story.vtctl("SplitDiff", ...flags, `${keyspace}/${shard}`);
      const want = tables.map((table) =>
        `Table ${table} checks out \\(${rows} rows processed, \\d+ qps\\)\n`
      );
      assert.match(text, new RegExp(`^${want.join("")}$`));
    }
    for (const shard of ["-", ...HALVES]) {
      const alias = await primaryOf(story, keyspace, shard);
      await story.vtctl("ExecuteFetchAsDba", alias, `SELECT * FROM ${tables[0]}`);
    }
  });
}

async function migrate(story: Story, guide: Split, book: Guestbook): Promise<void> {
  const { keyspace } = guide;
  for (const type of ["rdonly", "replica", "master"]) {
    await story.vtctl("MigrateServedTypes", `${keyspace}/0`, type);
    await book.more(WRITES, WRITES_MS_MAX);
  }
  await oldShardStill(story, guide, book);
}

/** What the guide has its reader try: messages added now are seen on the new shards alone. */
async function oldShardStill(story: Story, guide: Split, book: Guestbook): Promise<void> {
  const { keyspace, tables } = guide;
  const aliases = await Promise.all(
    ["-", ...HALVES].map((shard) => primaryOf(story, keyspace, shard)),
  );
  // The rows are too many to print.
  const rows = (): Promise<readonly string[]> =>
    Promise.all(
      aliases.map((alias) =>
        story.cluster.vtctl("ExecuteFetchAsDba", alias, `SELECT * FROM ${tables[0]}`)
      ),
    );
  const [before, ...newBefore] = await rows();
  await book.more(WRITES, WRITES_MS_MAX);
  const [after, ...newAfter] = await rows();
  for (const alias of aliases) {
    story.say(`$ vtctl ExecuteFetchAsDba ${alias} 'SELECT * FROM ${tables[0]}'`);
  }
  assert.equal(after, before, "updates are visible on the shard that was migrated away from");
  assert.notDeepEqual(newAfter, newBefore);
  story.say("  = no updates visible on the old shard since we migrated away from it");
}

async function oldShardAway(story: Story, { keyspace, cell }: Split, file: string): Promise<void> {
  await story.applyFile(file);
  await story.vtctl("DeleteShard", "-recursive", `${keyspace}/0`);
  const lines = (await story.vtctl("ListAllTablets", cell)).trim().split("\n")
    .filter((line) => line.includes(` ${keyspace} `));
  assert.deepEqual(
    lines.map((line) => line.split(" ")[2]).sort(),
    ["-80", "-80", "80-", "80-"],
  );
}

async function conclude(
  story: Story,
  guide: Split,
  tag: string,
  report: GuestbookReport,
): Promise<void> {
  const found = await guide.check(story, tag);
  const counts: readonly LedgerCounts[] = guide.visitor.ledgers.map((ledger) => ledger.counts);
  for (const [i, { inserted, updated, deleted, unknown, rows }] of counts.entries()) {
    story.say(
      `acknowledged ${inserted} inserts, ${updated} updates, ${deleted} deletes; ` +
        `rows to be there ${rows}, rows found ${found[i]}, unknown ${unknown}`,
    );
    assert.equal(found[i], rows);
  }
  story.say(
    `refused ${report.refused} ${[...report.examples.values()].join("; ")}; longest write ` +
      `${report.longestMs} ms; reads ${report.reads}, failed ${report.failedReads.length}`,
  );
  assert.deepEqual(report.failedReads, []);
}
