import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { startTestMysqld, type TestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { loginOf } from "../../tests/harness/change_stream.ts";
import { NO_VSCHEMA } from "../../shared/filter/keyspace_id.ts";
import type { VDiffReport } from "../../shared/rpc/vdiff.ts";
import type { Key } from "./key_order.ts";
import { EMPTY_REPORT, ReportBuilder } from "./report.ts";
import { SourceSessions } from "./source_sessions.ts";
import { diffTable, type SourceReader } from "./table_diff.ts";
import { matchSides } from "./table_sides.ts";
import { TableSnapshot } from "./table_snapshot.ts";

const NEVER = { signal: new AbortController().signal };

interface Case {
  readonly server: TestMysqld;
  readonly table: string;
  /** By source database; default: all of "src". */
  readonly filters?: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly after?: Key;
  readonly from?: VDiffReport;
  readonly onChunk?: (last: Key | undefined) => boolean;
}

/** Compares a table of the databases of sources with that of the target, all on one server. */
async function diff(options: Case): Promise<{ readonly report: VDiffReport; done: boolean }> {
  const { server, table, filters = { src: `select * from ${table}` }, target = "dst" } = options;
  const login = loginOf(server);
  await using scope = new AsyncDisposableStack();
  const sources: SourceReader[] = [];
  let fields: Parameters<typeof matchSides>[1] = [];
  for (const [database, filter] of Object.entries(filters)) {
    const sessions = scope.use(
      new SourceSessions({
        server: { dba: server.root, flavor: server.flavor },
        login,
        database,
        context: () => Promise.resolve(NO_VSCHEMA),
      }),
    );
    const rule = { match: table, filter };
    const opened = await sessions.open({ rule, table, position: "", timeoutMs: 1000 }, NEVER);
    fields = opened.fields;
    const { session } = opened;
    sources.push({
      digest: (read, call) => sessions.digest({ ...read, session }, call),
      rows: async (read, call) => {
        const page = await sessions.rows({ ...read, session }, call);
        return {
          rows: page.rows.map((row) =>
            row.map((value) => value === null ? null : Uint8Array.fromBase64(value))
          ),
          next: page.next?.map((value) => Uint8Array.fromBase64(value)),
        };
      },
    });
  }
  const snapshot = scope.use(await TableSnapshot.open({ login, database: target, table }, NEVER));
  const sides = matchSides(table, fields, snapshot.columns);
  const report = new ReportBuilder(options.from ?? EMPTY_REPORT, {
    fields: sides.fields,
    key: sides.keyPlaces,
    onlyPks: false,
    samplesMax: 10,
    charsMax: 40,
  });
  const done = await diffTable(
    {
      sides,
      target: snapshot,
      sources,
      report,
      rowsMax: 0,
      onChunk: (last) => Promise.resolve(options.onChunk?.(last) ?? true),
    },
    options.after,
    NEVER,
  );
  return { report: report.report, done };
}

function counts(report: VDiffReport): readonly number[] {
  const { processedRows, matchingRows, mismatchedRows, extraRowsSource, extraRowsTarget } = report;
  return [processedRows, matchingRows, mismatchedRows, extraRowsSource, extraRowsTarget];
}

async function run(server: TestMysqld, ...statements: readonly string[]): Promise<void> {
  await server.root.session(async (session) => {
    await session.query("SET SESSION sql_mode = 'ALLOW_INVALID_DATES'", NEVER);
    for (const statement of statements) await session.query(statement, NEVER);
  }, NEVER);
}

/** The same table in both databases, with the same rows. */
async function twins(server: TestMysqld, table: string, body: string, rows: string): Promise<void> {
  await run(
    server,
    `CREATE TABLE src.${table} (${body})`,
    `INSERT INTO src.${table} ${rows}`,
    `CREATE TABLE dst.${table} LIKE src.${table}`,
    `INSERT INTO dst.${table} SELECT * FROM src.${table}`,
  );
}

/** i from 1 to 3000. */
const NUMBERS = "WITH RECURSIVE d (x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM d WHERE x < 54), " +
  "n (i) AS (SELECT a.x * 55 + b.x + 1 FROM d a JOIN d b WHERE a.x * 55 + b.x < 3000) ";

/** Columns of the key, and how number i becomes one. */
const KEYS: readonly (readonly [string, string, string, string])[] = [
  ["by_int", "id bigint, v varchar(20), PRIMARY KEY (id)", "i * 7 - 5000, concat('v', i)", "id"],
  [
    "by_text",
    "id varchar(40) COLLATE utf8mb4_general_ci, v int, PRIMARY KEY (id)",
    "concat(if(i % 2, 'Ä', 'a'), i, ' é'), i",
    "id",
  ],
  [
    "by_latin1",
    "id varchar(40) CHARACTER SET latin1, v int, PRIMARY KEY (id)",
    "concat(if(i % 2, 'Ü', 'u'), i), i",
    "id",
  ],
  ["by_binary", "id varbinary(40), v int, PRIMARY KEY (id)", "unhex(sha2(i, 256)), i", "id"],
  [
    "by_many",
    "a int, b varchar(20) COLLATE utf8mb4_bin, c date, v int, PRIMARY KEY (a, b, c)",
    "i % 5, concat('b', i % 40), '2020-01-01' + interval i day, i",
    "a, b, c",
  ],
  ["by_time", "id datetime(6), v int, PRIMARY KEY (id)", "'2020-01-01' + interval i hour, i", "id"],
  ["by_decimal", "id decimal(20,5), v int, PRIMARY KEY (id)", "i * -1.5, i", "id"],
  ["by_double", "id double, v int, PRIMARY KEY (id)", "i / 7, i", "id"],
  ["by_float", "id float, v int, PRIMARY KEY (id)", "i / 4, i", "id"],
  ["by_bit", "id bit(20), v int, PRIMARY KEY (id)", "i, i", "id"],
  ["by_unique", "id int NOT NULL, v int, UNIQUE KEY (id)", "i, i", "id"],
];

for (const kind of testServers()) {
  Deno.test(`planted differences are found, on ${kind}`, async (t) => {
    await using server = await startTestMysqld({ server: kind, users: false });
    await run(server, "CREATE DATABASE src", "CREATE DATABASE dst", "CREATE DATABASE src2");

    for (const [table, body, values, order] of KEYS) {
      await t.step(`3000 rows ${table}: a changed one, a missing one, one too many`, async () => {
        await twins(server, table, body, `${NUMBERS}SELECT ${values} FROM n`);
        deepStrictEqual(counts((await diff({ server, table })).report), [3000, 3000, 0, 0, 0]);
        await run(
          server,
          `UPDATE dst.${table} SET v = 77777 ORDER BY ${order} DESC LIMIT 1`,
          `UPDATE dst.${table} SET v = 88888 ORDER BY ${order} LIMIT 1`,
          `DELETE FROM dst.${table} WHERE v IN (1500, 'v1500')`,
          `DELETE FROM src.${table} WHERE v IN (700, 701, 'v700', 'v701')`,
        );
        const { report } = await diff({ server, table });
        deepStrictEqual(counts(report), [3000, 2995, 2, 1, 2]);
        deepStrictEqual(
          report.mismatchedSample.map(({ target }) => target["v"]).sort(),
          ["77777", "88888"],
        );
        deepStrictEqual(
          report.extraTargetSample.map((row) => row["v"]?.replace("v", "")).sort(),
          ["700", "701"],
        );
        ok(report.extraSourceSample[0]?.["v"]?.endsWith("1500"));
      });
    }

    await t.step("a table without a key, with rows that are there twice", async () => {
      const rows = `${NUMBERS}SELECT i % 1000, nullif(concat('t', i % 1000), 't7') FROM n`;
      await twins(server, "keyless", "a int, b varchar(20)", rows);
      deepStrictEqual(counts((await diff({ server, table: "keyless" })).report), [
        3000,
        3000,
        0,
        0,
        0,
      ]);
      await run(
        server,
        "DELETE FROM dst.keyless WHERE a = 5 LIMIT 1",
        "INSERT INTO dst.keyless VALUES (7, NULL), (7, '')",
      );
      const { report } = await diff({ server, table: "keyless" });
      deepStrictEqual(counts(report), [3002, 2999, 0, 1, 2]);
      deepStrictEqual(report.extraSourceSample, [{ a: "5", b: "t5" }]);
      deepStrictEqual(
        report.extraTargetSample.toSorted((one) => one["b"] === null ? -1 : 1),
        [{ a: "7", b: null }, { a: "7", b: "" }],
      );
    });

    await t.step("values that only look alike", async () => {
      const body = "id int PRIMARY KEY, f float, d double, t text, b blob, n int, z datetime";
      await twins(
        server,
        "lookalikes",
        body,
        "VALUES (1, 16777217, 0.1, 'a', 'a', 0, '0000-00-00'), " +
          "(2, 0.1, 0.1, 'a', x'00', 0, '2020-01-01'), (3, 1, 1, 'a', 'b', NULL, NULL), " +
          "(4, 123456.7, 1, 'a', '', 0, NULL)",
      );
      deepStrictEqual(counts((await diff({ server, table: "lookalikes" })).report), [
        4,
        4,
        0,
        0,
        0,
      ]);
      await run(
        server,
        "UPDATE dst.lookalikes SET t = 'A' WHERE id = 1",
        "UPDATE dst.lookalikes SET b = x'0000' WHERE id = 2",
        "UPDATE dst.lookalikes SET n = 0 WHERE id = 3",
        // The same six digits, other bits.
        "UPDATE dst.lookalikes SET f = 123456.71 WHERE id = 4",
      );
      const { report } = await diff({ server, table: "lookalikes" });
      deepStrictEqual(counts(report), [4, 0, 4, 0, 0]);
      strictEqual(report.mismatchedSample[1]?.target["b"], "0x0000");
      strictEqual(report.mismatchedSample[2]?.source["n"], null);
    });

    await t.step("a shard's part of the rows, by the rule", async () => {
      await twins(
        server,
        "split",
        "id bigint PRIMARY KEY, v int",
        `${NUMBERS}SELECT i, i FROM n`,
      );
      const filter = (range: string) =>
        `select * from split where in_keyrange(id, 'hash', '${range}')`;
      const half = await diff({ server, table: "split", filters: { src: filter("80-") } });
      strictEqual(half.report.mismatchedRows + half.report.extraRowsSource, 0);
      ok(half.report.extraRowsTarget > 1300 && half.report.extraRowsTarget < 1700);
      strictEqual(half.report.matchingRows + half.report.extraRowsTarget, 3000);
      strictEqual(half.report.extraTargetSample[0]?.["id"], "1");
    });

    await t.step("two shards that were merged", async () => {
      await run(
        server,
        "CREATE TABLE src2.split LIKE src.split",
        "INSERT INTO src2.split SELECT * FROM src.split WHERE id % 3 = 0",
        "DELETE FROM src.split WHERE id % 3 = 0",
      );
      const filters = { src: "select * from split", src2: "select * from split" };
      const merged = await diff({ server, table: "split", filters });
      deepStrictEqual(counts(merged.report), [3000, 3000, 0, 0, 0]);
      await run(server, "INSERT INTO src2.split VALUES (1, 1)");
      const twice = await diff({ server, table: "split", filters });
      deepStrictEqual(counts(twice.report), [3001, 3000, 0, 1, 0]);
    });

    await t.step("it goes on behind the last chunk", async () => {
      await twins(server, "walked", "id int PRIMARY KEY, v int", `${NUMBERS}SELECT i, i FROM n`);
      await run(server, "UPDATE dst.walked SET v = 0 WHERE id = 3 OR id = 2999");
      const keys: (Key | undefined)[] = [];
      const onChunk = (last: Key | undefined) => {
        keys.push(last);
        return false;
      };
      const first = await diff({ server, table: "walked", onChunk });
      strictEqual(first.done, false);
      deepStrictEqual(counts(first.report), [500, 499, 1, 0, 0]);
      const [after] = keys;
      ok(after !== undefined);
      const rest = await diff({ server, table: "walked", after, from: first.report });
      strictEqual(rest.done, true);
      deepStrictEqual(counts(rest.report), [3000, 2998, 2, 0, 0]);
    });

    await t.step("an empty target, an empty source", async () => {
      await run(server, "DELETE FROM dst.walked");
      deepStrictEqual(counts((await diff({ server, table: "walked" })).report), [
        3000,
        0,
        0,
        3000,
        0,
      ]);
      await run(
        server,
        "INSERT INTO dst.walked SELECT * FROM src.walked",
        "DELETE FROM src.walked",
      );
      deepStrictEqual(counts((await diff({ server, table: "walked" })).report), [
        3000,
        0,
        0,
        0,
        3000,
      ]);
    });

    await t.step("columns in another order, of another character set and collation", async () => {
      await run(
        server,
        "CREATE TABLE src.other (id varchar(20) COLLATE utf8mb4_bin PRIMARY KEY, a varchar(20) " +
          "CHARACTER SET latin1, b int)",
        `INSERT INTO src.other ${NUMBERS}SELECT concat(if(i % 2, 'B', 'a'), i), 'é', i FROM n`,
        "CREATE TABLE dst.other (b int, id varchar(20) COLLATE utf8mb4_unicode_ci PRIMARY KEY, " +
          "a varchar(20) CHARACTER SET utf8mb4, more int DEFAULT 5)",
        "INSERT INTO dst.other (id, a, b) SELECT id, a, b FROM src.other",
      );
      deepStrictEqual(counts((await diff({ server, table: "other" })).report), [
        3000,
        3000,
        0,
        0,
        0,
      ]);
      await run(server, "UPDATE dst.other SET a = 'è' WHERE b IN (5, 2500)");
      const { report } = await diff({ server, table: "other" });
      deepStrictEqual(counts(report), [3000, 2998, 2, 0, 0]);
    });

    await t.step("a column that the target lacks is said", async () => {
      await run(server, "ALTER TABLE src.walked ADD COLUMN extra int");
      await rejects(diff({ server, table: "walked" }), /VT27002.*extra/);
    });
  });
}
