/** The admin RPC's calls on a tablet. */
import type { TabletAlias } from "../../shared/model/tablet.ts";
import type { ReplicationStatus } from "../../shared/rpc/tablet_admin.ts";
import {
  changeReadOnly,
  changeType,
  demotePrimary,
  initPrimary,
  promoteReplica,
  setReplicationSource,
  startReplicating,
  stopReplicating,
  undoDemotePrimary,
} from "../control/commands.ts";
import { refreshNow } from "../control/loops.ts";
import type { Tablet } from "../control/tablet.ts";
import { readPosition, readReplicaStatus, waitForPosition } from "../mysqld/replication.ts";
import type { HandlerOptions, Handlers } from "./admin_rpc.ts";
import { applySchema } from "./apply_schema.ts";
import { executeFetch } from "./execute_fetch.ts";
import { getSchema } from "./get_schema.ts";
import { preflightSchema } from "./preflight.ts";

export function tabletHandlers(tablet: Tablet): Handlers {
  const { convergence, queries, view } = tablet.options;
  const { server, databases } = convergence;
  const alias: TabletAlias = view.alias;
  return {
    Ping: () => Promise.resolve({ alias }),
    RefreshState: (_, options) => done(refreshNow(tablet, options)),
    ReplicationStatus: (_, options) => replicationStatus(tablet, options),
    PrimaryPosition: async (_, options) => ({ position: await readPosition(server, options) }),
    WaitForPosition: async ({ position, timeoutMs }, options) => ({
      position: await waitForPosition(server, position, timeoutMs, options),
    }),
    InitPrimary: async ({ semiSync }, options) => ({
      position: await initPrimary(tablet, semiSync, options),
    }),
    DemotePrimary: async (_, options) => ({ position: await demotePrimary(tablet, options) }),
    UndoDemotePrimary: ({ semiSync }, options) =>
      done(undoDemotePrimary(tablet, semiSync, options)),
    PromoteReplica: async (request, options) => ({
      position: await promoteReplica(tablet, request, options),
    }),
    SetReplicationSource: (request, options) =>
      done(setReplicationSource(tablet, request, options)),
    StopReplication: async (_, options) => ({ position: await stopReplicating(tablet, options) }),
    StartReplication: (_, options) => done(startReplicating(tablet, options)),
    ChangeType: ({ type }, options) => done(changeType(tablet, type, options)),
    SetReadOnly: ({ readOnly }, options) => done(changeReadOnly(tablet, readOnly, options)),
    ExecuteFetchAsDba: (request, options) =>
      executeFetch(server, databases.keyspace, request, options),
    PreflightSchema: async ({ statements }, options) => ({
      results: await preflightSchema(server, databases.keyspace, statements, options),
    }),
    ApplySchema: async ({ statements }, options) => {
      await applySchema(server, databases.keyspace, statements, options);
      await queries.reloadSchema(options);
      return {};
    },
    GetSchema: (request, options) => getSchema(server, databases.keyspace, request, options),
    ReloadSchema: (_, options) => done(queries.reloadSchema(options)),
  };
}

async function done(work: Promise<void>): Promise<Record<never, never>> {
  await work;
  return {};
}

async function replicationStatus(
  tablet: Tablet,
  options: HandlerOptions,
): Promise<ReplicationStatus> {
  const { server } = tablet.options.convergence;
  const position = await readPosition(server, options);
  const status = await readReplicaStatus(server, options);
  return {
    position,
    ioRunning: status?.ioConnected ?? false,
    sqlRunning: status?.sqlRunning ?? false,
    lagSeconds: status?.lagSeconds,
    sourceHost: status?.sourceHost ?? "",
    sourcePort: status?.sourcePort ?? 0,
    lastError: status?.lastError ?? "",
  };
}
