import assert from "node:assert/strict";
import { openMemoryTopology } from "../../topo/memory/topology.ts";
import { MemoryTree } from "../../topo/memory/tree.ts";
import { createCell } from "../../topo/cells.ts";
import { DEFAULT_KEYSPACE } from "../../topo/keyspaces.ts";
import { registerTablet } from "../../topo/registration.ts";
import { getShard, updateShard } from "../../topo/shards.ts";
import { rebuildKeyspaceGraph } from "../../topo/srv_keyspaces.ts";
import { listAllTablets } from "../../topo/tablets.ts";
import type { Topology } from "../../topo/topology.ts";
import { parseTabletAlias, printTabletAlias } from "../../shared/model/tablet.ts";
import { type TempDir, tempDir } from "../../tests/harness/temp_dir.ts";
import type { ClusterSpec } from "./cluster_spec.ts";
import { emptyState } from "./layout.ts";
import { turnDown } from "./turn_down.ts";

const CALL = { signal: new AbortController().signal };
const NAME = "zone1-0000000100";

/** A file that has none of the tablets, and other cells. */
const SPEC: ClusterSpec = {
  name: "example",
  cells: [{ name: "zone2", gates: 1, usersJson: undefined }],
  keyspaces: [],
  initialData: undefined,
  ignored: [],
};

interface World extends AsyncDisposable {
  readonly topo: Topology;
  readonly said: string[];
  /** What was done, in order. */
  readonly done: string[];
  readonly data: string;
  turnDown(): Promise<void>;
}

/** One tablet with data on disk; `known`: registered as well, in customer/-, which serves. */
async function oneTablet(known: boolean): Promise<World> {
  const folder: TempDir = await tempDir("turn");
  const data = `${folder.path}/tablets/${NAME}/data`;
  await Deno.mkdir(data, { recursive: true });
  const topo = openMemoryTopology(new MemoryTree());
  for (const cell of ["zone1", "zone2"]) {
    await createCell(topo, cell, { serverAddress: "", root: `/${cell}` }, CALL);
  }
  if (known) {
    await registerTablet(
      topo,
      {
        alias: parseTabletAlias(NAME),
        hostname: "127.0.0.1",
        portMap: { vt: 15200, grpc: 15100 },
        keyspace: "customer",
        shard: "-",
        type: "replica",
        dbNameOverride: "",
        tags: {},
        mysqlHostname: "127.0.0.1",
        mysqlPort: 17100,
      },
      DEFAULT_KEYSPACE,
      CALL,
    );
    await rebuildKeyspaceGraph(topo, "customer", { ...CALL, cells: ["zone1"] });
  }
  const said: string[] = [];
  const done: string[] = [];
  const note = (what: string) => (name: string) =>
    Promise.resolve(void done.push(`${what} ${name}`));
  return {
    topo,
    said,
    done,
    data,
    turnDown: () =>
      turnDown({
        spec: SPEC,
        before: undefined,
        state: { ...emptyState("example"), tablets: { [NAME]: { rpc: 1, http: 2, mysql: 3 } } },
        place: { dataDir: folder.path, portOffset: 0 },
        topo,
        stop: note("stop"),
        forget: note("forget"),
        command: () => Promise.reject(new Error("no command was to be run")),
        run: { ...CALL, progress: (line) => said.push(line) },
      }),
    async [Symbol.asyncDispose]() {
      await topo[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("turnDown() leaves a shard alone that serves in a cell which the file left out", async () => {
  await using world = await oneTablet(true);
  await assert.rejects(world.turnDown(), /VT22002: shard customer\/- is not in the file but still/);
  assert.deepEqual(world.done, []);
  assert.ok(await isThere(world.data));
});

Deno.test("turnDown() removes a tablet of a shard that serves no more, with its data", async () => {
  await using world = await oneTablet(true);
  const off = { isPrimaryServing: false, primaryAlias: parseTabletAlias(NAME) };
  await updateShard(world.topo, "customer", "-", (shard) => ({ ...shard, ...off }), CALL);
  await rebuildKeyspaceGraph(world.topo, "customer", { ...CALL, cells: ["zone1"] });
  await world.turnDown();
  assert.deepEqual(world.done, [`stop ${NAME}`, `forget ${NAME}`]);
  assert.ok(!await isThere(world.data));
  const left = await listAllTablets(world.topo, CALL);
  assert.deepEqual(left.map(({ alias }) => printTabletAlias(alias)), []);
  assert.equal((await getShard(world.topo, "customer", "-", CALL)).primaryAlias, undefined);
});

Deno.test("turnDown() keeps the data of a tablet that the topology doesn't know", async () => {
  await using world = await oneTablet(false);
  await world.turnDown();
  assert.deepEqual(world.done, [`stop ${NAME}`, `forget ${NAME}`]);
  assert.ok(await isThere(world.data));
  assert.match(world.said.join("\n"), /its data stays in .*zone1-0000000100/);
});
