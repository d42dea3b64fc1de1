import assert from "node:assert/strict";
import type { Row, RowChange, TableFields } from "../../shared/binlog/change.ts";
import { MYSQL_TYPE_LONGLONG } from "../../shared/mysql/column_types.ts";
import { forRandom, type Random } from "../../tests/harness/random.ts";
import { targetColumn } from "../../tests/harness/target_column.ts";
import { applyChanges } from "./row_statements.ts";
import { planTable, type TablePlan } from "./target_table.ts";

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder();

/** The target's key is `k`, which the source lets any number of rows have. */
function plan(): TablePlan {
  const flags = { columnType: "", collation: 63, unsigned: false, nullable: false };
  const fields = ["id", "k", "v"]
    .map((name) => ({ name, type: MYSQL_TYPE_LONGLONG, invisible: false, ...flags }));
  const stream: TableFields = { table: "t", fields, primaryKey: [0] };
  const columns = fields.map(({ name }) => targetColumn(name));
  return planTable(stream, { name: "t", columns, primaryKey: ["k"] });
}

type Numbers = readonly [id: number, k: number, v: number];

function row(numbers: Numbers): Row {
  return numbers.map((number) => UTF8.encode(String(number)));
}

/** Rows by `k`, changed by the statements that come; a key that is there twice is refused. */
async function applied(
  before: readonly Numbers[],
  changes: readonly RowChange[],
): Promise<readonly string[]> {
  const table = new Map(before.map((numbers) => [numbers[1], numbers.join()]));
  await applyChanges(plan(), changes, (sql) => {
    const text = TEXT.decode(sql);
    const [, keys] = /^DELETE FROM `t` WHERE `k` IN \((.*)\)$/.exec(text) ?? [];
    if (keys !== undefined) {
      const found = keys.split(",").filter((key) => table.delete(Number(key)));
      return Promise.resolve(found.length);
    }
    const [, tuples] = /^INSERT INTO .* VALUES \((.*)\)$/.exec(text) ?? [];
    assert.ok(tuples, text);
    for (const tuple of tuples.split("),(")) {
      const key = Number(tuple.split(",")[1]);
      if (table.has(key)) throw new RangeError(`duplicate ${key}`);
      table.set(key, tuple);
    }
    return Promise.resolve(0);
  });
  return [...table.values()].toSorted();
}

const update = (before: Numbers, after: Numbers): RowChange => ({
  kind: "update",
  table: "t",
  before: row(before),
  after: row(after),
});

Deno.test("rows that swap keys of which the source doesn't care both stay", async () => {
  const changes = [update([1, 10, 0], [1, 20, 0]), update([2, 20, 0], [2, 10, 0])];
  assert.deepEqual(await applied([[1, 10, 0], [2, 20, 0]], changes), ["1,20,0", "2,10,0"]);
});

Deno.test("two rows with one key when the changes are over are refused", async () => {
  const one = update([1, 10, 0], [1, 20, 0]);
  const two = update([2, 30, 0], [2, 20, 0]);
  await assert.rejects(applied([[1, 10, 0], [2, 30, 0]], [one, two]), /VT27010.*key 20/);
  // The other is in the target.
  await assert.rejects(applied([[1, 10, 0], [2, 20, 0]], [one]), /duplicate 20/);
  // Neither was: the target can't have had both.
  const gone: readonly RowChange[] = [1, 2].map((id) => ({
    kind: "delete",
    table: "t",
    before: row([id, 10, 0]),
  }));
  await assert.rejects(applied([[1, 10, 0]], gone), /VT27010.*key 10/);
});

function someChange(random: Random, rows: Map<number, Numbers>): RowChange {
  const id = random.int(5);
  const before = rows.get(id);
  const next: Numbers = [id, random.int(6), random.int(2)];
  if (before !== undefined && random.int(4) === 0) {
    rows.delete(id);
    return { kind: "delete", table: "t", before: row(before) };
  }
  rows.set(id, next);
  return before === undefined
    ? { kind: "insert", table: "t", after: row(next) }
    : update(before, next);
}

Deno.test("whatever keys do on the way, the rows are those of the source, or it is refused", async () => {
  const cases: {
    readonly seed: number;
    readonly before: readonly Numbers[];
    readonly changes: readonly RowChange[];
    readonly after: readonly Numbers[];
  }[] = [];
  forRandom(1000, (random) => {
    const before = [0, 1, 2].map((id): Numbers => [id, id, 0]);
    const rows = new Map(before.map((numbers) => [numbers[0], numbers]));
    const changes = Array.from({ length: random.int(8) }, () => someChange(random, rows));
    cases.push({ seed: random.seed, before, changes, after: [...rows.values()] });
  });
  for (const { seed, before, changes, after } of cases) {
    const hint = `TEST_SEED=${seed}`;
    const keys = new Set(after.map(([, k]) => k));
    if (keys.size < after.length) {
      await assert.rejects(applied(before, changes), /VT27010|duplicate/, hint);
    } else {
      assert.deepEqual(await applied(before, changes), after.map(String).toSorted(), hint);
    }
  }
});
