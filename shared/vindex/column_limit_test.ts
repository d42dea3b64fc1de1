import assert from "node:assert/strict";
import { parseLiteral, textValue } from "../value/value.ts";
import { columnLimit, throughLimit } from "./column_limit.ts";

// deno-fmt-ignore
const CASES: readonly (readonly [columnType: string, sql: string, kept: string])[] = [
  ["int(11)", "2147483647", "integer 2147483647"], ["int", "2147483648", "out_of_range"],
  ["int", "-2147483649", "out_of_range"], ["int(10) unsigned", "4294967295", "integer 4294967295"],
  ["int unsigned", "-1", "out_of_range"], ["tinyint(4)", "128", "out_of_range"],
  ["smallint(6)", "-32768", "integer -32768"], ["mediumint(9)", "8388608", "out_of_range"],
  ["bigint(20)", "9223372036854775807", "integer 9223372036854775807"],
  ["bigint(20)", "9223372036854775808", "out_of_range"],
  ["bigint(20) unsigned", "18446744073709551615", "integer 18446744073709551615"],
  ["bigint(20) unsigned zerofill", "18446744073709551616", "out_of_range"],
  ["decimal(5,2)", "999", "integer 999"], ["decimal(5,2)", "1000", "out_of_range"],
  ["decimal(20,0) unsigned", "-1", "out_of_range"],
  ["varchar(3)", "'abc'", "text abc"], ["varchar(3)", "'abcd'", "too_long"],
  ["varchar(3)", "'abc  '", "text abc"], ["varchar(3)", "'ab '", "text ab "],
  ["varchar(2)", "'\xc3\xa4\xe2\x82\xac'", "text \xc3\xa4\xe2\x82\xac"],
  ["varchar(2)", "'\xc3\xa4\xe2\x82\xacx'", "too_long"],
  ["char(4)", "'ab  '", "text ab"], ["char(4)", "'abcde'", "too_long"], ["char", "'a'", "text a"],
  ["varbinary(2)", "'\xc3\xa4'", "text \xc3\xa4"], ["varbinary(2)", "'ab '", "too_long"],
  ["binary(4)", "'ab'", "text ab\0\0"], ["binary(2)", "'abc'", "too_long"],
  ["tinytext", "'a'", "text a"], ["text", "'a '", "text a "],
  ["varchar(9) latin1", "'\xc3\xa4'", "text \xc3\xa4"], ["char(9) latin1", "'\xe6\xbc\xa2'", "not_in_set"],
  ["varchar(9) gbk", "'\xe6\xbc\xa2'", "unknown_set"], ["varchar(9) gbk", "'a'", "text a"],
  ["int", "NULL", "null "], ["enum('a','b')", "'c'", "text c"], ["", "12345678901234567890", "integer 12345678901234567890"],
];

Deno.test("throughLimit() gives what a strict mysqld keeps, or its refusal", () => {
  for (const [columnType, sql, expected] of CASES) {
    const [type = "", characterSet = "utf8mb4"] = /latin1|gbk/.test(columnType)
      ? columnType.split(" ")
      : [columnType];
    const limit = columnLimit(type, `${characterSet}_bin`);
    const kept = throughLimit(limit, parseLiteral(sql));
    const shown = typeof kept === "string" ? kept : `${kept.type} ${kept.text}`;
    assert.equal(shown, expected, `${columnType} ${sql}`);
  }
});

Deno.test("throughLimit() knows how long TEXT and BLOB get, in bytes", () => {
  for (const columnType of ["tinytext", "tinyblob"]) {
    const limit = columnLimit(columnType, "utf8mb4_bin");
    assert.equal(throughLimit(limit, textValue("a".repeat(256))), "too_long");
    assert.equal(throughLimit(limit, textValue("\xc3\xa4".repeat(128))), "too_long");
  }
  assert.deepEqual(columnLimit("blob", undefined), { kind: "bytes", max: 0xffff, fixed: false });
});
