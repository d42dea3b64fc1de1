/** Primitives on packets, each beside a slow obvious twin. */
import assert from "node:assert/strict";
import {
  type ColumnDefinition,
  encodeColumnDefinition,
} from "../../shared/mysql/column_definition.ts";
import * as types from "../../shared/mysql/column_types.ts";
import { encodeFrames } from "../../shared/mysql/frame.ts";
import { decodeTextRow, encodeTextRow } from "../../shared/mysql/text_row.ts";
import { EMPTY_OK, encodeOkPacket } from "../../shared/mysql/ok_packet.ts";
import type { ScalarAggregate } from "../plan/plan.ts";
import { BinaryRowsOutput } from "./binary_rows.ts";
import { DecimalSum } from "./decimal_sum.ts";
import { HiddenColumnsOutput } from "./hidden_columns.ts";
import { comparatorOf, compareDecimals, compareWeights } from "./key_comparator.ts";
import { LimitOutput } from "./limit.ts";
import { mergeRows } from "./merge_sort.ts";
import { okOf, sumOks } from "./ok_sum.ts";
import { ResultReader } from "./result_reader.ts";
import { RowOrder } from "./row_order.ts";
import { RowQueue } from "./row_queue.ts";
import { nextPacket, type RowOutput } from "./rows.ts";
import { rowPayload } from "./text_row.ts";
import { ScalarAggregateOutput } from "./scalar_aggregate.ts";

type Cell = string | null;

function column(type: number, extra: Partial<ColumnDefinition> = {}): Uint8Array {
  return encodeColumnDefinition({
    schema: "vt_ks",
    table: "t",
    originalTable: "t",
    name: "c",
    originalName: "c",
    collation: 63,
    columnLength: 20,
    type,
    flags: 0,
    decimals: 0,
    ...extra,
  });
}

const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
/** Without a negative zero. */
const sign = (value: number) => Math.sign(value) + 0;
const text = (value: Uint8Array) => String.fromCharCode(...value);

function rowPacket(cells: readonly Cell[]): Uint8Array {
  return encodeFrames(encodeTextRow(cells.map((c) => c === null ? null : bytes(c))), 0);
}

function joined(rows: readonly (readonly Cell[])[]): Uint8Array {
  return Uint8Array.from(rows.flatMap((row) => [...rowPacket(row)]));
}

class Collected implements RowOutput {
  definitions: readonly Uint8Array[] = [];
  readonly found: Cell[][] = [];

  columns(definitions: readonly Uint8Array[]): void {
    this.definitions = definitions;
  }

  rows(packets: Uint8Array): void {
    for (let at = 0; at < packets.length;) {
      const end = nextPacket(packets, at);
      const values = decodeTextRow(rowPayload(packets, at, end), this.definitions.length);
      this.found.push(values.map((value) => value === null ? null : text(value)));
      at = end;
    }
  }
}

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

Deno.test("a merge of sorted shards is the sort of all their rows", async () => {
  for (let round = 0; round < 50; round++) {
    const seed = Date.now() + round;
    const random = randomOf(seed);
    const shards = Array.from(
      { length: 1 + Math.floor(random() * 5) },
      () =>
        Array.from({ length: Math.floor(random() * 40) }, (): Cell[] => [
          random() < 0.1 ? null : String(Math.floor(random() * 20) - 10),
          String(Math.floor(random() * 1000)),
        ]),
    );
    const order = (a: readonly Cell[], b: readonly Cell[]) =>
      Number(a[0] ?? -1000) - Number(b[0] ?? -1000);
    const definitions = [column(types.MYSQL_TYPE_LONG), column(types.MYSQL_TYPE_LONG)];
    const keys = [{
      column: 0,
      weightColumn: undefined,
      padColumn: undefined,
      descending: false,
    }];
    const output = new Collected();
    output.columns(definitions);
    const queues = shards.map((rows) => {
      const queue = new RowQueue();
      void Promise.resolve(queue.push(joined(rows.toSorted(order)))).catch(() => {});
      queue.close();
      return queue;
    });
    await mergeRows(queues, new RowOrder(definitions, keys), output);
    const keysOf = (rows: readonly (readonly Cell[])[]) => rows.map((row) => row[0]);
    assert.deepEqual(
      keysOf(output.found),
      keysOf(shards.flat().toSorted(order)),
      `seed ${seed}`,
    );
    const all = (rows: readonly (readonly Cell[])[]) => rows.map((row) => row.join("/")).sort();
    assert.deepEqual(all(output.found), all(shards.flat()), `seed ${seed}`);
  }
});

Deno.test("a merge waits for slow shards and holds fast ones back", async () => {
  const definitions = [column(types.MYSQL_TYPE_LONG)];
  const order = new RowOrder(definitions, [
    { column: 0, weightColumn: undefined, padColumn: undefined, descending: true },
  ]);
  const fast = new RowQueue();
  const slow = new RowQueue();
  const output = new Collected();
  output.columns(definitions);
  const merged = mergeRows([fast, slow], order, output);
  const big = Array.from({ length: 60_000 }, (_, i) => [String(60_000 - i)]);
  const held = fast.push(joined(big));
  assert.ok(held instanceof Promise, "more than the queue's limit holds the shard back");
  fast.close();
  await slow.push(rowPacket(["100000"]));
  await slow.push(rowPacket(["-1"]));
  slow.close();
  await held;
  await merged;
  assert.equal(output.found.length, 60_002);
  assert.deepEqual(output.found[0], ["100000"]);
  assert.deepEqual(output.found.at(-1), ["-1"]);
});

Deno.test("a shard's error ends the merge", async () => {
  const definitions = [column(types.MYSQL_TYPE_LONG)];
  const queue = new RowQueue();
  const merged = mergeRows([queue], new RowOrder(definitions, []), new Collected());
  queue.fail(new Error("lost"));
  await assert.rejects(merged, /lost/);
});

Deno.test("decimals of any length compare by value", () => {
  const sorted = ["-10", "-9.5", "-9.49", "-0.001", "0", "0.10", "00.2", "9", "10", "10.01"];
  const long = ["123456789012345678901234567890.1", "123456789012345678901234567890.2"];
  const all = [...sorted, ...long];
  for (const [i, a] of all.entries()) {
    for (const [j, b] of all.entries()) {
      assert.equal(sign(compareDecimals(bytes(a), bytes(b))), sign(i - j), `${a} ${b}`);
    }
  }
  assert.equal(sign(compareDecimals(bytes("-0"), bytes("0.00"))), 0);
});

Deno.test("times compare by value, beyond two digits of hours and below zero", () => {
  const compare = comparatorOf({ type: types.MYSQL_TYPE_TIME, flags: 0, collation: 63 }, false);
  const sorted = ["-838:59:59", "-01:00:00", "00:00:00", "23:59:59", "100:00:00", "838:59:59"];
  for (const [i, a] of sorted.entries()) {
    for (const [j, b] of sorted.entries()) {
      assert.equal(sign(compare(bytes(a), bytes(b))), sign(i - j), `${a} ${b}`);
    }
  }
});

Deno.test("text without weights and ENUM are refused", () => {
  const varchar = { type: types.MYSQL_TYPE_VAR_STRING, flags: 0, collation: 45 };
  assert.throws(() => comparatorOf(varchar, false), /VT12001/);
  const enumeration = { ...varchar, flags: types.ENUM_FLAG };
  assert.throws(() => comparatorOf(enumeration, true), /VT12001/);
});

Deno.test("weights of PAD SPACE collations go on with spaces", () => {
  const space = bytes("\x00\x20");
  assert.equal(sign(compareWeights(bytes("\x00A"), bytes("\x00A\x00\x20"), space)), 0);
  assert.ok(compareWeights(bytes("\x00A"), bytes("\x00A\x00\x09"), space) > 0);
  assert.ok(compareWeights(bytes("\x00A"), bytes("\x00A\x00\x20"), bytes("")) < 0);
});

Deno.test("LIMIT skips and counts over packets of several rows", async () => {
  const rows = Array.from({ length: 10 }, (_, i) => [String(i)]);
  for (let cut = 0; cut <= 10; cut++) {
    const output = new Collected();
    const limit = new LimitOutput(output, { offset: 3, count: 4 });
    limit.columns([column(types.MYSQL_TYPE_LONG)]);
    await limit.rows(joined(rows.slice(0, cut)));
    await limit.rows(joined(rows.slice(cut)));
    assert.deepEqual(output.found, [["3"], ["4"], ["5"], ["6"]]);
    assert.ok(limit.full);
  }
});

Deno.test("hidden columns are cut off, whatever is NULL", async () => {
  const output = new Collected();
  const hidden = new HiddenColumnsOutput(output, 2);
  hidden.columns(Array.from({ length: 4 }, () => column(types.MYSQL_TYPE_VAR_STRING)));
  await hidden.rows(joined([
    ["a", null, "x", "y"],
    [null, null, null, null],
    ["", "b".repeat(300), null, "y"],
  ]));
  assert.deepEqual(output.found, [["a", null], [null, null], ["", "b".repeat(300)]]);
  assert.equal(output.definitions.length, 2);
});

Deno.test("sums of decimals are exact", () => {
  const sum = new DecimalSum();
  for (const value of ["0.1", "0.20", "-1", "99999999999999999999.99"]) sum.add(value);
  assert.equal(sum.toString(), "99999999999999999999.29");
  const small = new DecimalSum();
  small.add("-0.05");
  assert.equal(small.toString(), "-0.05");
});

Deno.test("one row from the shards' rows: COUNT, SUM, MIN, MAX", async () => {
  const aggregate = (fn: "count" | "sum" | "min" | "max", at: number) => ({
    fn,
    column: at,
    weightColumn: undefined,
    padColumn: undefined,
  });
  const plan = {
    op: "Aggregate",
    aggregates: [
      aggregate("count", 0),
      aggregate("sum", 1),
      aggregate("min", 2),
      aggregate("max", 3),
      aggregate("sum", 4),
    ],
    hiddenColumns: 0,
  } as unknown as ScalarAggregate;
  const output = new Collected();
  const combined = new ScalarAggregateOutput(output, plan);
  combined.columns([
    column(types.MYSQL_TYPE_LONGLONG),
    column(types.MYSQL_TYPE_NEWDECIMAL),
    column(types.MYSQL_TYPE_LONG),
    column(types.MYSQL_TYPE_DATE),
    column(types.MYSQL_TYPE_DOUBLE),
  ]);
  await combined.rows(joined([["2", "1.50", "-3", "2024-01-02", "0.1"]]));
  await combined.rows(joined([["0", null, null, null, null]]));
  await combined.rows(joined([["5", "2.25", "7", "2024-02-01", "1e20"]]));
  await combined.finish();
  assert.deepEqual(output.found, [["7", "3.75", "-3", "2024-02-01", "1e20"]]);
});

Deno.test("the counts of OK packets are added, also in their texts", () => {
  const packet = (affectedRows: bigint, info: string) =>
    okOf(encodeFrames(encodeOkPacket({ ...EMPTY_OK, affectedRows, info, warnings: 1 }, 0), 1));
  const sum = sumOks([
    packet(1n, "Rows matched: 2  Changed: 1  Warnings: 0"),
    packet(3n, "Rows matched: 3  Changed: 3  Warnings: 1"),
  ]);
  assert.equal(sum.affectedRows, 4n);
  assert.equal(sum.warnings, 2);
  assert.equal(sum.info, "Rows matched: 5  Changed: 4  Warnings: 1");
});

Deno.test("a shard's answer comes apart wherever its packets are cut", async () => {
  for (const deprecateEof of [false, true]) {
    const parts = [
      encodeFrames(Uint8Array.of(2), 1),
      encodeFrames(column(types.MYSQL_TYPE_LONG), 2),
      encodeFrames(column(types.MYSQL_TYPE_LONG), 3),
      ...(deprecateEof ? [] : [encodeFrames(Uint8Array.of(0xfe, 0, 0, 2, 0), 4)]),
      rowPacket(["1", "2"]),
      rowPacket(["3", null]),
    ];
    for (let cut = 0; cut <= parts.length; cut++) {
      const output = new Collected();
      const reader = new ResultReader({
        onColumns: (definitions) => output.columns(definitions),
        onRows: (packets) => output.rows(packets),
      }, { deprecateEof });
      const chunk = (some: readonly Uint8Array[]) =>
        Uint8Array.from(some.flatMap((part) => [...part]));
      await reader.sink(chunk(parts.slice(0, cut)));
      await reader.sink(chunk(parts.slice(cut)));
      assert.equal(output.definitions.length, 2);
      assert.deepEqual(output.found, [["1", "2"], ["3", null]]);
    }
  }
});

Deno.test("text rows become binary rows", async () => {
  const payloads: number[][] = [];
  const output: RowOutput = {
    columns: () => {},
    rows: (packets) => {
      for (let at = 0; at < packets.length;) {
        const end = nextPacket(packets, at);
        payloads.push([...packets.subarray(at + 4, end)]);
        at = end;
      }
    },
  };
  const binary = new BinaryRowsOutput(output);
  binary.columns([column(types.MYSQL_TYPE_LONG), column(types.MYSQL_TYPE_VAR_STRING)]);
  await binary.rows(joined([["7", "x"], [null, "y"]]));
  assert.deepEqual(payloads, [[0, 0, 7, 0, 0, 0, 1, 0x78], [0, 4, 1, 0x79]]);
});
