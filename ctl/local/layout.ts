/**
 * Where each process of a local cluster lives: folders, ports and command lines. Pure; ports that
 * turn out to be taken are replaced by the caller and kept in the state file.
 */
import { parseTabletAlias, printTabletAlias, type TabletAlias } from "../../shared/model/tablet.ts";
import type { CellSpec, ClusterSpec, KeyspaceSpec, ShardSpec, TabletSpec } from "./cluster_spec.ts";

/** What people type and bookmark; taken means an error, not another port. */
export const PUBLIC_PORTS = { gateMysql: 15306, gateHttp: 15001, ctld: 15000 } as const;

/** What only the cluster itself uses; the first free port from here on. */
export const INTERNAL_PORTS = {
  etcdClient: 2379,
  etcdPeer: 2380,
  supervisor: 15010,
  tabletRpc: 15100,
  tabletHttp: 15200,
  tabletMysql: 17100,
} as const;

export interface TabletPorts {
  readonly rpc: number;
  readonly http: number;
  readonly mysql: number;
}

/** Everything of a cluster that outlives a run and is not in the topology: DATA/cluster.json. */
export interface ClusterState {
  readonly version: 1;
  readonly name: string;
  readonly etcd: { readonly client: number; readonly peer: number } | undefined;
  readonly tablets: Readonly<Record<string, TabletPorts>>;
  /** Keyspaces whose initialSchema and initialVSchema are in. */
  readonly keyspacesReady: readonly string[];
  readonly dataLoaded: boolean;
}

export function emptyState(name: string): ClusterState {
  return {
    version: 1,
    name,
    etcd: undefined,
    tablets: {},
    keyspacesReady: [],
    dataLoaded: false,
  };
}

export interface Place {
  readonly dataDir: string;
  readonly portOffset: number;
}

export interface PlacedTablet {
  readonly alias: TabletAlias;
  readonly name: string;
  readonly keyspace: KeyspaceSpec;
  readonly shard: ShardSpec;
  readonly spec: TabletSpec;
}

/** Every tablet of a cluster, in the order of its file. */
export function tabletsOf(cluster: ClusterSpec): readonly PlacedTablet[] {
  return cluster.keyspaces.flatMap((keyspace) =>
    keyspace.shards.flatMap((shard) =>
      shard.tablets.map((spec) => {
        const alias = { cell: spec.cell, uid: spec.uid };
        return { alias, name: printTabletAlias(alias), keyspace, shard, spec };
      })
    )
  );
}

export function globalRoot(cluster: string): string {
  return `/vitess/${cluster}/global`;
}

export function cellRoot(cluster: string, cell: string): string {
  return `/vitess/${cluster}/local/${cell}`;
}

export function tabletDir(place: Place, name: string): string {
  parseTabletAlias(name); // Throws on anything that could leave the folder.
  return `${place.dataDir}/tablets/${name}`;
}

export function etcdAddress(state: ClusterState): string {
  if (state.etcd === undefined) throw new Error("etcd has no port yet");
  return `http://127.0.0.1:${state.etcd.client}`;
}

/** A program to run: its command line, after `deno run` or as an executable. */
export interface Launch {
  readonly name: string;
  readonly program: "etcd" | "tablet" | "gate" | "ctld";
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export function launchEtcd(place: Place, state: ClusterState): Launch {
  const client = etcdAddress(state);
  const peer = `http://127.0.0.1:${state.etcd?.peer}`;
  return {
    name: "etcd",
    program: "etcd",
    args: [
      "--name=default",
      `--data-dir=${place.dataDir}/etcd`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      "--logger=zap",
      "--log-level=warn",
    ],
    env: {},
  };
}

function commonArgs(cluster: string, cell: string, state: ClusterState): readonly string[] {
  return [
    `--topo-address=${etcdAddress(state)}`,
    `--topo-global-root=${globalRoot(cluster)}`,
    `--cell=${cell}`,
    "--hostname=127.0.0.1",
  ];
}

export function launchTablet(
  place: Place,
  state: ClusterState,
  tablet: PlacedTablet,
  templateDir: string,
): Launch {
  const ports = state.tablets[tablet.name];
  if (ports === undefined) throw new Error(`tablet ${tablet.name} has no ports yet`);
  const dir = tabletDir(place, tablet.name);
  const args = [
    ...commonArgs(state.name, tablet.alias.cell, state),
    `--tablet-alias=${tablet.name}`,
    `--init-keyspace=${tablet.keyspace.name}`,
    `--init-shard=${tablet.shard.name}`,
    `--init-tablet-type=${tablet.spec.type}`,
    `--rpc-port=${ports.rpc}`,
    `--http-port=${ports.http}`,
    ...mysqldArgs(dir, ports, tablet, templateDir),
  ];
  return { name: tablet.name, program: "tablet", args, env: {} };
}

/** Where the password of an external mysqld's user is written for its tablet. */
export function passwordFile(dir: string): string {
  return `${dir}/mysqld_password`;
}

/** What mysqld a tablet guards. */
function mysqldArgs(
  dir: string,
  ports: TabletPorts,
  tablet: PlacedTablet,
  templateDir: string,
): readonly string[] {
  const { external } = tablet.spec;
  if (external !== undefined) {
    return [
      `--unmanaged-host=${external.host}`,
      `--unmanaged-port=${external.port}`,
      `--unmanaged-user=${external.user}`,
      `--unmanaged-password-file=${passwordFile(dir)}`,
      `--init-db-name-override=${external.database}`,
    ];
  }
  const args = [
    `--mysql-port=${ports.mysql}`,
    `--data-dir=${dir}`,
    `--template-dir=${templateDir}`,
  ];
  if (tablet.shard.initDbSql !== undefined) args.push(`--init-db-sql-file=${dir}/init_db.sql`);
  if (tablet.keyspace.databaseName !== undefined) {
    args.push(`--init-db-name-override=${tablet.keyspace.databaseName}`);
  }
  return args;
}

export function gatePorts(
  place: Place,
  index: number,
): { readonly mysql: number; readonly http: number } {
  return {
    mysql: PUBLIC_PORTS.gateMysql + place.portOffset + index,
    http: PUBLIC_PORTS.gateHttp + place.portOffset + index,
  };
}

/** The gates of a cluster: name, cell and index over all cells. */
export function gatesOf(cluster: ClusterSpec): readonly { name: string; cell: CellSpec }[] {
  return cluster.cells.flatMap((cell) =>
    Array.from({ length: cell.gates }, (_, i) => ({ name: `${cell.name}-gate-${i + 1}`, cell }))
  );
}

export function launchGate(
  place: Place,
  state: ClusterState,
  gate: { readonly name: string; readonly cell: CellSpec },
  index: number,
): Launch {
  const ports = gatePorts(place, index);
  return {
    name: gate.name,
    program: "gate",
    args: [
      ...commonArgs(state.name, gate.cell.name, state),
      `--mysql-port=${ports.mysql}`,
      `--http-port=${ports.http}`,
      `--users-file=${place.dataDir}/users-${gate.cell.name}.json`,
    ],
    env: {},
  };
}

export function launchCtld(place: Place, state: ClusterState, cell: string): Launch {
  return {
    name: "vtctld",
    program: "ctld",
    args: [
      ...commonArgs(state.name, cell, state),
      `--http-port=${PUBLIC_PORTS.ctld + place.portOffset}`,
      `--supervisor-address=http://127.0.0.1:${INTERNAL_PORTS.supervisor + place.portOffset}`,
    ],
    env: {},
  };
}
