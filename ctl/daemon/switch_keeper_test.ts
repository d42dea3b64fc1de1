import assert from "node:assert/strict";
import { openReshard } from "../../tests/harness/model_tablets.ts";
import { createKeyspace, DEFAULT_KEYSPACE } from "../../topo/keyspaces.ts";
import { createShard, setShardPrimary } from "../../topo/shards.ts";
import { getSwitch, saveSwitch } from "../../topo/switches.ts";
import type { TabletClient } from "../command/tablet_client.ts";
import { keepSwitches } from "./switch_keeper.ts";

const RECORD = {
  command: "switchtraffic",
  startedAt: "2026-01-02T03:04:05Z",
  timeoutMs: 1000,
  reverse: true,
  reverseStopped: false,
  initSequences: false,
};

Deno.test("a switch that can't be ended keeps no other from its end", async () => {
  await using cluster = await openReshard("w");
  const { context, topo } = cluster;
  // Of another keyspace, whose tablet takes its time to answer.
  await createKeyspace(topo, "stuck", DEFAULT_KEYSPACE, context);
  await createShard(topo, "stuck", "-", context);
  const term = { alias: { cell: "zone1", uid: 200 }, termStartTime: "2026-01-02T03:04:05Z" };
  await setShardPrimary(topo, "stuck", "-", term, context);
  await saveSwitch(topo, { ...RECORD, keyspace: "stuck", workflow: "stuck" }, context);
  const asked = Promise.withResolvers<void>();
  const tablets: TabletClient = {
    call: async (tablet, method, request, call) => {
      if (!("workflow" in request) || request.workflow !== "stuck") {
        return await context.tablets.call(tablet, method, request, call);
      }
      asked.resolve();
      const gone = Promise.withResolvers<never>();
      call.signal.addEventListener("abort", () => gone.reject(call.signal.reason), { once: true });
      return await gone.promise;
    },
  };
  const stop = new AbortController();
  const keeping = keepSwitches({ ...context, tablets }, stop.signal);
  await asked.promise;
  await saveSwitch(topo, { ...RECORD, keyspace: "customer", workflow: "w" }, context);
  for (let looks = 0; await getSwitch(topo, "customer", "w", context) !== undefined; looks++) {
    assert(looks < 500, "the other switch is not ended");
    await context.clock.sleep(20, context);
  }
  assert.notEqual(await getSwitch(topo, "stuck", "stuck", context), undefined);
  stop.abort();
  await keeping;
});
