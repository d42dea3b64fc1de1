import assert from "node:assert/strict";
import { vtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { classify } from "./classify.ts";
import { runExec } from "./exec.ts";
import { readTabletTypes } from "../../shared/host/source_picker.ts";

Deno.test("what passes is tried again, what doesn't stops with its remedy", () => {
  const retried = [
    new MysqlError(1205, "HY000", "Lock wait timeout exceeded"),
    new MysqlError(1213, "40001", "Deadlock found"),
    new MysqlError(1290, "HY000", "running with the --read-only option"),
    vtError("VT20006", "zone1-100", "reset"),
    vtError("VT20012", "refused"),
    vtError("VT27005", "commerce/-", "replica"),
    vtError("VT20003", "a", "b"),
    new TypeError("a fault of ours"),
  ];
  for (const error of retried) assert.equal(classify(error).is, "retry", error.message);
  const stopped = [
    [new MysqlError(1062, "23000", "Duplicate entry '1'"), /was the target empty/],
    [new MysqlError(1054, "42S22", "Unknown column 'x'"), /make them alike/],
    [new MysqlError(1406, "22001", "Data too long"), /can't hold the value/],
    [new MysqlError(4025, "23000", "CONSTRAINT failed"), /mend the cause/],
    [vtError("VT12001", "GROUP BY"), /unsupported/],
    [vtError("VT27004", "t"), /create it/],
  ] as const;
  for (const [error, message] of stopped) {
    const verdict = classify(error);
    assert.equal(verdict.is, "stop");
    assert.match(verdict.message, message);
  }
});

Deno.test("tablet types are read in their order, by old names too", () => {
  assert.deepEqual(readTabletTypes("in_order:primary, replica"), ["primary", "replica"]);
  assert.deepEqual(readTabletTypes("MASTER"), ["primary"]);
  assert.deepEqual(readTabletTypes(""), ["replica", "rdonly", "primary"]);
});

Deno.test("VReplicationExec writes to its own tables only", async () => {
  const ran: string[] = [];
  const run = (kind: string) => (sql: string) => {
    ran.push(`${kind}: ${sql}`);
    return Promise.resolve({ columns: [], rows: [], affectedRows: 0, lastInsertId: "0" });
  };
  const runners = { read: run("read"), write: run("write") };
  const taken = [
    "select * from _vt.vreplication",
    "update _vt.vreplication set state = 'Stopped' where id = 1",
    "delete from _vt.copy_state where vrepl_id = 1",
    "insert into _vt.vreplication (workflow) values ('é')",
  ];
  for (const sql of taken) await runExec(sql, runners);
  assert.deepEqual(ran, taken.map((sql, i) => `${i === 0 ? "read" : "write"}: ${sql}`));
  const refused = [
    "update vreplication set id = 1",
    "delete from vt_commerce.t",
    "update _vt.vreplication, _vt.copy_state set id = 1",
    "drop table _vt.vreplication",
    "not sql",
  ];
  for (const sql of refused) await assert.rejects(runExec(sql, runners), /VT22001/);
  assert.equal(ran.length, taken.length);
});
