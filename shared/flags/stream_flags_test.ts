import assert from "node:assert/strict";
import { printStreamOptions, settingsOf } from "./stream_flags.ts";

const DEFAULTS = { vreplicationParallelTables: 4, vreplicationCopyPhaseDuration: 1000 };

Deno.test("a workflow's settings stand over the tablet's", () => {
  assert.deepEqual(settingsOf(DEFAULTS, ""), DEFAULTS);
  assert.deepEqual(settingsOf(DEFAULTS, `{"migration_stamp": "x"}`), DEFAULTS);
  const options = printStreamOptions([
    "vreplication-parallel-tables=1",
    "vreplication_copy_phase_duration=2m",
  ]);
  assert.deepEqual(settingsOf(DEFAULTS, options), {
    vreplicationParallelTables: 1,
    vreplicationCopyPhaseDuration: 120_000,
  });
});

Deno.test("settings that nothing acts on are refused", () => {
  assert.throws(() => printStreamOptions(["max-tps=5"]), /VT23001: unknown flag --max-tps/);
  assert.throws(() => printStreamOptions(["vreplication-parallel-tables=0"]), /VT23002/);
  assert.throws(() => printStreamOptions(["vreplication-parallel-tables"]), /VT23/);
  assert.throws(() => settingsOf(DEFAULTS, "{"), /VT27007.*no JSON/);
  assert.throws(() => settingsOf(DEFAULTS, `{"config": {"x": "1"}}`), /VT27007.*--x/);
});
