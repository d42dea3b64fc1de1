/** A real vtgate process before one shard of a real mysqld, with its topology in a real etcd. */
import { type Child, startChild } from "../../shared/host/child.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { SRV_KEYSPACE, SRV_VSCHEMA as SRV_VSCHEMA_CODEC } from "../../shared/model/record_json.ts";
import { TABLET } from "../../shared/model/tablet_json.ts";
import { SRV_VSCHEMA, srvKeyspacePath, tabletPath } from "../../topo/paths.ts";
import type { Topology } from "../../topo/topology.ts";
import { type Etcd, startEtcd } from "./etcd.ts";
import { startTestMysqld, type TestMysqld } from "./mysqld.ts";
import { freePort } from "./ports.ts";
import { type QueryTablet, startQueryTablet } from "./query_tablet.ts";
import { openTestTopology } from "./tablet.ts";
import { tempDir } from "./temp_dir.ts";
import { waitFor } from "./wait.ts";

const NEVER = { signal: new AbortController().signal };
const USERS = JSON.stringify({ user: [{ UserData: "user", Password: "" }] });

/** What a gate needs around it. Gates are started in it by the test. */
export interface GateSurroundings extends AsyncDisposable {
  readonly etcd: Etcd;
  readonly mysqld: TestMysqld;
  readonly tablet: QueryTablet;
  readonly folder: string;
  readonly usersFile: string;
  start(flags?: readonly string[]): Promise<GateProgram>;
}

export interface GateProgram extends AsyncDisposable {
  readonly port: number;
  readonly child: Child;
  readonly log: () => Promise<string>;
}

/** Keyspace `commerce`, unsharded, with the tables that the statements make in `vt_commerce`. */
export async function startGateSurroundings(
  statements: readonly string[],
): Promise<GateSurroundings> {
  await using scope = new AsyncDisposableStack();
  const folder = scope.use(await tempDir("vtgate")).path;
  const [etcd, mysqld] = await Promise.all([startEtcd(), startTestMysqld()]);
  scope.use(etcd);
  scope.use(mysqld);
  await mysqld.root.query("create database vt_commerce", NEVER);
  for (const statement of statements) await mysqld.root.query(statement, NEVER);
  const { socketPath } = mysqld;
  const tablet = scope.use(startQueryTablet({ socketPath, database: "vt_commerce" }));
  {
    await using topo = await openTestTopology(etcd);
    await register(topo, tablet);
  }
  const usersFile = `${folder}/users.json`;
  await Deno.writeTextFile(usersFile, USERS);
  const owned = scope.move();
  let started = 0;
  return {
    etcd,
    mysqld,
    tablet,
    folder,
    usersFile,
    async start(flags = []) {
      const logFile = `${folder}/vtgate-${++started}.log`;
      return owned.use(await startGate(etcd, usersFile, logFile, flags));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function register(topo: Topology, tablet: QueryTablet): Promise<void> {
  const store = await topo.cell("zone1", NEVER);
  const { alias, port, serving } = tablet;
  const { keyspace, shard, tabletType } = serving.health.target;
  const record: TabletRecord = {
    alias,
    hostname: "127.0.0.1",
    portMap: { vt: 0, grpc: port },
    keyspace,
    shard,
    type: tabletType,
    dbNameOverride: "",
    tags: {},
    mysqlHostname: "127.0.0.1",
    mysqlPort: 0,
  };
  const vschema = { keyspaces: { [keyspace]: {} }, routingRules: { rules: [] } };
  const served = {
    partitions: [{ servedType: tabletType, shardReferences: [shard], shardTabletControls: [] }],
  };
  await store.put(tabletPath(alias), TABLET.encode(record), undefined, NEVER);
  await store.put(SRV_VSCHEMA, SRV_VSCHEMA_CODEC.encode(vschema), undefined, NEVER);
  await store.put(srvKeyspacePath(keyspace), SRV_KEYSPACE.encode(served), undefined, NEVER);
}

async function startGate(
  etcd: Etcd,
  usersFile: string,
  logFile: string,
  flags: readonly string[],
): Promise<GateProgram> {
  const [port, httpPort] = [freePort(), freePort()];
  const child = startChild({
    command: Deno.execPath(),
    args: [
      "run",
      "-A",
      new URL("../../gate/main.ts", import.meta.url).pathname,
      "--cell=zone1",
      `--mysql-port=${port}`,
      `--http-port=${httpPort}`,
      `--users-file=${usersFile}`,
      `--topo-address=${etcd.url}`,
      ...flags,
    ],
    logFile,
  });
  const log = () => Deno.readTextFile(logFile);
  try {
    await waitFor("vtgate to serve", async () => {
      if (!child.running) throw new Error("vtgate has ended");
      return (await log()).includes("serving");
    }, { timeoutMs: 30_000 });
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`vtgate does not come up:\n${await log()}`, { cause: error });
  }
  return {
    port,
    child,
    log,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
