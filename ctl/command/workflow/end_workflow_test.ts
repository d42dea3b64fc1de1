/** Workflows come to their end on a model of a cluster, whatever was cut before. */
import assert from "node:assert/strict";
import { VtError } from "../../../shared/error/errors.ts";
import { openReshard, SWITCH_ALL } from "../../../tests/harness/model_tablets.ts";
import type { ModelCluster } from "../../../tests/harness/model_tablets.ts";
import {
  getSrvKeyspace,
  rebuildKeyspaceGraph,
  updateSrvKeyspace,
} from "../../../topo/srv_keyspaces.ts";
import { lockKeyspace } from "../../../topo/locks.ts";
import { getShards } from "../../../topo/shards.ts";
import { listTabletsOfShard } from "../../../topo/tablets.ts";
import { listSwitches, saveSwitch } from "../../../topo/switches.ts";
import { setQueriesDisabled } from "../../workflow/serving.ts";
import type { CommandContext } from "../context.ts";
import { DELETE_SHARDS } from "../delete_shards.ts";
import { findCommand } from "../registry.ts";
import { cancelWorkflow, completeWorkflow, forgetWorkflow } from "./end_workflow.ts";
import { healSwitch } from "./heal_switch.ts";
import { switchTraffic } from "./switch_traffic.ts";

const NAME = { keyspace: "customer", workflow: "w" };
const COMPLETION = {
  keepData: false,
  keepRoutingRules: false,
  renameTables: false,
  dryRun: false,
};

/** As a vtctld leaves it that dies when it has stopped writes, before it wrote a journal. */
async function cutSwitch(
  { topo, context }: ModelCluster,
  workflow: string,
  stopped: readonly string[],
): Promise<void> {
  await saveSwitch(topo, {
    keyspace: "customer",
    workflow,
    command: "Reshard --workflow w --target-keyspace customer reversetraffic",
    startedAt: "2026-01-02T03:04:05Z",
    timeoutMs: 1000,
    reverse: true,
    reverseStopped: false,
    initSequences: false,
  }, context);
  const stop = (srv: Parameters<typeof setQueriesDisabled>[0]) =>
    setQueriesDisabled(srv, "primary", stopped, true);
  await updateSrvKeyspace(topo, "zone1", "customer", stop, context);
}

async function heal({ topo, context }: ModelCluster): Promise<void> {
  for (const record of await listSwitches(topo, context)) await healSwitch(context, record);
}

/** Shards whose primaries refuse queries. */
async function refusing(context: CommandContext): Promise<readonly string[]> {
  const { partitions } = await getSrvKeyspace(context.topo, "zone1", "customer", context);
  return partitions.filter(({ servedType }) => servedType === "primary")
    .flatMap(({ shardTabletControls }) => shardTabletControls.map(({ name }) => name));
}

/** What a failed program says is to be run, as it says it. */
async function runAgain(context: CommandContext, message: string): Promise<void> {
  const [, name = "", args = ""] = /^run (\w+) (.+) again/m.exec(message) ?? [];
  assert.notEqual(name, "", message);
  await findCommand(name).prepare(args.split(" "), name).run(context);
}

Deno.test("complete first ends a switch back that was cut: the new shards go on taking writes", async () => {
  await using cluster = await openReshard("w");
  const { context, topo } = cluster;
  await switchTraffic(context, NAME, "there", SWITCH_ALL);
  assert.deepEqual(await refusing(context), ["-"]);
  await cutSwitch(cluster, "w_reverse", ["-80", "80-"]);
  await completeWorkflow(context, NAME, COMPLETION);
  assert.deepEqual(await refusing(context), []);
  assert.deepEqual(await listSwitches(topo, context), []);
  assert.deepEqual([...(await getShards(topo, "customer", context)).keys()], ["-80", "80-"]);
});

Deno.test("cancel and delete end a switch that was cut: the old shard takes writes again", async () => {
  for (const end of ["cancel", "delete"] as const) {
    await using cluster = await openReshard("w");
    const { context, topo } = cluster;
    await cutSwitch(cluster, "w", ["-"]);
    assert.deepEqual(await refusing(context), ["-"]);
    if (end === "delete") await forgetWorkflow(context, NAME);
    else {
      await cancelWorkflow(context, NAME, {
        keepData: false,
        keepRoutingRules: false,
        dryRun: false,
      });
    }
    assert.deepEqual(await refusing(context), [], end);
    assert.deepEqual(await listSwitches(topo, context), [], end);
  }
});

Deno.test("a keyspace whose old shards were kept is rebuilt when they are removed", async () => {
  await using cluster = await openReshard("w");
  const { context, topo } = cluster;
  await switchTraffic(context, NAME, "there", SWITCH_ALL);
  await completeWorkflow(context, NAME, { ...COMPLETION, keepData: true });
  await assert.rejects(rebuildKeyspaceGraph(topo, "customer", context), {
    id: "VT22002",
    message: /list names it\), or .* remove them with DeleteShards --recursive$/,
  });
  await DELETE_SHARDS.prepare(["--recursive", "customer/-"], "DeleteShards").run(context);
  await rebuildKeyspaceGraph(topo, "customer", context);
  assert.deepEqual(await refusing(context), []);
});

Deno.test("a switch that is under way is left alone, and not asked about", async () => {
  await using cluster = await openReshard("w");
  const { context, topo, tablets } = cluster;
  await cutSwitch(cluster, "w", ["-"]);
  {
    await using _held = await lockKeyspace(topo, "customer", "SwitchTraffic(w)", context);
    await heal(cluster);
    assert.deepEqual(tablets.calls, []);
    assert.deepEqual(await refusing(context), ["-"]);
  }
  await heal(cluster);
  assert.deepEqual(await refusing(context), []);
  assert.deepEqual(await listSwitches(topo, context), []);
});

Deno.test("thousands of tables are dropped in a few calls a shard", async () => {
  const tables = Array.from({ length: 2000 }, (_, i) => `t${i}`);
  await using cluster = await openReshard("w", tables);
  const { context, tablets } = cluster;
  await cancelWorkflow(context, NAME, { keepData: false, keepRoutingRules: false, dryRun: false });
  assert.equal(tablets.tablet("zone1-0000000200").tables.size, 0);
  assert.equal(tablets.tablet("zone1-0000000100").tables.size, tables.length);
  assert(tablets.calls.length < 100, `${tablets.calls.length} calls`);
  assert(tablets.openMax <= 6, `${tablets.openMax} calls at a time`);
});

Deno.test("complete of a reshard goes on wherever its vtctld died", async () => {
  let error: unknown;
  for (let writes = 0; writes === 0 || error !== undefined; writes++) {
    await using cluster = await openReshard("w");
    const { context, topo, tablets } = cluster;
    await switchTraffic(context, NAME, "there", SWITCH_ALL);
    cluster.writesLeft = writes;
    error = await completeWorkflow(context, NAME, COMPLETION).catch((thrown) => thrown);
    if (!(error instanceof VtError)) error = undefined;
    cluster.writesLeft = Infinity;
    if (error !== undefined) await runAgain(context, String(error));
    const where = `died behind ${writes} writes`;
    assert.deepEqual(
      [...(await getShards(topo, "customer", context)).keys()],
      ["-80", "80-"],
      where,
    );
    assert.deepEqual(await listTabletsOfShard(topo, "customer", "-", context), [], where);
    assert.deepEqual(await refusing(context), [], where);
    const { streams } = tablets.tablet("zone1-0000000200");
    assert.equal(streams.size, 0, where);
  }
});
