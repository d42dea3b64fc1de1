import assert from "node:assert/strict";
import type { Field, Row, RowChange, TableFields } from "../../shared/binlog/change.ts";
import * as type from "../../shared/mysql/column_types.ts";
import { encodeFrames } from "../../shared/mysql/frame.ts";
import { encodeTextRow } from "../../shared/mysql/text_row.ts";
import { forRandom, type Random } from "../../tests/harness/random.ts";
import { targetColumn } from "../../tests/harness/target_column.ts";
import { parseLastPk, printLastPk } from "./last_pk.ts";
import { netEffect, rowKey } from "./net_effect.ts";
import { applyChanges, deleteRows, insertPackets, insertRows } from "./row_statements.ts";
import { planTable, type TablePlan } from "./target_table.ts";

const UTF8 = new TextEncoder();
const LATIN1 = new TextDecoder("latin1");
const BINARY = 63;
const LATIN1_SWEDISH_CI = 8;

function field(name: string, of: number, collation = BINARY): Field {
  return {
    name,
    type: of,
    columnType: "",
    collation,
    unsigned: false,
    nullable: true,
    invisible: false,
  };
}

const FIELDS: TableFields = {
  table: "t",
  fields: [
    field("id", type.MYSQL_TYPE_LONGLONG),
    field("v", type.MYSQL_TYPE_VAR_STRING, LATIN1_SWEDISH_CI),
    field("b", type.MYSQL_TYPE_BLOB),
    field("bits", type.MYSQL_TYPE_BIT),
    field("j", type.MYSQL_TYPE_JSON),
    field("g", type.MYSQL_TYPE_LONG),
  ],
  primaryKey: [0],
};

function target(primaryKey: readonly string[], more: readonly string[] = []): TablePlan {
  const columns = [...FIELDS.fields.map(({ name }) => name), ...more]
    .map((name) => targetColumn(name, name === "g"));
  return planTable(FIELDS, { name: "t", columns, primaryKey });
}

function row(...values: readonly (string | Uint8Array | null)[]): Row {
  return values.map((value) => typeof value === "string" ? UTF8.encode(value) : value);
}

/** Statements as texts, each byte a character. */
async function statements(
  work: (run: (sql: Uint8Array) => Promise<number>) => Promise<unknown>,
): Promise<readonly string[]> {
  const texts: string[] = [];
  await work((sql) => {
    texts.push(LATIN1.decode(sql));
    return Promise.resolve(0);
  });
  return texts;
}

Deno.test("rows become literals that say what their bytes mean", async () => {
  const rows = [
    row("-7", "it's\\", Uint8Array.of(0, 255, 39), Uint8Array.of(1, 171), `{"a":1}`, "9"),
    row("8", null, null, null, null, null),
  ];
  const head = "INSERT INTO `t` (`id`, `v`, `b`, `bits`, `j`) VALUES ";
  assert.deepEqual(await statements((run) => insertRows(target(["id"]), rows, "INSERT", run)), [
    `${head}(-7,_latin1'it\\'s\\\\','\0\u00ff\\'',0x01ab,_utf8mb4'{"a":1}'),(8,NULL,NULL,NULL,NULL)`,
  ]);
});

Deno.test("keys are looked up in ways that both servers have an index for", async () => {
  const rows = [row("1", "a", null, null, null, null), row("2", "b", null, null, null, null)];
  const one = target(["id"]);
  const two = target(["v", "id"]);
  assert.deepEqual(await statements((run) => deleteRows(one, one.key ?? [], rows, run)), [
    "DELETE FROM `t` WHERE `id` IN (1,2)",
  ]);
  assert.deepEqual(await statements((run) => deleteRows(two, two.key ?? [], rows, run)), [
    "DELETE FROM `t` WHERE (`v` = _latin1'a' AND `id` = 1) OR (`v` = _latin1'b' AND `id` = 2)",
  ]);
});

Deno.test("changes of a table without a key, or with columns of its own, come one by one", async () => {
  const [before, after] = [
    row("1", "a", null, null, null, null),
    row("2", "a", null, null, null, null),
  ];
  const changes: readonly RowChange[] = [
    { kind: "update", table: "t", before, after },
    { kind: "delete", table: "t", before: after },
  ];
  const set = "`id` = 2, `v` = _latin1'a', `b` = NULL, `bits` = NULL, `j` = NULL";
  assert.deepEqual(await statements((run) => applyChanges(target(["id"], ["own"]), changes, run)), [
    `UPDATE \`t\` SET ${set} WHERE \`id\` = 1`,
    "DELETE FROM `t` WHERE `id` = 2",
  ]);
  const where = (id: number) =>
    `\`id\` = ${id} AND \`v\` = _latin1'a' AND \`b\` IS NULL AND \`bits\` IS NULL AND \`j\` IS NULL LIMIT 1`;
  assert.deepEqual(await statements((run) => applyChanges(target([]), changes, run)), [
    `UPDATE \`t\` SET ${set} WHERE ${where(1)}`,
    `DELETE FROM \`t\` WHERE ${where(2)}`,
  ]);
});

function randomRow(random: Random): Row {
  const lengths = [0, 1, 250, 251, 300, 70_000] as const;
  return FIELDS.fields.map(({ type: of }) =>
    random.int(6) === 0
      ? null
      : of === type.MYSQL_TYPE_LONGLONG || of === type.MYSQL_TYPE_LONG
      ? UTF8.encode(String(random.int(1e9)))
      : random.bytes(random.pick(lengths))
  );
}

Deno.test("packets become the same statements as rows do", async () => {
  const batches: { readonly rows: readonly Row[]; readonly packets: readonly Uint8Array[] }[] = [];
  forRandom(20, (random) => {
    const rows = Array.from({ length: 1 + random.int(30) }, () => randomRow(random));
    const packets: Uint8Array[] = [];
    for (const one of rows) packets.push(encodeFrames(encodeTextRow(one), 0));
    batches.push({ rows, packets });
  });
  const plan = target(["id"]);
  for (const { rows, packets } of batches) {
    const wanted = await statements((run) => insertRows(plan, rows, "INSERT", run));
    const got = await statements((run) => insertPackets(plan, packets, FIELDS.fields.length, run));
    assert.deepEqual(got, wanted);
  }
});

Deno.test("a row beyond 16 MB, which comes in two frames, is one tuple", async () => {
  const big = row("1", null, new Uint8Array(17 * 1024 * 1024).fill(97), null, null, null);
  const packet = encodeFrames(encodeTextRow(big), 0);
  const [sql, ...more] = await statements((run) =>
    insertPackets(target(["id"]), [packet], FIELDS.fields.length, run)
  );
  assert.deepEqual(more, []);
  assert.equal(
    sql?.length,
    "INSERT INTO `t` (`id`, `v`, `b`, `bits`, `j`) VALUES (1,NULL,'',NULL,NULL)".length +
      17 * 1024 * 1024,
  );
});

/** The dumb twin: a table as a map, changed one by one. */
Deno.test("the net effect of changes is what they do one by one", () => {
  const plan = target(["id"]);
  const key = plan.key ?? [];
  const keyOf = (one: Row) => rowKey(one, key);
  forRandom(500, (random) => {
    const table = new Map<string, Row>();
    const make = (id: number) => row(String(id), String(random.int(1000)), null, null, null, null);
    for (let id = 0; id < 4; id++) if (random.int(2) === 0) table.set(keyOf(make(id)), make(id));
    const before = new Map(table);
    const changes: RowChange[] = [];
    for (let i = random.int(12); i > 0; i--) {
      const id = random.int(6);
      const there = table.get(keyOf(make(id)));
      if (there === undefined) {
        const after = make(id);
        table.set(keyOf(after), after);
        changes.push({ kind: "insert", table: "t", after });
        continue;
      }
      table.delete(keyOf(there));
      const after = make(random.int(6));
      if (random.int(3) === 0 || table.has(keyOf(after))) {
        changes.push({ kind: "delete", table: "t", before: there });
      } else {
        table.set(keyOf(after), after);
        changes.push({ kind: "update", table: "t", before: there, after });
      }
    }
    const { deletes, replaces, inserts } = netEffect(changes, key);
    for (const one of deletes) assert.ok(before.delete(keyOf(one)));
    for (const one of replaces) {
      assert.ok(before.has(keyOf(one)));
      before.set(keyOf(one), one);
    }
    for (const one of inserts) {
      assert.ok(!before.has(keyOf(one)));
      before.set(keyOf(one), one);
    }
    const sorted = (rows: ReadonlyMap<string, Row>) =>
      [...rows].toSorted(([a], [b]) => a < b ? -1 : 1);
    assert.deepEqual(sorted(before), sorted(table));
  });
});

Deno.test("keys of several columns are told apart, however their bytes fall", () => {
  const plan = target(["v", "id"]);
  const key = plan.key ?? [];
  const keys = [row("1", "11"), row("11", "1"), row("", "1;1"), row("1", ""), row("1", null)]
    .map((one) => rowKey(one, key));
  assert.equal(new Set(keys).size, keys.length);
});

Deno.test("a last key comes back as it was written", () => {
  for (const key of [row("42"), row("é'\"", null, Uint8Array.of(0xff, 0xfe, 0))]) {
    assert.deepEqual(parseLastPk(printLastPk(key)), key);
  }
  assert.equal(printLastPk(row("42", Uint8Array.of(0xff))), `["42",{"hex":"ff"}]`);
  for (const text of ["", "{}", "[1]", `[{"hex":"x"}]`]) {
    assert.throws(() => parseLastPk(text), /VT27007/);
  }
});

Deno.test("a stream that does not fit its table says what is missing", () => {
  const columns = [targetColumn("ID")];
  assert.throws(() => planTable(FIELDS, { name: "t", columns, primaryKey: [] }), /has no column v/);
  const own = [...FIELDS.fields, { name: "k" }].map(({ name }) => targetColumn(name));
  assert.throws(
    () => planTable(FIELDS, { name: "t", columns: own, primaryKey: ["k"] }),
    /VT27003.* k, a column of the primary key/,
  );
});
