/** vtctld's old read paths under /api/, as scripts of Vitess's users call them (go/vt/vtctld/api.go). */
import type { Hono } from "hono";
import { vtError } from "../../shared/error/errors.ts";
import { parseTabletAlias } from "../../shared/model/tablet.ts";
import { getCell, listCells } from "../../topo/cells.ts";
import { getKeyspace, listKeyspaces } from "../../topo/keyspaces.ts";
import { getShard, listShards } from "../../topo/shards.ts";
import { getSrvKeyspace, listSrvKeyspaces } from "../../topo/srv_keyspaces.ts";
import { getTablet, listAllTablets } from "../../topo/tablets.ts";
import type { Topology } from "../../topo/topology.ts";
import {
  protoCellInfo,
  protoKeyspace,
  protoShard,
  protoSrvKeyspace,
  protoTablet,
} from "../command/proto_json.ts";

/** A dashboard that hangs on a dead etcd helps nobody. */
const READ_TIMEOUT_MS = 10_000;

export interface TopologyInfo {
  readonly cells: readonly string[];
  readonly keyspaces: readonly string[];
  readonly tablet_types: readonly string[];
}

export function addTopologyRoutes(app: Hono, topo: Topology): void {
  const call = (request: Request) => ({
    signal: AbortSignal.any([request.signal, AbortSignal.timeout(READ_TIMEOUT_MS)]),
  });
  app.get("/api/cells/", async (c) => c.json(await listCells(topo, call(c.req.raw))));
  app.get(
    "/api/cells/:cell",
    async (c) => c.json(protoCellInfo(await getCell(topo, c.req.param("cell"), call(c.req.raw)))),
  );
  app.get("/api/keyspaces/", async (c) => c.json(await listKeyspaces(topo, call(c.req.raw))));
  app.get(
    "/api/keyspaces/:keyspace",
    async (c) =>
      c.json(protoKeyspace(await getKeyspace(topo, c.req.param("keyspace"), call(c.req.raw)))),
  );
  const tablets = async (request: Request, keyspace: string, shard?: string) => {
    await getKeyspace(topo, keyspace, call(request));
    const all = await listAllTablets(topo, call(request));
    return all.filter((tablet) =>
      tablet.keyspace === keyspace && (shard === undefined || tablet.shard === shard)
    ).map(protoTablet);
  };
  app.get(
    "/api/keyspace/:keyspace/tablets/",
    async (c) => c.json(await tablets(c.req.raw, c.req.param("keyspace"))),
  );
  app.get(
    "/api/keyspace/:keyspace/tablets/:shard",
    async (c) => c.json(await tablets(c.req.raw, c.req.param("keyspace"), c.req.param("shard"))),
  );
  addShardRoutes(app, topo, call);
}

type CallOf = (request: Request) => { readonly signal: AbortSignal };

function addShardRoutes(app: Hono, topo: Topology, call: CallOf): void {
  app.get("/api/shards/:keyspace/", async (c) => {
    await getKeyspace(topo, c.req.param("keyspace"), call(c.req.raw));
    return c.json(await listShards(topo, c.req.param("keyspace"), call(c.req.raw)));
  });
  app.get("/api/shards/:keyspace/:shard", async (c) => {
    const { keyspace, shard } = c.req.param();
    const record = await getShard(topo, keyspace, shard, call(c.req.raw));
    return c.json(protoShard(keyspace, shard, record)["shard"]);
  });
  app.get("/api/srv_keyspace/:cell/", async (c) => {
    const cell = c.req.param("cell");
    const names = await listSrvKeyspaces(topo, cell, call(c.req.raw));
    const found = await Promise.all(
      names.map(async (name) =>
        [name, protoSrvKeyspace(await getSrvKeyspace(topo, cell, name, call(c.req.raw)))] as const
      ),
    );
    return c.json(Object.fromEntries(found));
  });
  app.get("/api/srv_keyspace/:cell/:keyspace", async (c) => {
    const { cell, keyspace } = c.req.param();
    return c.json(protoSrvKeyspace(await getSrvKeyspace(topo, cell, keyspace, call(c.req.raw))));
  });
  app.get("/api/tablets/", async (c) => {
    const tablets = await listAllTablets(topo, call(c.req.raw));
    return c.json(tablets.map(protoTablet));
  });
  app.get("/api/tablets/:alias", async (c) => {
    const record = await getTablet(topo, readAlias(c.req.param("alias")), call(c.req.raw));
    return c.json(protoTablet(record));
  });
  app.get("/api/topology_info/", async (c) => {
    const [cells, keyspaces] = await Promise.all([
      listCells(topo, call(c.req.raw)),
      listKeyspaces(topo, call(c.req.raw)),
    ]);
    const info: TopologyInfo = { cells, keyspaces, tablet_types: ["PRIMARY", "REPLICA", "RDONLY"] };
    return c.json(info);
  });
}

function readAlias(text: string): ReturnType<typeof parseTabletAlias> {
  try {
    return parseTabletAlias(text);
  } catch (error) {
    throw vtError("VT22001", error instanceof Error ? error.message : String(error));
  }
}
