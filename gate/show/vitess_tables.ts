/**
 * SHOW of the cluster: vitess_tablets, vitess_shards, vitess_replication_status. Columns are
 * today's (go/vt/vtgate/executor.go).
 */
import { printTabletAlias } from "../../shared/model/tablet.ts";
import type { Catalog, KnownTablet } from "../executor/catalog.ts";
import { likeMatcher } from "./like.ts";
import type { ShowTable } from "./row_table.ts";

/** LIKE filters the host names. */
export function showVitessTablets(
  catalog: Catalog,
  like: string | undefined,
): ShowTable {
  const matches = likeMatcher(like);
  const columns = [
    "Cell",
    "Keyspace",
    "Shard",
    "TabletType",
    "State",
    "Alias",
    "Hostname",
    "PrimaryTermStartTime",
  ];
  const rows = inOrder(catalog.tablets)
    .filter(({ hostname }) => matches(hostname))
    .map(({ health, hostname }) => [
      health.alias.cell,
      health.target.keyspace,
      health.target.shard,
      health.target.tabletType.toUpperCase(),
      health.serving ? "SERVING" : "NOT_SERVING",
      printTabletAlias(health.alias),
      hostname,
      health.primaryTermStartTime ?? "",
    ]);
  return { columns, rows };
}

/** LIKE filters "keyspace/shard". */
export function showVitessShards(catalog: Catalog, like: string | undefined): ShowTable {
  const matches = likeMatcher(like);
  const rows = catalog.keyspaces
    .flatMap((keyspace) =>
      catalog.shards(keyspace, "primary").map(({ name }) => `${keyspace}/${name}`)
    )
    .filter(matches)
    .map((name) => [name]);
  return { columns: ["Shards"], rows };
}

/** Replicas and their lag. LIKE filters the keyspaces. */
export function showReplicationStatus(catalog: Catalog, like: string | undefined): ShowTable {
  const matches = likeMatcher(like);
  const columns = [
    "Keyspace",
    "Shard",
    "TabletType",
    "Alias",
    "Hostname",
    "ReplicationSource",
    "ReplicationHealth",
    "ReplicationLag",
    "ThrottlerStatus",
  ];
  const rows = inOrder(catalog.tablets)
    .filter(({ health }) => health.target.tabletType !== "primary")
    .filter(({ health }) => matches(health.target.keyspace))
    .map((tablet) => {
      const { health, hostname } = tablet;
      return [
        health.target.keyspace,
        health.target.shard,
        health.target.tabletType.toUpperCase(),
        printTabletAlias(health.alias),
        hostname,
        sourceOf(catalog, tablet),
        replicationHealth(tablet),
        String(health.lagSeconds ?? -1),
        "",
      ];
    });
  return { columns, rows };
}

/** "host:port" of the primary's mysqld. */
function sourceOf(catalog: Catalog, replica: KnownTablet): string {
  const { keyspace, shard } = replica.health.target;
  const source = catalog.tablets.find(({ health: { target } }) =>
    target.keyspace === keyspace && target.shard === shard && target.tabletType === "primary"
  );
  return source === undefined ? "" : `${source.mysqlHostname}:${source.mysqlPort}`;
}

function replicationHealth({ health }: KnownTablet): string {
  const running = health.lagSeconds === undefined ? "No" : "Yes";
  return JSON.stringify({
    EventStreamRunning: running,
    EventApplierRunning: running,
    LastError: health.error ?? "",
  });
}

/** By keyspace, shard, type (primary first) and alias. */
function inOrder(tablets: readonly KnownTablet[]): readonly KnownTablet[] {
  const key = ({ health: { target, alias } }: KnownTablet) =>
    [
      target.keyspace,
      target.shard,
      target.tabletType === "primary" ? "" : target.tabletType,
      printTabletAlias(alias),
    ].join("\0");
  return [...tablets].sort((a, b) => key(a) < key(b) ? -1 : 1);
}
