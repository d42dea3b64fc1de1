import assert from "node:assert/strict";
import { printTables, type Result } from "./fault_results.ts";

/** A run that came out right. */
function result(run: string, pauseMs: number, runs = 1): Result {
  const [, workflow = "", moment = "", fault = ""] = run.split(" | ");
  return {
    run,
    commit: "abc",
    workflow,
    moment,
    fault,
    runs,
    pauseMs,
    stoppedMs: undefined,
    acknowledged: 1,
    refused: 0,
    unknown: 0,
    failedReads: 0,
    found: 1,
    compared: 1,
    seconds: 1,
    trouble: "",
    missed: false,
  };
}

Deno.test("tables have a line for each phase in its order, with copies that build keys apart", () => {
  const [killed = "", others = ""] = printTables([
    result("mysql | move | copy: 5% | kill gate", 100),
    result("mariadb | move | switch: Creating journals | kill gate", 100),
    result("mariadb | move | copy: keys | kill gate", 1260, 2),
    result("mariadb | move | copy: keys | kill gate", 100),
    result("mariadb | move | copy: 5% | kill etcd", 100),
    result("mariadb | move | cancel: keys | none", 100),
    { ...result("mariadb | move | copy: 50% | kill gate", 100), missed: true, trouble: "over" },
  ]).split("\n\n");
  const lines = (table: string) =>
    table.trim().split("\n").slice(2).map((line) => line.split(" | ").slice(0, 6).join(" | "));
  assert.deepEqual(lines(killed), [
    "| mariadb | move | copy |  |  | 1, 0.1 s",
    "| mariadb | move | copy, keys | 2, 1 again, 1.3 s |  | ",
    "| mariadb | move | switch | 1, 0.1 s |  | ",
    "| mysql | move | copy | 1, 0.1 s |  | ",
  ]);
  assert.deepEqual(lines(others), ["| mariadb | move | cancel, keys |  |  | "]);
});
