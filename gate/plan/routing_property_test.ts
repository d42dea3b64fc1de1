/**
 * The routing decision against brute force: rows whose shards are known, random conditions, and
 * an evaluator of three-valued logic. No row that matches may lie outside the chosen shards, nor
 * its id be missing from the list that its shard gets.
 */
import assert from "node:assert/strict";
import { Bindings } from "../engine/bindings.ts";
import { type Placement, resolveRouting, shardOfId } from "../engine/routing.ts";
import { parseShardName } from "../../shared/key/range.ts";
import { normalize } from "../../shared/sql/normalize.ts";
import { DEFAULT_OPTIONS } from "../../shared/sql/options.ts";
import { integerValue } from "../../shared/value/value.ts";
import { createVindex } from "../../shared/vindex/registry.ts";
import { planOf } from "./plan_fixture_test.ts";

const SHARDS = ["-40", "40-80", "80-c0", "c0-"].map((name) => ({
  name,
  range: parseShardName(name),
}));
const HASH = createVindex("hash", "hash", {});

interface Row {
  readonly id: number;
  readonly price: number | null;
}

/** Ids from 0 to 19 meet the small literals of the conditions often enough. */
const ROWS: readonly Row[] = Array.from({ length: 60 }, (_, i) => ({
  id: i % 20,
  price: i % 7 === 0 ? null : i % 5,
}));

type Truth = boolean | null;
interface Condition {
  readonly sql: string;
  readonly test: (row: Row) => Truth;
}

/** Mulberry32: small, seeded, good enough. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const not = (a: Truth): Truth => a === null ? null : !a;
const and = (a: Truth, b: Truth): Truth =>
  a === false || b === false ? false : a === null || b === null ? null : true;
const or = (a: Truth, b: Truth): Truth => not(and(not(a), not(b)));
const xor = (a: Truth, b: Truth): Truth => a === null || b === null ? null : a !== b;
const compare = (a: number | null, b: number | null, test: (a: number, b: number) => boolean) =>
  a === null || b === null ? null : test(a, b);

type Draw = ReturnType<typeof random>;

/** A literal as one of the ways to write its number. */
function literal(draw: Draw, value: number): string {
  const spellings = [`${value}`, `'${value}'`, `${value}.0`, `0${value}`, `${value}e0`];
  return spellings[draw(spellings.length)] ?? `${value}`;
}

function leaf(draw: Draw): Condition {
  const value = draw(20);
  const other = draw(20);
  const text = literal(draw, value);
  const leaves: readonly Condition[] = [
    { sql: `customer_id = ${text}`, test: ({ id }) => id === value },
    { sql: `${text} = o.customer_id`, test: ({ id }) => id === value },
    { sql: `customer_id in (${value}, ${other})`, test: ({ id }) => id === value || id === other },
    {
      sql: `customer_id in (${value}, '${other}', null)`,
      test: ({ id }) => id === value || id === other ? true : null,
    },
    { sql: `customer_id not in (${value})`, test: ({ id }) => id !== value },
    { sql: `customer_id + ${other} = ${text}`, test: ({ id }) => id + other === value },
    {
      sql: `(customer_id, price) = (${text}, 2)`,
      test: (row) => and(row.id === value, compare(row.price, 2, (a, b) => a === b)),
    },
    { sql: `price = ${draw(5)}`, test: () => null },
    { sql: "price is null", test: ({ price }) => price === null },
    { sql: `customer_id <=> ${value}`, test: ({ id }) => id === value },
    { sql: `customer_id = null`, test: () => null },
    { sql: `customer_id > ${value}`, test: ({ id }) => id > value },
    { sql: `customer_id = ${value}.5`, test: () => false },
    { sql: `customer_id = price`, test: (row) => compare(row.id, row.price, (a, b) => a === b) },
    { sql: `-customer_id = -${value}`, test: ({ id }) => id === value },
  ];
  const chosen = leaves[draw(leaves.length)];
  if (chosen === undefined) throw new RangeError("No such leaf");
  const price = /^price = (\d)$/.exec(chosen.sql);
  if (price === null) return chosen;
  const wanted = Number(price[1]);
  return { sql: chosen.sql, test: (row) => compare(row.price, wanted, (a, b) => a === b) };
}

function condition(draw: Draw, depth: number): Condition {
  if (depth === 0) return leaf(draw);
  const left = condition(draw, draw(depth));
  const right = condition(draw, draw(depth));
  switch (draw(6)) {
    case 0:
    case 1:
      return {
        sql: `(${left.sql} and ${right.sql})`,
        test: (r) => and(left.test(r), right.test(r)),
      };
    case 2:
      return { sql: `(${left.sql} or ${right.sql})`, test: (r) => or(left.test(r), right.test(r)) };
    case 3:
      return { sql: `not (${left.sql})`, test: (r) => not(left.test(r)) };
    case 4:
      return {
        sql: `(${left.sql} xor ${right.sql})`,
        test: (r) => xor(left.test(r), right.test(r)),
      };
    default:
      return { sql: `${left.sql} and ${right.sql}`, test: (r) => and(left.test(r), right.test(r)) };
  }
}

const PLACEMENT: Placement = {
  shards: () => SHARDS,
  keyspaces: ["customer"],
  vindex: () => {
    if (HASH === undefined) throw new TypeError("hash is no vindex");
    return HASH;
  },
  destination: undefined,
};

/** The shards of a SELECT, each with its part of the IN list. */
function shardsOf(sql: string): ReadonlyMap<string, string | undefined> {
  const { root } = planOf(sql);
  if (root.op !== "Route") throw new TypeError(`A ${root.op} was not expected`);
  const { slots, start, end } = normalize(sql, DEFAULT_OPTIONS);
  const bindings = new Bindings({
    ...{ sql, slots, start, end, parameters: [] },
    bytes: new TextEncoder().encode(sql),
    noBackslashEscapes: false,
    noAutoValueOnZero: false,
    session: () => "NULL",
  });
  const resolved = resolveRouting(root.routing, bindings, PLACEMENT);
  return new Map(resolved.map(({ shard, list }) => [shard, list]));
}

function shardOfRow({ id }: Row): string {
  const keyspaceId = HASH?.map([integerValue(id)]);
  if (keyspaceId === undefined) throw new TypeError(`No keyspace id for ${id}`);
  return shardOfId("customer", SHARDS, keyspaceId);
}

Deno.test("no row that matches lies outside the chosen shards", () => {
  const seed = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 1e9));
  const draw = random(seed);
  let narrowed = 0;
  for (let i = 0; i < 3000; i++) {
    const { sql: where, test } = condition(draw, 1 + draw(4));
    const sql = `select * from corder o where ${where}`;
    const shards = shardsOf(sql);
    if (shards.size < SHARDS.length) narrowed++;
    for (const row of ROWS) {
      if (test(row) !== true) continue;
      const shard = shardOfRow(row);
      assert.ok(shards.has(shard), `SEED=${seed}: ${sql} misses ${JSON.stringify(row)}`);
      const list = shards.get(shard);
      if (list === undefined) continue;
      const items = list.split(", ").map((item) => Number(item.replaceAll("'", "")));
      assert.ok(items.includes(row.id), `SEED=${seed}: ${sql} leaves ${row.id} out of (${list})`);
    }
  }
  // A planner that always scatters would pass, too.
  assert.ok(narrowed > 300, `SEED=${seed}: only ${narrowed} conditions named their shards`);
});
