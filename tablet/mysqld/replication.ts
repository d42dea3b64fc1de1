/**
 * What a tablet does to its server's replication and write modes, in the order that keeps rows
 * safe. Every function may be repeated: it ends in the same place from wherever it starts.
 */
import { vtError } from "../../shared/error/errors.ts";
import { sleep } from "../../shared/host/clock.ts";
import { type CallOptions, type Dba, queryRow, runAll, toRows } from "./dba.ts";
import type { Flavor, ReplicaStatus, ReplicationSource } from "./flavor.ts";
import { killThread } from "./kill_thread.ts";
import { quote } from "./statement.ts";

/** A server and how to speak to it. */
export interface Server {
  readonly dba: Dba;
  readonly flavor: Flavor;
}

export async function readPosition(server: Server, options: CallOptions): Promise<string> {
  const row = await queryRow(server.dba, server.flavor.positions.readSql, options);
  // MySQL breaks long sets into lines.
  return (row?.["position"] ?? "").replace(/\s+/g, "");
}

/** What Positions.isErrant wants to know of a primary. */
export async function readHistory(server: Server, options: CallOptions): Promise<string> {
  const row = await queryRow(server.dba, server.flavor.positions.historySql, options);
  return (row?.["history"] ?? "").replace(/\s+/g, "");
}

/** Undefined on a server that replicates from nowhere. */
export async function readReplicaStatus(
  server: Server,
  options: CallOptions,
): Promise<ReplicaStatus | undefined> {
  const { replication } = server.flavor;
  const row = await queryRow(server.dba, replication.statusSql, options);
  return row === undefined ? undefined : replication.parseStatus(row);
}

export async function isReadOnly(server: Server, options: CallOptions): Promise<boolean> {
  const { modes } = server.flavor;
  const row = await queryRow(server.dba, modes.readOnlySql, options);
  return row === undefined || modes.isReadOnly(row);
}

export async function setReadOnly(
  server: Server,
  readOnly: boolean,
  options: CallOptions,
): Promise<void> {
  await runAll(server.dba, server.flavor.modes.setReadOnly(readOnly), options);
}

/**
 * Makes a server that takes writes read-only, and ends what stands in the way.
 *
 * The server itself waits for commits under way, which with semi-sync may wait for ever; while it
 * waits, no new one begins. So the sessions are killed, and where that does not end the wait
 * (MySQL's for an acknowledgement can't be interrupted), semi-sync is switched off: their clients
 * are disconnected by then and never see those commits acknowledged.
 */
export async function closeWrites(
  server: Server,
  clients: ClientSessions,
  options: CallOptions,
): Promise<void> {
  if (await isReadOnly(server, options)) return;
  await endClientSessions(server, clients, options);
  const closed = new AbortController();
  const closing = setReadOnly(server, true, options).finally(() => closed.abort());
  const signal = AbortSignal.any([options.signal, closed.signal]);
  const unblocking = unblock(server, clients, { signal }).catch((error) => {
    // Cancelled because it is done; otherwise the error is worth more than the wait's.
    if (!closed.signal.aborted) throw error;
  });
  await Promise.all([closing, unblocking]);
}

const UNBLOCK_PAUSE_MS = 300;

async function unblock(
  server: Server,
  clients: ClientSessions,
  options: CallOptions,
): Promise<void> {
  for (;;) {
    await sleep(UNBLOCK_PAUSE_MS, options);
    await endClientSessions(server, clients, options);
    await sleep(UNBLOCK_PAUSE_MS, options);
    await setSemiSync(server, { source: false, replica: false }, options);
  }
}

/** Whose sessions write for clients: they end when writes stop. */
export interface ClientSessions {
  readonly users: readonly string[];
  /**
   * Of a server that somebody else runs: only sessions that use this database are looked at, and
   * only those of `users` are ended. Undefined: the whole server is ours.
   */
  readonly database: string | undefined;
  /** Users that use the database past the gate and only read. */
  readonly readers: readonly string[];
}

/**
 * Kills what clients' users run, and every session with an open transaction; where the server
 * isn't ours, only transactions of our own users.
 */
export async function endClientSessions(
  server: Server,
  clients: ClientSessions,
  options: CallOptions,
): Promise<void> {
  const users = clients.users.map(quote).join(", ");
  const wanted = clients.database === undefined
    ? `(t.trx_id IS NOT NULL OR (p.user IN (${users}) AND p.command <> 'Sleep'))`
    : `t.trx_id IS NOT NULL AND p.user IN (${users}) AND p.db = ${quote(clients.database)}`;
  const busy = await server.dba.query(
    "SELECT p.id AS id FROM information_schema.processlist p LEFT JOIN " +
      "information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id " +
      "WHERE p.id <> CONNECTION_ID() AND p.user NOT IN ('system user', 'event_scheduler') " +
      `AND ${wanted}`,
    options,
  );
  for (const { id } of toRows(busy)) {
    await killThread(id ?? "", "CONNECTION", (sql) => server.dba.query(sql, options));
  }
}

export interface SemiSync {
  readonly source: boolean;
  readonly replica: boolean;
}

/** Undefined where the server has no semi-sync (an unmanaged one without the plugins). */
export async function readSemiSync(
  server: Server,
  options: CallOptions,
): Promise<SemiSync | undefined> {
  try {
    const row = await queryRow(server.dba, server.flavor.modes.semiSyncSql, options);
    return { source: row?.["source_enabled"] === "1", replica: row?.["replica_enabled"] === "1" };
  } catch (error) {
    if (isUnknownVariable(error)) return undefined;
    throw error;
  }
}

/** VT09013 when semi-sync is wanted and the server has none. */
export async function setSemiSync(
  server: Server,
  wanted: SemiSync,
  options: CallOptions,
): Promise<void> {
  const actual = await readSemiSync(server, options);
  if (actual === undefined) {
    if (wanted.source || wanted.replica) throw vtError("VT09013");
    return;
  }
  for (const side of ["source", "replica"] as const) {
    if (actual[side] === wanted[side]) continue;
    await runAll(server.dba, server.flavor.modes.setSemiSync(side, wanted[side]), options);
  }
}

/** Waits until this server has everything up to `position`. VT20014 when it doesn't come in time. */
export async function waitForPosition(
  server: Server,
  position: string,
  timeoutMs: number,
  options: CallOptions,
): Promise<string> {
  const { positions } = server.flavor;
  const reached = await readPosition(server, options);
  // A primary's own transactions don't count as replicated ones, which is what is waited for.
  if (position === "" || positions.contains(reached, position)) return reached;
  const row = await queryRow(server.dba, positions.waitSql(position, timeoutMs), options);
  if (row?.["reached"] !== "1") throw vtError("VT20014", `replication up to ${position}`);
  return await readPosition(server, options);
}

/** Ends replication and forgets the source; the server stays as writable as it was. */
export async function detach(server: Server, options: CallOptions): Promise<void> {
  const { replication } = server.flavor;
  if (await readReplicaStatus(server, options) === undefined) return;
  await runAll(server.dba, [...replication.stop, ...replication.reset], options);
}

export async function stopReplication(server: Server, options: CallOptions): Promise<void> {
  if (await readReplicaStatus(server, options) === undefined) return;
  await runAll(server.dba, server.flavor.replication.stop, options);
}

export async function startReplication(server: Server, options: CallOptions): Promise<void> {
  if (await readReplicaStatus(server, options) === undefined) {
    throw vtError("VT22002", "there is no replication source; set one with SetReplicationSource");
  }
  await runAll(server.dba, server.flavor.replication.start, options);
}

/** Makes it a replica of `source`: read-only first, so that nothing errant gets in. */
export async function replicateFrom(
  server: Server,
  source: ReplicationSource,
  how: { readonly semiSync: boolean; readonly start: boolean },
  options: CallOptions,
): Promise<void> {
  const { replication } = server.flavor;
  await setReadOnly(server, true, options);
  const status = await readReplicaStatus(server, options);
  const same = status?.sourceHost === source.host && status.sourcePort === source.port;
  const semiSync = await readSemiSync(server, options);
  await setSemiSync(server, { source: false, replica: how.semiSync }, options);
  if (!same || status.lastError !== "") {
    if (status !== undefined) await runAll(server.dba, replication.stop, options);
    await runAll(server.dba, replication.setSource(source), options);
  } else if (semiSync?.replica !== how.semiSync && status.ioRunning) {
    await runAll(server.dba, replication.restartReceiver, options);
  }
  await runAll(server.dba, how.start ? replication.start : replication.stop, options);
}

/** ER_UNKNOWN_SYSTEM_VARIABLE. */
function isUnknownVariable(error: unknown): boolean {
  return error instanceof Error && "errno" in error && error.errno === 1193;
}
