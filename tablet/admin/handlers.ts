/** The admin RPC's calls on a tablet. */
import { vtError } from "../../shared/error/errors.ts";
import { printTabletAlias, type TabletAlias } from "../../shared/model/tablet.ts";
import type { ReplicationStatus } from "../../shared/rpc/tablet_admin.ts";
import {
  changeReadOnly,
  changeType,
  demotePrimary,
  externallyReparented,
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
import type { MysqldLife } from "../mysqld/supervisor.ts";
import type { VDiff } from "../vdiff/build.ts";
import { vdiffHandlers } from "../vdiff/handlers.ts";
import type { VReplicationEngine } from "../vreplication/engine.ts";
import type { HandlerOptions, Handlers } from "./admin_rpc.ts";
import { applySchema } from "./apply_schema.ts";
import { executeFetch } from "./execute_fetch.ts";
import { getSchema } from "./get_schema.ts";
import { type Admitted, drainTables } from "./drain_tables.ts";
import type { Fence } from "./fence.ts";
import { preflightSchema } from "./preflight.ts";

/** What the calls reach besides the tablet's control. */
export interface HandlerParts {
  readonly vreplication: VReplicationEngine;
  readonly vdiff: VDiff;
  readonly fence: Fence;
  readonly sequences: { clear(): void };
  readonly admitted: Admitted;
  readonly mysqld: Pick<MysqldLife, "look">;
}

export function tabletHandlers(tablet: Tablet, parts: HandlerParts): Handlers {
  const { convergence, queries, view } = tablet.options;
  const { server, databases } = convergence;
  const alias: TabletAlias = view.alias;
  return {
    Ping: () => Promise.resolve({ alias }),
    RefreshState: (_, options) => done(refreshNow(tablet, options)),
    ReplicationStatus: async (_, options) => {
      await parts.mysqld.look(options);
      return await replicationStatus(tablet, options);
    },
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
    TabletExternallyReparented: async (_, options) => ({
      position: await externallyReparented(tablet, options),
    }),
    SetReplicationSource: (request, options) =>
      done(setReplicationSource(tablet, request, options)),
    StopReplication: async (_, options) => ({ position: await stopReplicating(tablet, options) }),
    StartReplication: (_, options) => done(startReplicating(tablet, options)),
    ChangeType: ({ type }, options) => done(changeType(tablet, type, options)),
    SetReadOnly: ({ readOnly }, options) => done(changeReadOnly(tablet, readOnly, options)),
    ExecuteFetchAsDba: (request, options) =>
      executeFetch(server, databases.keyspace, request, options),
    PreflightSchema: async (request, options) => {
      if (!convergence.managed) throw vtError("VT20037", printTabletAlias(alias));
      return { results: await preflightSchema(server, databases.keyspace, request, options) };
    },
    ApplySchema: async (request, options) => {
      await applySchema(server, databases.keyspace, request, options);
      await queries.reloadSchema(options);
      return {};
    },
    GetSchema: (request, options) => getSchema(server, databases.keyspace, request, options),
    ReloadSchema: (_, options) => done(queries.reloadSchema(options)),
    DrainTables: async (request, options) => ({
      position: await drainTables(
        server,
        { database: databases.keyspace, clients: convergence.clients },
        request,
        parts.admitted,
        options,
      ),
    }),
    Fence: ({ token }, options) => done(parts.fence.raise(token, options)),
    ResetSequences: () => {
      // Which values a sequence has reserved is cheap to find again.
      parts.sequences.clear();
      return Promise.resolve({});
    },
    ...streamHandlers(parts.vreplication),
    ...vdiffHandlers(parts.vdiff),
  };
}

type StreamMethod =
  | "VReplicationExec"
  | "CreateStream"
  | "ReadStreams"
  | "UpdateStream"
  | "DeleteStreams"
  | "WaitForStream"
  | "WriteJournal";

function streamHandlers(streams: VReplicationEngine): Pick<Handlers, StreamMethod> {
  return {
    VReplicationExec: ({ sql }, options) => streams.exec(sql, options),
    CreateStream: async (stream, options) => ({ id: await streams.createStream(stream, options) }),
    ReadStreams: async ({ workflow }, options) => ({
      streams: await streams.readStreams(workflow, options),
    }),
    UpdateStream: (change, options) => streams.updateStream(change, options),
    DeleteStreams: async ({ workflow }, options) => ({
      deleted: await streams.deleteStreams(workflow, options),
    }),
    WaitForStream: async ({ id, position, timeoutMs }, options) => ({
      position: await streams.waitForStream(id, position, timeoutMs, options),
    }),
    WriteJournal: (journal, options) => done(streams.writeJournal(journal, options)),
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
