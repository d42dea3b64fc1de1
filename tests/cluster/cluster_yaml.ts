/** Cluster files for tests, in the shape of the examples. */

export interface KeyspaceShape {
  readonly name: string;
  /** Partitionings: [1, 2] has the shards -, -80 and 80-. */
  readonly parts: readonly number[];
  readonly replicas: number;
  /** Tablets of type rdonly for each shard; default none. */
  readonly rdonly?: number;
  /** Program of its mysqlds; default: the cluster's. */
  readonly mysqld?: string;
}

/** The secrets are those of the examples. */
export async function clusterYaml(keyspaces: readonly KeyspaceShape[]): Promise<string> {
  const example = await Deno.readTextFile(
    new URL("../../examples/101_initial_cluster.yaml", import.meta.url),
  );
  const [head = "", secrets = ""] = example.split("\n---\n");
  const top = head.slice(0, head.indexOf("  keyspaces:"));
  return `${top}  keyspaces:\n${keyspaces.map(keyspaceYaml).join("")}---\n${secrets}`;
}

function keyspaceYaml({ name, parts, replicas, rdonly = 0, mysqld }: KeyspaceShape): string {
  return `  - name: ${name}
    turndownPolicy: Immediate${mysqld === undefined ? "" : `\n    mysqld: ${mysqld}`}
    partitionings:
${parts.map((count) => partitioningYaml(count, replicas, rdonly)).join("")}`;
}

function partitioningYaml(parts: number, replicas: number, rdonly: number): string {
  return `    - equal:
        parts: ${parts}
        shardTemplate:
          databaseInitScriptSecret:
            name: example-cluster-config
            key: init_db.sql
          replication:
            enforceSemiSync: false
          tabletPools:
${poolYaml("replica", replicas)}${rdonly === 0 ? "" : poolYaml("rdonly", rdonly)}`;
}

function poolYaml(type: string, replicas: number): string {
  return `          - cell: zone1
            type: ${type}
            replicas: ${replicas}
`;
}

/** Names of the shards of an equal partitioning: 2 has -80 and 80-. */
export function equalShards(parts: number): readonly string[] {
  const bound = (i: number): string =>
    i % parts === 0 ? "" : (256 * i / parts).toString(16).padStart(2, "0");
  return Array.from({ length: parts }, (_, i) => `${bound(i)}-${bound(i + 1)}`);
}
