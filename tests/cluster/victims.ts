/** Processes that fault tests kill, by what they are to a workflow. */
import type { LocalCluster } from "./local_cluster.ts";
import type { Place, WorkflowCase } from "./workflow_case.ts";

export const VICTIMS = [
  "gate",
  "vtctld",
  "etcd",
  "source tablet",
  "target tablet",
  "source mysqld",
  "target mysqld",
] as const;
export type Victim = (typeof VICTIMS)[number];

/** Finds who it is before the moment comes; what it gives kills. */
export async function aim(
  cluster: LocalCluster,
  victim: Victim,
  { source, target }: WorkflowCase,
): Promise<() => void> {
  const kill = (pid: number) => () => Deno.kill(pid, "SIGKILL");
  switch (victim) {
    case "gate":
      return kill((await cluster.pidOf("zone1-gate-1")).pid);
    case "vtctld":
    case "etcd":
      return kill((await cluster.pidOf(victim)).pid);
    case "source tablet":
      return kill((await cluster.pidOf(await primaryOf(cluster, source))).pid);
    case "target tablet":
      return kill((await cluster.pidOf(await primaryOf(cluster, target))).pid);
    case "source mysqld":
      return kill(await cluster.mysqldPidOf(await primaryOf(cluster, source)));
    case "target mysqld":
      return kill(await cluster.mysqldPidOf(await primaryOf(cluster, target)));
  }
}

/** Of its first shard. */
async function primaryOf(cluster: LocalCluster, { keyspace, shards }: Place): Promise<string> {
  const lines = (await cluster.vtctl("GetTablets", "--keyspace", keyspace)).trim().split("\n");
  const found = lines.map((line) => line.split(" "))
    .find((fields) => fields[2] === shards[0] && fields[3] === "primary");
  if (found?.[0] === undefined) throw new Error(`${keyspace}/${shards[0]} has no primary`);
  return found[0];
}
