/** For those who read replicas: what they give is right at a moment, which may be a past one. */
import { withFlavor } from "../../ctl/workflow/journal.ts";
import { positionContains } from "../../shared/binlog/position.ts";
import { waitFor } from "../harness/wait.ts";
import type { LocalCluster } from "./local_cluster.ts";

/** Until the replicas of "keyspace/shard" have all that its primary has committed so far. */
export async function levelReplicas(cluster: LocalCluster, shard: string): Promise<void> {
  const [primary] = await positions(cluster, shard);
  if (primary === undefined) throw new Error(`${shard} has no tablets`);
  await waitFor(
    `replicas of ${shard} at ${primary}`,
    async () =>
      (await positions(cluster, shard)).every((position) => positionContains(position, primary)),
  );
}

/** The primary's first: "ALIAS KEYSPACE SHARD TYPE ... POSITION LAG" a line. */
async function positions(cluster: LocalCluster, shard: string): Promise<readonly string[]> {
  const text = await cluster.vtctl("ShardReplicationPositions", shard);
  return text.trim().split("\n").map((line) => withFlavor(line.split(" ").at(-2) ?? ""));
}
