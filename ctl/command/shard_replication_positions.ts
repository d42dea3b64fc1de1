import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { findShard, tabletsOf } from "./lookup.ts";
import { one, parseKeyspaceShard } from "./positional.ts";
import { protoTablet } from "./proto_json.ts";
import { printTabletLine } from "./tablet_line.ts";

interface TabletPosition {
  readonly alias: string;
  readonly position: string;
  readonly lag_seconds: number | null;
  readonly replicating: boolean;
  readonly error: string;
}

export const SHARD_REPLICATION_POSITIONS = defineCommand({
  name: "ShardReplicationPositions",
  group: "Shards",
  summary: "Shows where each tablet of a shard is in replication.",
  details: ["The primary comes first, then the replicas by lag; <err> stands for a silent tablet."],
  examples: ["ShardReplicationPositions customer/-80"],
  flags: {},
  positionals: { shard: one("keyspace/shard", parseKeyspaceShard) },
  run: async (context, { args }) => {
    const found = await findShard(context, args.shard);
    const tablets = await tabletsOf(context, found);
    const rows = await Promise.all(tablets.map(async (tablet) => ({
      status: await ask(context, tablet),
      tablet,
    })));
    rows.sort((a, b) =>
      Number(b.tablet.type === "primary") - Number(a.tablet.type === "primary") ||
      lagOf(a.status) - lagOf(b.status) ||
      (a.status.alias < b.status.alias ? -1 : 1)
    );
    return rows;
  },
  toJson: (rows) => ({
    replication_statuses: Object.fromEntries(rows.map(({ status }) => [status.alias, status])),
    tablet_map: Object.fromEntries(rows.map((row) => [row.status.alias, protoTablet(row.tablet)])),
  }),
  print: (rows) =>
    rows.map(({ tablet, status }) =>
      status.error === ""
        ? `${printTabletLine(tablet)} ${status.position} ${status.lag_seconds ?? "<null>"}`
        : `${printTabletLine(tablet)} <err> <err> ${status.error}`
    ).join("\n"),
});

/** An unknown lag sorts last. */
function lagOf(status: TabletPosition): number {
  return status.lag_seconds ?? Number.MAX_SAFE_INTEGER;
}

async function ask(context: CommandContext, tablet: TabletRecord): Promise<TabletPosition> {
  const alias = printTabletAlias(tablet.alias);
  const call = { signal: context.signal };
  try {
    if (tablet.type === "primary") {
      const { position } = await context.tablets.call(tablet, "PrimaryPosition", {}, call);
      return { alias, position, lag_seconds: 0, replicating: false, error: "" };
    }
    const status = await context.tablets.call(tablet, "ReplicationStatus", {}, call);
    return {
      alias,
      position: status.position,
      lag_seconds: status.lagSeconds ?? null,
      replicating: status.ioRunning && status.sqlRunning,
      error: status.lastError,
    };
  } catch (error) {
    context.signal.throwIfAborted();
    const text = error instanceof Error ? error.message : String(error);
    return { alias, position: "", lag_seconds: null, replicating: false, error: text };
  }
}
