import { deepEqual, equal } from "node:assert/strict";
import { MOVE_STREAM, newStatus } from "../../tests/harness/workflow_world.ts";
import type { FilterRule, StreamStatus } from "../../shared/rpc/vreplication.ts";
import { expectedSizes, sourceTables, type TableSize } from "./copy_sizes.ts";
import type { PlacedStream } from "./facts.ts";
import { measure, type Progress } from "./progress.ts";
import { etaSeconds, printProgressLine } from "./progress_line.ts";
import { newStream } from "./streams.ts";

const NOW = 1_700_000_000;
/** From shard `from` to shard `to`; it runs unless `more` says otherwise. */
function stream(
  rules: readonly FilterRule[],
  more: Partial<StreamStatus> = {},
  from = "-",
  to = "-",
): PlacedStream {
  const status = newStatus(1, newStream({ keyspace: "s", shard: from }, rules, MOVE_STREAM, ""));
  const running = { state: "Running", position: "MariaDB/0-1-1" } as const;
  return { shard: to, stream: { ...status, ...running, transactionTimestamp: NOW - 3, ...more } };
}

function whole(table: string): FilterRule {
  return { match: table, filter: `select * from ${table}` };
}

function part(table: string, range: string): FilterRule {
  return {
    match: table,
    filter: `select * from ${table} where in_keyrange(id, 'hash', '${range}')`,
  };
}

function size(table: string, rows: number, bytes: number, shard = "-"): TableSize {
  return { shard, table, rows, bytes };
}

function copying(...pending: readonly string[]): Partial<StreamStatus> {
  return {
    state: "Copying",
    copyState: pending.map((table) => ({ table, lastPk: "" })),
  };
}

const TABLES = ["small", "large"];
const RULES = TABLES.map(whole);
const SOURCE = [size("small", 1000, 100_000), size("large", 9000, 8_900_000)];

function measureTwo(more: Partial<StreamStatus>, target: readonly TableSize[]): Progress {
  return measure({ tables: TABLES, streams: [stream(RULES, more)] }, SOURCE, target, NOW);
}

Deno.test("a copy whose rows are here builds keys: it has no end in sight, and is not done", () => {
  const rows = [size("small", 1000, 1), size("large", 9000, 1)];
  const message = "Building secondary keys of large";
  const building = measureTwo({ ...copying("large"), rowsCopied: 10_000, message }, rows);
  deepEqual([building.state, building.percent], ["building keys", 99.9]);
  equal(etaSeconds(building, { percent: 0, secondsAgo: 60 }), undefined);
  // Another shard's stream still copies.
  const streams = [
    stream(RULES, { ...copying("large"), message }, "-", "-80"),
    stream(RULES, copying("large"), "-", "80-"),
  ];
  equal(measure({ tables: TABLES, streams }, SOURCE, rows, NOW).state, "copying");
  const copied = [...streams.slice(0, 1), stream(RULES, {}, "-", "80-")];
  equal(measure({ tables: TABLES, streams: copied }, SOURCE, rows, NOW).state, "building keys");
});

Deno.test("tables weigh by their bytes and rows, and what is left of one by its rows", () => {
  const small = measureTwo({ ...copying("large"), rowsCopied: 1000 }, [size("small", 1000, 1)]);
  equal(small.percent, 2);
  const here = [size("small", 990, 1), size("large", 4500, 1)];
  const half = measureTwo({ ...copying("large"), rowsCopied: 5500 }, here);
  equal(half.percent, 51);
  deepEqual([half.rowsCopied, half.rowsTotal], [5500, 10_000]);
  deepEqual([half.bytesCopied, half.bytesTotal], [4_550_000, 9_000_000]);
  deepEqual(half.tables, [{
    table: "large",
    rowsCopied: 4500,
    rowsTotal: 9000,
    bytesCopied: 4_450_000,
    bytesTotal: 8_900_000,
    phase: "copying",
  }]);
});

Deno.test("a copy is at 100 % when its streams say so, whatever servers reckon", () => {
  const over = measureTwo({ ...copying("large"), rowsCopied: 12_000 }, [size("large", 20_000, 1)]);
  equal(over.percent, 99.9);
  deepEqual([over.rowsCopied, over.rowsTotal], [12_000, 12_000]);
  const done = measureTwo({ rowsCopied: 9731 }, []);
  deepEqual([done.percent, done.rowsCopied, done.rowsTotal], [100, 9731, 9731]);
  deepEqual([done.state, done.lagSeconds, done.tables], ["running", 3, []]);
});

Deno.test("a stream that has not begun has all of its tables to copy", () => {
  const unbegun = { state: "Init", position: "" } as const;
  const progress = measureTwo(unbegun, []);
  deepEqual([progress.percent, progress.rowsTotal, progress.state], [0, 10_000, "copying"]);
  deepEqual(progress.tables.map(({ phase }) => phase), ["pending", "pending"]);
  // One of two streams is done with everything.
  const streams = [stream([whole("t")]), stream([whole("t")], unbegun, "80-")];
  const sizes = [size("t", 500, 5000, "-"), size("t", 500, 5000, "80-")];
  equal(measure({ tables: ["t"], streams }, sizes, [size("t", 500, 1)], NOW).percent, 50);
});

Deno.test("without bytes rows weigh, and without either each table as much as another", () => {
  const streams = [stream(RULES, copying("large"))];
  const rowsOnly = SOURCE.map(({ table, rows }) => size(table, rows, 0));
  equal(measure({ tables: TABLES, streams }, rowsOnly, [], NOW).percent, 10);
  equal(measure({ tables: TABLES, streams }, [], [], NOW).percent, 50);
});

Deno.test("streams share a table that they divide, and each brings one that they don't", () => {
  const shards = ["-80", "80-"];
  const split = shards.map((to) => stream([part("t", to), whole("ref")], {}, "-", to));
  const expected = expectedSizes(split, [size("t", 1001, 4000), size("ref", 10, 100)]);
  deepEqual([...expected], [
    ["t", { rows: 1001, bytes: 4000 }],
    ["ref", { rows: 20, bytes: 200 }],
  ]);
  const merge = shards.map((from) => stream([whole("t")], {}, from));
  const parts = [size("t", 300, 3000, "-80"), size("t", 100, 1000, "80-")];
  deepEqual(expectedSizes(merge, parts).get("t"), { rows: 400, bytes: 4000 });
});

Deno.test("a table of another name is as large as the one that it is made of", () => {
  const rules = [
    { match: "copy", filter: "select id from t" },
    { match: "/x.*", filter: "" },
    { match: "left_out", filter: "exclude" },
    { match: "wrong", filter: "select from from" },
  ];
  const expected = expectedSizes([stream(rules)], [size("t", 7, 70), size("copy", 1, 1)]);
  deepEqual([...expected], [["copy", { rows: 7, bytes: 70 }]]);
  deepEqual([...sourceTables([stream(rules)])], ["t"]);
});

Deno.test("the line has the bar, percent, rows, bytes, lag and the time to go", () => {
  const progress = measureTwo({ ...copying("large"), rowsCopied: 5500 }, [size("large", 4500, 1)]);
  equal(
    printProgressLine(progress, { percent: 0, secondsAgo: 30 }),
    "[##########..........]  51.0% copying, ETA 29s, lag 3s, 5500 of 10000 rows, 4.5 of 9.0 MB",
  );
  equal(
    printProgressLine(measureTwo({ rowsCopied: 10 }, []), { percent: 0, secondsAgo: 5 }),
    `[${"#".repeat(20)}] 100.0% running, lag 3s, 10 of 10 rows`,
  );
  const almost = measureTwo({ ...copying("large") }, [size("large", 20_000, 1)]);
  equal(printProgressLine(almost, { percent: 0, secondsAgo: 0 }).startsWith("[####"), true);
  equal(printProgressLine(almost, { percent: 0, secondsAgo: 0 }).indexOf(".]"), 20);
});

Deno.test("the time to go follows the speed since the earlier look", () => {
  const at = (percent: number): Progress => ({ ...measureTwo(copying("large"), []), percent });
  const eta = (percent: number, earlier: number, secondsAgo: number) =>
    etaSeconds(at(percent), { percent: earlier, secondsAgo });
  equal(eta(25, 0, 10), 30);
  // A copy that goes on at 60 % is not as fast as if it had come all the way since.
  equal(eta(62, 60, 10), 190);
  equal(eta(60, 60, 10), undefined);
  equal(eta(50, 60, 10), undefined);
  equal(eta(25, 0, 0.5), undefined);
  equal(etaSeconds(measureTwo({}, []), { percent: 0, secondsAgo: 10 }), undefined);
});
