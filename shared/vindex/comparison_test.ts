import assert from "node:assert/strict";
import { parseLiteral } from "../value/value.ts";
import { comparisonInput, type ComparisonKind, storedInput } from "./comparison.ts";

function show(result: ReturnType<typeof comparisonInput> | undefined): string {
  if (result === undefined) return "undefined";
  return typeof result === "string" ? result : `${result.type} ${result.text}`;
}

// What `column = literal` can match, by the column's type.
// deno-fmt-ignore
const COMPARISONS: readonly (readonly [ComparisonKind, sql: string, input: string])[] = [
  ["integer", "7", "integer 7"], ["integer", "'7'", "integer 7"], ["integer", "007", "integer 7"],
  ["integer", "' 7'", "integer 7"], ["integer", "'7abc'", "integer 7"], ["integer", "'abc'", "integer 0"],
  ["integer", "''", "integer 0"], ["integer", "7.0", "integer 7"], ["integer", "7.5", "none"],
  ["integer", "'7.5'", "none"], ["integer", "70e-1", "integer 7"], ["integer", "7e2", "integer 700"],
  ["integer", "'-7'", "integer -7"], ["integer", "-7.00", "integer -7"], ["integer", "NULL", "none"],
  ["integer", "1e400", "none"], ["integer", "9007199254740993", "integer 9007199254740993"],
  ["integer", "'9007199254740993'", "integer 9007199254740993"],
  ["integer", "9007199254740993e0", "unroutable"], ["integer", "0x07", "unroutable"],
  ["text", "'a'", "text a"], ["text", "7", "unroutable"], ["text", "NULL", "none"],
  ["text", "x'41'", "binary A"], ["text", "7.0", "unroutable"],
  ["padded", "'a b  '", "text a b"], ["padded", "7", "unroutable"], ["padded", "x'4120'", "binary A"],
  ["digits", "'07'", "text 07"], ["digits", "'7  '", "text 7"], ["digits", "' 7'", "unroutable"],
  ["digits", "'abc'", "unroutable"], ["digits", "7.0", "integer 7"], ["digits", "7.5", "none"],
  ["digits", "9007199254740991", "integer 9007199254740991"], ["digits", "9007199254740992", "unroutable"],
  ["unknown", "7", "integer 7"], ["unknown", "'7'", "text 7"], ["unknown", "7.0", "unroutable"],
  ["unknown", "NULL", "none"],
];

Deno.test("comparisonInput() converts as MySQL compares", () => {
  for (const [kind, sql, input] of COMPARISONS) {
    assert.equal(show(comparisonInput(kind, parseLiteral(sql))), input, `${kind} ${sql}`);
  }
});

// deno-fmt-ignore
const STORED: readonly (readonly [ComparisonKind, sql: string, input: string])[] = [
  ["integer", "7", "integer 7"], ["integer", "'07'", "integer 7"], ["integer", "'7a'", "undefined"],
  ["integer", "7.5", "undefined"], ["integer", "7.0", "integer 7"], ["integer", "NULL", "null "],
  ["text", "7", "text 7"], ["text", "'a'", "text a"], ["text", "1e3", "undefined"],
  ["padded", "'a '", "text a "], ["padded", "7", "text 7"], ["padded", "1e3", "undefined"],
  ["unknown", "7", "integer 7"], ["unknown", "'a'", "text a"], ["unknown", "1.5", "undefined"],
];

Deno.test("storedInput() gives what the row will hold, or nothing when that isn't certain", () => {
  for (const [kind, sql, input] of STORED) {
    assert.equal(show(storedInput(kind, parseLiteral(sql))), input, `${kind} ${sql}`);
  }
});
