import assert from "node:assert/strict";
import { HOST_CLOCK } from "../shared/host/clock.ts";
import { SILENT_LOG } from "../shared/host/log.ts";
import { createCell } from "./cells.ts";
import { MemoryStore } from "./memory/store.ts";
import { openMemoryTopology } from "./memory/topology.ts";
import { MemoryTree } from "./memory/tree.ts";
import { ROUTING_RULES, SRV_VSCHEMA } from "./paths.ts";
import { saveRoutingRules } from "./routing_rules.ts";
import { getSrvVSchema, rebuildVSchemaGraph } from "./srv_vschemas.ts";
import type { Call, Entry, Version } from "./store.ts";
import { Topology } from "./topology.ts";

const GLOBAL = "/vitess/example/global";
const CELL = "/vitess/example/local/zone1";

/** Stands still once behind its first look at the routing rules; keeps what it wrote. */
class SlowStore extends MemoryStore {
  readonly reached = Promise.withResolvers<void>();
  readonly goOn = Promise.withResolvers<void>();
  readonly written: string[] = [];

  override async get(path: string, call: Call): Promise<Entry> {
    const entry = await super.get(path, call);
    if (path !== ROUTING_RULES) return entry;
    this.reached.resolve();
    await this.goOn.promise;
    return entry;
  }

  override async put(
    path: string,
    value: Uint8Array,
    version: Version | undefined,
    call: Call,
  ): Promise<Version> {
    const written = await super.put(path, value, version, call);
    if (path === SRV_VSCHEMA) this.written.push(new TextDecoder().decode(value));
    return written;
  }
}

Deno.test("a rebuild that stood still never writes the routing rules that it had read before", async () => {
  const tree = new MemoryTree();
  const call = { signal: new AbortController().signal };
  const slow = new SlowStore(tree, GLOBAL);
  const slowCell = new SlowStore(tree, CELL);
  await using quickTopo = openMemoryTopology(tree);
  await using slowTopo = new Topology({
    global: slow,
    openCell: () => slowCell,
    clock: HOST_CLOCK,
    log: SILENT_LOG,
    holder: quickTopo.holder,
  });
  await createCell(quickTopo, "zone1", { serverAddress: "", root: CELL }, call);
  const rules = (keyspace: string) => ({
    rules: [{ fromTable: "t", toTables: [`${keyspace}.t`] }],
  });
  await saveRoutingRules(quickTopo, rules("source"), call);
  await rebuildVSchemaGraph(quickTopo, call);
  const rebuilding = rebuildVSchemaGraph(slowTopo, call);
  await slow.reached.promise;
  await saveRoutingRules(quickTopo, rules("target"), call);
  await rebuildVSchemaGraph(quickTopo, call);
  slow.goOn.resolve();
  await rebuilding;
  const { routingRules } = await getSrvVSchema(quickTopo, "zone1", call);
  assert.deepEqual(routingRules, rules("target"));
  assert.equal(slowCell.written.length, 1);
  assert.match(slowCell.written[0] ?? "", /target\.t/);
});
