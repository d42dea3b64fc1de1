import assert from "node:assert/strict";
import {
  containsMysqlGtidSet,
  parseMysqlGtidSet,
  printMysqlGtidSet,
  subtractMysqlGtidSet,
} from "./gtid_mysql.ts";

const A = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const B = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

function normal(text: string): string {
  return printMysqlGtidSet(parseMysqlGtidSet(text));
}

function contains(outer: string, inner: string): boolean {
  return containsMysqlGtidSet(parseMysqlGtidSet(outer), parseMysqlGtidSet(inner));
}

function subtract(from: string, other: string): string {
  return printMysqlGtidSet(subtractMysqlGtidSet(parseMysqlGtidSet(from), parseMysqlGtidSet(other)));
}

Deno.test("MySQL GTID sets are normalised as the server does", () => {
  assert.equal(normal(""), "");
  assert.equal(normal(`${A}:1`), `${A}:1`);
  assert.equal(normal(`${A}:1-3:11:47-49`), `${A}:1-3:11:47-49`);
  assert.equal(normal(`${A.toUpperCase()}:7:1-5:6,\n${B}:1`), `${A}:1-7,${B}:1`);
  assert.equal(normal(`${B}:1,${A}:1-4:3-9`), `${A}:1-9,${B}:1`);
  assert.equal(normal(`${A}:5-4`), "", "a reversed interval is empty");
});

Deno.test("a tag names a source of its own", () => {
  assert.equal(normal(`${A}:1-2:reparent:1-3`), `${A}:1-2,${A}:reparent:1-3`);
  assert(!contains(`${A}:1-9`, `${A}:reparent:1`));
});

Deno.test("containment and difference of MySQL GTID sets", () => {
  assert(contains(`${A}:1-9`, `${A}:2-3:5`));
  assert(contains(`${A}:1-9,${B}:1`, `${A}:1-9`));
  assert(contains(`${A}:1`, ""));
  assert(!contains(`${A}:1-3:5-9`, `${A}:3-5`));
  assert(!contains(`${A}:1-9`, `${B}:1`));
  assert.equal(subtract(`${A}:1-9,${B}:4`, `${A}:3-5:9`), `${A}:1-2:6-8,${B}:4`);
  assert.equal(subtract(`${A}:1-9`, `${A}:1-20`), "");
});

Deno.test("difference agrees with sets of numbers", () => {
  const seed = 20260807;
  let state = seed;
  const next = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  for (let round = 0; round < 300; round++) {
    const numbers = [0, 1].map(() => Array.from({ length: 1 + next(12) }, () => 1 + next(20)));
    const [left = [], right = []] = numbers;
    const want = [...new Set(left)].filter((n) => !right.includes(n));
    const text = (list: readonly number[]): string =>
      list.length === 0 ? "" : `${A}:${list.join(":")}`;
    assert.equal(
      subtract(text(left), text(right)),
      normal(text(want)),
      `seed ${seed}, round ${round}`,
    );
    assert.equal(
      contains(text(right), text(left)),
      want.length === 0,
      `seed ${seed}, round ${round}`,
    );
  }
});

Deno.test("malformed MySQL GTID sets are refused", () => {
  for (const text of ["x", A, `${A}:`, `${A}:0`, `${A}:1-`, `${A}:1--2`, `${A}:-1`, `${A};1`]) {
    assert.throws(() => parseMysqlGtidSet(text), SyntaxError, text);
  }
});
