/** The tablets of a cluster, as GetTablets lists them. */
import assert from "node:assert/strict";
import type { LocalCluster } from "./local_cluster.ts";

export interface TabletWish {
  readonly keyspace: string;
  readonly shard: string;
  readonly type: "primary" | "replica" | "rdonly";
}

/** Their aliases. */
export async function tabletsOf(
  cluster: LocalCluster,
  { keyspace, shard, type }: TabletWish,
): Promise<readonly string[]> {
  const lines = (await cluster.vtctl("GetTablets", "--keyspace", keyspace)).trim().split("\n");
  return lines.map((line) => line.split(" "))
    .filter((fields) => fields[2] === shard && fields[3] === type).map(([alias = ""]) => alias);
}

/** The first of them; there must be one. */
export async function tabletOf(cluster: LocalCluster, wish: TabletWish): Promise<string> {
  const [alias] = await tabletsOf(cluster, wish);
  return alias ?? assert.fail(`no ${wish.type} of ${wish.keyspace}/${wish.shard}`);
}
