import assert from "node:assert/strict";
import type { VDiffReport, VDiffStatus } from "../../shared/rpc/vdiff.ts";
import { printLegacySummary, printSummary, summarize } from "./vdiff_summary.ts";

const NAME = { keyspace: "customer", workflow: "cust2cust", uuid: "4d7b4d2c" };

function report(matching: number, more: Partial<VDiffReport> = {}): VDiffReport {
  const { mismatchedRows = 0, extraRowsSource = 0, extraRowsTarget = 0 } = more;
  return {
    processedRows: matching + mismatchedRows + extraRowsSource + extraRowsTarget,
    matchingRows: matching,
    mismatchedRows,
    extraRowsSource,
    extraRowsTarget,
    mismatchedSample: [],
    extraSourceSample: [],
    extraTargetSample: [],
    ...more,
  };
}

function status(
  shard: string,
  state: VDiffStatus["state"],
  reports: Readonly<Record<string, VDiffReport>>,
  more: Partial<VDiffStatus> = {},
): VDiffStatus {
  return {
    ...NAME,
    shard,
    state,
    lastError: "",
    createdAt: "2026-01-31 12:00:00",
    startedAt: "2026-01-31 12:00:00",
    completedAt: state === "completed" ? "2026-01-31 12:00:04" : "",
    tables: Object.entries(reports).map(([table, found]) => ({
      table,
      state: state === "completed" ? "completed" : "started",
      tableRows: 100,
      report: found,
      updatedAt: "2026-01-31 12:00:01",
    })),
    ...more,
  };
}

Deno.test("the old client's lines are sums over the shards, by table", () => {
  const summary = summarize(NAME, [
    status("-80", "completed", { customer: report(4), corder: report(4) }),
    status("80-", "completed", { customer: report(1), corder: report(1) }),
  ]);
  assert.equal(
    printLegacySummary(summary),
    "Summary for corder: {ProcessedRows:5 MatchingRows:5 MismatchedRows:0 ExtraRowsSource:0 ExtraRowsTarget:0}\n" +
      "Summary for customer: {ProcessedRows:5 MatchingRows:5 MismatchedRows:0 ExtraRowsSource:0 ExtraRowsTarget:0}",
  );
});

Deno.test("one shard that failed or still compares is the state of the whole", () => {
  const done = status("-80", "completed", { t: report(4) });
  assert.equal(
    summarize(NAME, [done, status("80-", "started", { t: report(1) })]).state,
    "started",
  );
  const broken = status("80-", "error", {}, { lastError: "no tablet" });
  const summary = summarize(NAME, [done, broken]);
  assert.equal(summary.state, "error");
  assert.match(printSummary(summary, 0, false), /Error: \(shard 80-\) no tablet/);
});

Deno.test("rows that differ are counted, and shown when asked", () => {
  const found = report(3, {
    mismatchedRows: 1,
    mismatchedSample: [{ source: { id: "1", a: "x" }, target: { id: "1", a: null } }],
  });
  const summary = summarize(NAME, [status("-", "completed", { t: found })]);
  assert.equal(summary.hasMismatch, true);
  assert.match(printSummary(summary, 0, false), /\tMismatchedRows: {3}1/);
  assert.doesNotMatch(printSummary(summary, 0, false), /source/);
  assert.match(printSummary(summary, 0, true), /source \{"id":"1","a":"x"\} target/);
});
