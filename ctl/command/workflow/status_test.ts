import { deepEqual, equal, match } from "node:assert/strict";
import { World } from "../../../tests/harness/workflow_world.ts";
import type { StreamStatus } from "../../../shared/rpc/vreplication.ts";
import type { WorkflowFacts } from "../../workflow/facts.ts";
import { measure } from "../../workflow/progress.ts";
import { printStatus } from "./output.ts";

const NOW = 1_700_000_000;
const SOURCE = [
  { shard: "-", table: "customer", rows: 1000, bytes: 900_000 },
  { shard: "-", table: "corder", rows: 3000, bytes: 8_700_000 },
];

/** Of a MoveTables of two tables whose stream is so far. */
function facts(more: Partial<StreamStatus>): WorkflowFacts {
  const world = new World("move_tables", ["-"], ["-"]);
  world.addStreams("w");
  const known = world.facts("w");
  return {
    ...known,
    streams: known.streams.map(({ shard, stream }) => ({
      shard,
      stream: { ...stream, position: "MariaDB/0-1-1", transactionTimestamp: NOW - 2, ...more },
    })),
  };
}

function print(more: Partial<StreamStatus>, target: number, secondsAgo: number) {
  const at = facts(more);
  const here = [{ shard: "-", table: "corder", rows: target, bytes: 1 }];
  const progress = measure(at, SOURCE, here, NOW);
  const begun = { percent: 0, secondsAgo };
  const name = { keyspace: "customer", workflow: "w" };
  const trafficState = "Reads Not Switched. Writes Not Switched";
  return printStatus({ ...name, facts: at, progress, begun, trafficState }, new Date(NOW * 1000));
}

const HALF = { state: "Copying", copyState: [{ table: "corder", lastPk: "x" }] } as const;

Deno.test("status prints what is copied of each table, the bar and how long it takes", () => {
  const { text, json } = print({ ...HALF, rowsCopied: 2500 }, 1500, 55);
  equal(
    text,
    `The following vreplication streams exist for workflow customer.w:

id=1 on customer/-: Status: Copying. VStream has not started.

Table Copy Status:
\tcorder: RowsCopied:1500, RowsTotal:3000, RowsPercentage:50.00, BytesCopied:4350000, BytesTotal:8700000, BytesPercentage:50.00, Phase:InProgress

[###########.........]  55.0% copying, ETA 45s, lag 2s, 2500 of 4000 rows, 5.3 of 9.6 MB

Traffic State: Reads Not Switched. Writes Not Switched`,
  );
  const shown = new Map(Object.entries(Object(json)));
  shown.delete("shard_streams");
  deepEqual(Object.fromEntries(shown), {
    table_copy_state: {
      corder: {
        rows_copied: 1500,
        rows_total: 3000,
        bytes_copied: 4_350_000,
        bytes_total: 8_700_000,
        phase: "copying",
      },
    },
    traffic_state: "Reads Not Switched. Writes Not Switched",
    state: "copying",
    percent: 55,
    rows_copied: 2500,
    rows_total: 4000,
    bytes_copied: 5_250_000,
    bytes_total: 9_600_000,
    lag_seconds: 2,
    eta_seconds: 45,
  });
});

Deno.test("status of a copy that builds keys says so", () => {
  const message = "Building secondary keys of corder";
  const { text } = print({ ...HALF, rowsCopied: 4000, message }, 3000, 55);
  match(text, /^id=1 on customer\/-: Status: Copying\. Building secondary keys of corder\.$/m);
  match(text, /^\[#{19}\.\] {2}99\.9% building keys, lag 2s, 4000 of 4000 rows, /m);
});

Deno.test("status of a copy that stands still says how far it is, and of no time to go", () => {
  const stopped = print({ ...HALF, state: "Stopped", rowsCopied: 2500 }, 1500, 0);
  equal(stopped.text.includes("55.0% stopped, lag 2s, 2500 of 4000 rows, 5.3 of 9.6 MB\n"), true);
  equal(Object(stopped.json)["eta_seconds"], null);
  const running = print({ state: "Running", rowsCopied: 4100 }, 0, 0);
  equal(running.text.includes("rows"), false);
  equal(running.text.includes("Status: Running. VStream Lag: 2s."), true);
  deepEqual(
    [Object(running.json)["percent"], Object(running.json)["rows_total"]],
    [100, 4100],
  );
});
