import assert from "node:assert/strict";
import { changesInSilence, changesWithNote } from "./silent_change.ts";

/** For each type of a target: sources whose values it keeps or refuses, and those it would change. */
const CASES: readonly (readonly [target: string, keeps: string, changes: string])[] = [
  ["char(9)", "char(20)|int|enum('a')", "varchar(9)|text|blob|bit(3)|int(5) zerofill"],
  ["varchar(9)", "char(9)|varchar(20)|text|double", "float|bit(3)|int(5) unsigned zerofill"],
  ["binary(4)", "binary(4)", "binary(3)|varbinary(4)|blob"],
  ["varbinary(4)", "binary(4)|varbinary(9)", ""],
  ["float", "float|float(7,4)", "double|int|decimal(3,1)|tinyint(4)"],
  ["float(7,4)", "float(7,4)|float", "float(7,3)|double|tinyint(4)"],
  ["double", "double|int(11)|mediumint(9)|double(10,2)", "float|bigint(20)|decimal(5,2)"],
  ["bigint(20)", "int|bigint unsigned|decimal(10,0)|year", "float|double|decimal(10,2)|varchar(9)"],
  ["decimal(10,2)", "decimal(10,4)|int", "double|float|varchar(9)|enum('1')"],
  ["bit(8)", "bit(9)", "int|varchar(3)"],
  ["date", "date", "datetime|timestamp|varchar(10)"],
  ["datetime(3)", "datetime|datetime(3)|timestamp(2)|date", "datetime(6)|time(3)|bigint(20)"],
  ["timestamp", "timestamp|datetime|date", "timestamp(1)|int"],
  ["time", "time", "time(6)|datetime"],
  ["year(4)", "year|year(4)", "int(11)"],
  ["json", "json|longtext", ""],
  ["enum('a','b')", "enum('b','c')", "enum('a','1')|set('a')|char(1)|int"],
  ["set('a','b')", "set('b')", "set('2','a')|enum('a')"],
];

Deno.test("changesInSilence() knows what mysqld alters without a word", () => {
  for (const [target, keeps, changes] of CASES) {
    const list = (types: string) => types.split("|").filter((type) => type !== "");
    assert.ok(!changesInSilence("", target));
    for (const type of list(keeps)) assert.ok(!changesInSilence(type, target), `${type} ${target}`);
    for (const type of list(changes)) {
      assert.ok(changesInSilence(type, target), `${type} ${target}`);
    }
  }
});

Deno.test("changesWithNote() knows what mysqld rounds and cuts", () => {
  for (
    const [source, target] of [
      ["decimal(10,4)", "decimal(10,2)"],
      ["varchar(20)", "varchar(19)"],
      ["text", "varchar(100)"],
      ["text", "tinytext"],
      ["varbinary(9)", "varchar(8)"],
    ] as const
  ) {
    assert.ok(changesWithNote(source, target), `${source} ${target}`);
    assert.ok(!changesWithNote(target, source), `${target} ${source}`);
    assert.ok(!changesWithNote(source, source), source);
  }
  assert.ok(changesWithNote("varchar(100)", "tinytext"));
  assert.ok(!changesWithNote("varchar(50)", "tinytext"));
  for (const type of ["", "int(11)", "datetime(6)", "enum('a')", "json", "longtext"]) {
    assert.ok(!changesWithNote(type, "longtext"), type);
    assert.ok(!changesWithNote(type, "int"), type);
  }
});
