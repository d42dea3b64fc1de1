import assert from "node:assert/strict";
import { Metrics, SERIES_MAX } from "./metrics.ts";

Deno.test("Metrics prints histograms with cumulated buckets", () => {
  const metrics = new Metrics();
  const latency = metrics.histogram("latency_seconds", "Time.", [0.1, 1]);
  for (const value of [0.05, 0.1, 0.5, 3]) latency.observe(value, { shard: "-80" });
  metrics.gaugeOf("sessions", "Open sessions.", () => 7);
  assert.equal(
    metrics.render(),
    `# HELP latency_seconds Time.
# TYPE latency_seconds histogram
latency_seconds_bucket{shard="-80",le="0.1"} 2
latency_seconds_bucket{shard="-80",le="1"} 3
latency_seconds_bucket{shard="-80",le="+Inf"} 4
latency_seconds_sum{shard="-80"} 3.65
latency_seconds_count{shard="-80"} 4
# HELP sessions Open sessions.
# TYPE sessions gauge
sessions 7
`,
  );
});

Deno.test("Metrics bounds the series of a metric", () => {
  const metrics = new Metrics();
  const counter = metrics.counter("tables_total", "By table.");
  for (let i = 0; i < SERIES_MAX + 10; i++) counter.add(1, { table: `t${i}` });
  const lines = metrics.render().trim().split("\n");
  assert.equal(lines.length, 2 + SERIES_MAX + 1);
  assert.equal(lines.at(-1), 'tables_total{table="other"} 10');
  assert.throws(() => metrics.gauge("tables_total", "again"), TypeError);
});
