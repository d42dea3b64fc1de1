/** Which streams of other workflows keep shards and tables where they are. */
import assert from "node:assert/strict";
import { newStatus } from "../../tests/harness/workflow_world.ts";
import type { StreamStatus } from "../../shared/rpc/vreplication.ts";
import type { OtherStream } from "./checks.ts";
import { checkDenial, checkNeighbours, checkReaders } from "./neighbours.ts";
import { newStream } from "./streams.ts";

/** Of workflow sums, which makes totals of reports from the corder of commerce/-. */
function sums(stopAfterCopy: boolean, change: Partial<StreamStatus> = {}): OtherStream {
  const stream = newStream(
    { keyspace: "commerce", shard: "-" },
    [{ match: "totals", filter: "select count(*) as n from corder" }],
    {
      workflow: "sums",
      workflowType: "materialize",
      cells: "",
      tabletTypes: "",
      onDdl: "IGNORE",
      stopAfterCopy,
      state: "Stopped",
      deferSecondaryKeys: false,
      options: "{}",
    },
    "",
  );
  const status = { ...newStatus(1, stream), position: "MariaDB/0-1-1", ...change };
  return { keyspace: "reports", shard: "-", primary: "zone1-0000000300", stream: status };
}

const MOVE = {
  name: "w",
  sourceKeyspace: "commerce",
  targetKeyspace: "customer",
  tables: ["corder"],
};
const STAYS =
  /cancel; that drops its tables, --keep-data or Workflow --keyspace reports delete --workflow sums leaves them\), and create/;

Deno.test("a Materialize that ended with its copy stands in nobody's way", () => {
  const ended = sums(true, { message: "Stopped after copy." });
  checkReaders(MOVE, [ended]);
  checkNeighbours("commerce", { into: [ended], from: [ended] });
  const goesOn = [
    sums(false),
    sums(true, { state: "Running" }),
    sums(true, { position: "" }),
    sums(true, { copyState: [{ table: "corder", lastPk: "" }] }),
    // Only Materialize ends there: a move is started again.
    sums(true, { workflowType: "move_tables" }),
  ];
  for (const other of goesOn) {
    assert.throws(() => checkReaders(MOVE, [other]), { id: "VT22002" });
    assert.throws(() => checkNeighbours("reports", { into: [other], from: [] }), { id: "VT22002" });
    assert.throws(() => checkNeighbours("commerce", { into: [], from: [other] }), {
      id: "VT22002",
    });
  }
});

Deno.test("of a Materialize in the way it is said how its rows are kept", () => {
  assert.throws(() => checkReaders(MOVE, [sums(false)]), STAYS);
  assert.throws(() => checkNeighbours("reports", { into: [sums(false)], from: [] }), STAYS);
  assert.throws(() => checkNeighbours("commerce", { into: [], from: [sums(false)] }), STAYS);
});

Deno.test("a shard refuses no table by hand that a Materialize reads; what it writes is nothing to it", () => {
  const source = { keyspace: "commerce", shard: "-" };
  const check = (other: OtherStream, table: string, denied: boolean) =>
    checkDenial(source, ["a", table], { into: [], from: [other] }, denied);
  assert.throws(() => check(sums(false), "corder", true), {
    id: "VT22002",
    message:
      /workflow sums of keyspace reports takes rows of corder from commerce\/-, where nobody/,
  });
  // The name of the table that it makes, elsewhere.
  check(sums(false), "totals", true);
  check(sums(true), "corder", true);
  check(sums(false), "corder", false);
  const target = { keyspace: "reports", shard: "-" };
  checkDenial(target, ["totals"], { into: [sums(false)], from: [] }, true);
  for (const denied of [true, false]) {
    const moved = sums(false, { workflowType: "move_tables", message: "FROZEN" });
    const has = { id: "VT22002", message: /workflow sums of keyspace reports has \w+ of / };
    assert.throws(() => check(moved, "corder", denied), has);
    assert.throws(
      () => checkDenial(target, ["totals"], { into: [moved], from: [] }, denied),
      has,
    );
  }
});
