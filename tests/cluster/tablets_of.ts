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
  return (await listed(cluster, keyspace))
    .filter((fields) => fields[2] === shard && fields[3] === type).map(([alias = ""]) => alias);
}

/** Shard -> its primary's alias. */
export async function primariesOf(
  cluster: LocalCluster,
  keyspace: string,
): Promise<ReadonlyMap<string, string>> {
  return new Map(
    (await listed(cluster, keyspace)).filter((fields) => fields[3] === "primary")
      .map(([alias = "", , shard = ""]) => [shard, alias]),
  );
}

async function listed(
  cluster: LocalCluster,
  keyspace: string,
): Promise<readonly (readonly string[])[]> {
  const lines = (await cluster.vtctl("GetTablets", "--keyspace", keyspace)).trim().split("\n");
  return lines.map((line) => line.split(" "));
}

/** The first of them; there must be one. */
export async function tabletOf(cluster: LocalCluster, wish: TabletWish): Promise<string> {
  const [alias] = await tabletsOf(cluster, wish);
  return alias ?? assert.fail(`no ${wish.type} of ${wish.keyspace}/${wish.shard}`);
}
