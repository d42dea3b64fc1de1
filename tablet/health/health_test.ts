import assert from "node:assert/strict";
import type { TabletHealth } from "../../shared/rpc/query_service.ts";
import { HealthBroadcast } from "./health.ts";

const FIRST: TabletHealth = {
  alias: { cell: "zone1", uid: 100 },
  target: { keyspace: "commerce", shard: "-", tabletType: "replica" },
  serving: false,
  primaryTermStartTime: undefined,
  lagSeconds: undefined,
  error: "starting",
  schemaVersion: 0,
};

Deno.test("HealthBroadcast tells newcomers at once and all of each change", async () => {
  const health = new HealthBroadcast(FIRST);
  const heard: string[] = [];
  const [first, second] = [new AbortController(), new AbortController()];
  const one = health.stream((now) => heard.push(`1:${now.error}`), first);
  health.publish({ ...FIRST, error: "a" });
  const two = health.stream((now) => heard.push(`2:${now.error}`), second);
  health.publish({ ...FIRST, error: "b" });
  first.abort();
  await one;
  health.publish({ ...FIRST, error: "c" });
  second.abort();
  await two;
  health.publish(FIRST);
  assert.deepEqual(heard, ["1:starting", "1:a", "2:a", "1:b", "2:b", "2:c"]);
  assert.equal(health.listeners, 0);
  assert.equal(health.current, FIRST);
});
