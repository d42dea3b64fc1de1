import assert from "node:assert/strict";
import {
  containsMariadbGtidSet,
  parseMariadbGtidSet,
  printMariadbGtidSet,
} from "./gtid_mariadb.ts";

function contains(outer: string, inner: string): boolean {
  return containsMariadbGtidSet(parseMariadbGtidSet(outer), parseMariadbGtidSet(inner));
}

Deno.test("MariaDB positions print as they are read, domains in order", () => {
  for (const text of ["", "0-100-38", "0-1-1,5-4294967295-18446744073709551615"]) {
    assert.equal(printMariadbGtidSet(parseMariadbGtidSet(text)), text);
  }
  assert.equal(printMariadbGtidSet(parseMariadbGtidSet(" 3-1-2, 0-1-1 ")), "0-1-1,3-1-2");
});

Deno.test("a MariaDB position contains what comes before it in each domain", () => {
  assert(contains("0-100-38", "0-100-38"));
  assert(contains("0-101-39", "0-100-38"), "another server wrote the later one");
  assert(contains("0-100-38,1-1-1", "0-100-2"));
  assert(contains("0-1-1", ""));
  assert(!contains("", "0-1-1"));
  assert(!contains("0-100-37", "0-100-38"));
  assert(!contains("0-100-38", "0-100-38,1-1-1"));
});

Deno.test("the same sequence number of two servers contains neither", () => {
  assert(!contains("0-100-38", "0-101-38"));
  assert(!contains("0-101-38", "0-100-38"));
});

Deno.test("malformed MariaDB positions are refused", () => {
  for (
    const text of ["0-1", "0-1-", "a-1-1", "0-1-1,", "0-1-1,0-2-2", "4294967296-1-1", "0-1-1;"]
  ) {
    assert.throws(() => parseMariadbGtidSet(text), SyntaxError, text);
  }
});
