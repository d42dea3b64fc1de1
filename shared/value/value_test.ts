import assert from "node:assert/strict";
import { integerValue, NULL_VALUE, parseLiteral, printLiteral, textValue } from "./value.ts";

// deno-fmt-ignore
const LITERALS: readonly (readonly [sql: string, type: string, text: string])[] = [
  ["12", "integer", "12"], ["-12", "integer", "-12"], ["007", "integer", "7"], ["-0", "integer", "0"],
  ["+3", "integer", "3"], ["18446744073709551615", "integer", "18446744073709551615"],
  ["1.5", "decimal", "1.5"], [".5", "decimal", ".5"], ["5.", "decimal", "5."],
  ["1e3", "float", "1e3"], ["-1.5E-3", "float", "-1.5E-3"],
  ["'a'", "text", "a"], ['"a"', "text", "a"], ["N'a'", "text", "a"], ["''", "text", ""],
  ["'it''s'", "text", "it's"], ["'it\"s'", "text", 'it"s'], ['"a""b"', "text", 'a"b'],
  ["'a\\'b'", "text", "a'b"], ["'a\\nb\\0\\Z\\%\\q'", "text", "a\nb\0\x1a\\%q"],
  ["'\\\\'", "text", "\\"],
  ["0x4a4B", "binary", "JK"], ["0xf", "binary", "\x0f"], ["x'ff00'", "binary", "\xff\0"], ["X''", "binary", ""],
  ["b'1000001'", "binary", "A"], ["0b100000001", "binary", "\x01\x01"],
  ["NULL", "null", ""], ["true", "integer", "1"], ["FALSE", "integer", "0"],
];

Deno.test("parseLiteral() reads every kind of literal", () => {
  for (const [sql, type, text] of LITERALS) {
    assert.deepEqual(parseLiteral(sql), { type, text }, sql);
  }
});

Deno.test("parseLiteral() leaves backslashes alone under NO_BACKSLASH_ESCAPES", () => {
  assert.equal(parseLiteral("'a\\nb''c'", { noBackslashEscapes: true }).text, "a\\nb'c");
});

Deno.test("parseLiteral() refuses expressions", () => {
  for (const sql of ["1+1", "now()", "a", "'a", "x'f'", "1e", "", "0b12", "--1"]) {
    assert.throws(() => parseLiteral(sql), SyntaxError, sql);
  }
});

Deno.test("printLiteral() is read back as the same value", () => {
  for (const [sql] of LITERALS) {
    const value = parseLiteral(sql);
    assert.deepEqual(parseLiteral(printLiteral(value)), value, sql);
  }
  const tricky = textValue("a'b\\c");
  const options = { noBackslashEscapes: true };
  assert.deepEqual(parseLiteral(printLiteral(tricky, options), options), tricky);
  assert.equal(printLiteral(NULL_VALUE), "NULL");
  assert.equal(printLiteral(integerValue(-5n)), "-5");
});
