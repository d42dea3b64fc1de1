/** Makes mysqld what a tablet shall be. Each function may be repeated from wherever it stopped. */
import { unreachable } from "../../shared/error/unreachable.ts";
import type { CallOptions } from "../mysqld/dba.ts";
import {
  type ClientSessions,
  closeWrites,
  detach,
  isReadOnly,
  readReplicaStatus,
  readSemiSync,
  replicateFrom,
  type Server,
  setReadOnly,
  setSemiSync,
  stopReplication,
} from "../mysqld/replication.ts";
import { type Databases, ensureDatabases } from "../mysqld/sidecar.ts";
import type { Desired, Role, Source } from "../serve/desired.ts";
import type { ReplicationLook } from "../serve/lag.ts";
import { convergeUnmanaged } from "./unmanaged.ts";

/** How replicas log in to their source. */
export interface ReplicationLogin {
  readonly user: string;
  readonly password: string;
}

export interface Convergence {
  readonly server: Server;
  readonly databases: Databases;
  readonly login: ReplicationLogin;
  /** False: somebody else runs the server, and decides on its role. */
  readonly managed: boolean;
  readonly clients: ClientSessions;
}

export async function converge(
  convergence: Convergence,
  desired: Desired,
  options: CallOptions,
): Promise<void> {
  const { server, databases, login, clients } = convergence;
  const { role } = desired;
  if (!convergence.managed) return await convergeUnmanaged(convergence, desired, options);
  await ensureDatabases(server, databases, options);
  switch (role.is) {
    case "primary":
      await detach(server, options);
      // Before the first write, so that none is acknowledged by one server alone.
      await setSemiSync(server, { source: desired.semiSync, replica: false }, options);
      if (await isReadOnly(server, options)) await setReadOnly(server, false, options);
      return;
    case "demoted":
      await closeWrites(server, clients, options);
      return;
    case "replica":
    case "spare":
      await closeWrites(server, clients, options);
      await followSource(server, role, givesAcks(desired), login, options);
      return;
    default:
      unreachable(role);
  }
}

type Following = Extract<Role, { readonly is: "replica" | "spare" }>;

async function followSource(
  server: Server,
  role: Following,
  semiSync: boolean,
  login: ReplicationLogin,
  options: CallOptions,
): Promise<void> {
  if (role.source !== undefined) {
    const source = { host: role.source.host, port: role.source.port, ...login };
    const how = { semiSync, start: !role.replicationStopped };
    await replicateFrom(server, source, how, options);
    return;
  }
  await setSemiSync(server, { source: false, replica: semiSync }, options);
  if (role.replicationStopped) await stopReplication(server, options);
}

/** Only tablets that could become primary acknowledge (Vitess's policy semi_sync). */
function givesAcks(desired: Desired): boolean {
  return desired.semiSync && desired.role.is === "replica" && desired.role.type === "replica";
}

export interface Look {
  readonly replication: ReplicationLook;
  /** mysqld is no longer what `converge` made it: somebody changed it, or replication broke. */
  readonly astray: boolean;
}

/** How a server that follows stands. */
export async function lookAt(
  { server, managed }: Convergence,
  desired: Desired,
  role: Following,
  options: CallOptions,
): Promise<Look> {
  const status = await readReplicaStatus(server, options);
  if (status === undefined) {
    const replication = { running: false, lagSeconds: undefined, lastError: "" };
    return { replication, astray: managed && role.source !== undefined };
  }
  const running = status.ioConnected && status.sqlRunning;
  const replication = {
    running,
    lagSeconds: running ? status.lagSeconds : undefined,
    lastError: status.lastError,
  };
  const stopped = !status.ioRunning || !status.sqlRunning;
  const semiSync = await readSemiSync(server, options);
  const astray = managed && role.source !== undefined && (
    !isSource(role.source, status) ||
    stopped !== role.replicationStopped ||
    (semiSync !== undefined && semiSync.replica !== givesAcks(desired))
  );
  return { replication, astray };
}

function isSource(
  source: Source,
  status: { readonly sourceHost: string; readonly sourcePort: number },
): boolean {
  return source.host === status.sourceHost && source.port === status.sourcePort;
}
