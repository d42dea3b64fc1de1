/**
 * The commands that change a tablet's place in its shard. Each holds the action lock, ends with
 * mysqld and the query service as asked (or throws), and may be sent again.
 *
 * The shard record is claimed before a server becomes writable: who isn't named there takes no
 * writes. A term begins when its command arrives, so that a claim that was delayed loses against
 * one that was asked for later.
 */
import { vtError } from "../../shared/error/errors.ts";
import { printTabletAlias, type TabletAlias, type TabletType } from "../../shared/model/tablet.ts";
import {
  isReadOnly,
  readPosition,
  setReadOnly,
  startReplication,
  stopReplication,
  waitForPosition,
} from "../mysqld/replication.ts";
import { quote, quoteName } from "../mysqld/statement.ts";
import { isSelf } from "../serve/desired.ts";
import type { Tablet } from "./tablet.ts";
import { refuseOtherSource, refuseUnmanaged, requireWritable } from "./unmanaged.ts";

const JOURNAL_TIMEOUT_MS = 30_000;

export interface CommandOptions {
  readonly signal: AbortSignal;
}

export async function initPrimary(
  tablet: Tablet,
  semiSync: boolean,
  options: CommandOptions,
): Promise<string> {
  const term = now(tablet);
  return await tablet.lock.run("InitPrimary", async () => {
    return await becomePrimary(tablet, "InitPrimary", term, semiSync, options);
  }, options);
}

/** Somebody made an unmanaged server the primary of its shard: the topology learns of it. */
export async function externallyReparented(
  tablet: Tablet,
  options: CommandOptions,
): Promise<string> {
  const term = now(tablet);
  if (tablet.options.convergence.managed) {
    throw vtError(
      "VT22002",
      "this tablet runs its mysqld itself; PlannedReparentShard changes the primary of its shard",
    );
  }
  const action = "TabletExternallyReparented";
  return await tablet.lock.run(action, async () => {
    const { semiSync } = tablet.options.view.seen;
    return await becomePrimary(tablet, action, term, semiSync, options);
  }, options);
}

export async function promoteReplica(
  tablet: Tablet,
  request: { readonly position: string; readonly semiSync: boolean; readonly timeoutMs: number },
  options: CommandOptions,
): Promise<string> {
  refuseUnmanaged(tablet, "PromoteReplica");
  const term = now(tablet);
  return await tablet.lock.run("PromoteReplica", async () => {
    const { server } = tablet.options.convergence;
    const { position, timeoutMs } = request;
    // Before anything is changed: without these rows it must not become primary.
    await waitForPosition(server, position, timeoutMs, options);
    return await becomePrimary(tablet, "PromoteReplica", term, request.semiSync, options);
  }, options);
}

async function becomePrimary(
  tablet: Tablet,
  action: string,
  term: string,
  semiSync: boolean,
  options: CommandOptions,
): Promise<string> {
  const { view, convergence: { server, managed } } = tablet.options;
  const { state } = tablet;
  if (state.at === "settled" && state.desired.role.is === "primary") {
    if (!await isReadOnly(server, options)) return await readPosition(server, options);
  }
  // Before the topology is told: nobody here makes such a server writable.
  if (!managed) await requireWritable(server, options);
  await claim(tablet, term, options);
  const position = await readPosition(server, options);
  await tablet.order({ demoted: false, replicationStopped: false, follow: undefined }, semiSync);
  await syncRecord(tablet, options);
  tablet.options.log.info("became primary", { action, term, shard: view.seen.record.shard });
  // Not waited for: with semi-sync it ends when the first replica has been pointed here.
  tablet.options.tasks.start(
    "reparent journal",
    (signal) =>
      writeJournal(tablet, action, position, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(JOURNAL_TIMEOUT_MS)]),
      }),
  );
  return await readPosition(server, options);
}

/** Stops taking statements, ends what runs, goes read-only; the record stays until a successor is known. */
export async function demotePrimary(tablet: Tablet, options: CommandOptions): Promise<string> {
  refuseUnmanaged(tablet, "DemotePrimary");
  return await tablet.lock.run("DemotePrimary", async () => {
    const { view, convergence: { server } } = tablet.options;
    if (!isSelf(view.seen.shard.primaryAlias, view.alias)) {
      // It was replaced already: what is asked for is so.
      if (await isReadOnly(server, options)) return await readPosition(server, options);
      throw vtError("VT22002", `${printTabletAlias(view.alias)} is not the primary of its shard`);
    }
    await tablet.order({ demoted: true });
    return await readPosition(server, options);
  }, options);
}

export async function undoDemotePrimary(
  tablet: Tablet,
  semiSync: boolean,
  options: CommandOptions,
): Promise<void> {
  const term = now(tablet);
  await tablet.lock.run("UndoDemotePrimary", async () => {
    await claim(tablet, term, options);
    await tablet.order({ demoted: false, follow: undefined }, semiSync);
    await syncRecord(tablet, options);
  }, options);
}

/**
 * The first look at the shard after a start. While somebody reparents it, a primary stays demoted:
 * it may have been, before it was killed (abandonedLoop ends that when nobody carries on).
 */
export async function holdBack(tablet: Tablet, options: CommandOptions): Promise<void> {
  await tablet.lock.run("start", async () => {
    const { view } = tablet.options;
    const { shard } = await view.refresh(options);
    const primary = isSelf(shard.primaryAlias, view.alias);
    const demoted = primary && await view.isShardLocked(options);
    await tablet.start({ demoted });
  }, options);
}

/** Drops what a reparent ordered that nobody carries on; the primary of the record takes writes again. */
export async function claimAgain(tablet: Tablet, options: CommandOptions): Promise<void> {
  const term = now(tablet);
  await tablet.lock.run("claim again", async () => {
    const { view } = tablet.options;
    await tablet.refresh(options);
    if (isSelf(view.seen.shard.primaryAlias, view.alias)) await claim(tablet, term, options);
    await tablet.order({ demoted: false, follow: undefined });
    await syncRecord(tablet, options);
  }, options);
}

export async function setReplicationSource(
  tablet: Tablet,
  request: {
    readonly parent: TabletAlias;
    readonly host: string;
    readonly port: number;
    readonly semiSync: boolean;
    readonly start: boolean;
  },
  options: CommandOptions,
): Promise<void> {
  if (isSelf(request.parent, tablet.options.view.alias)) {
    throw vtError("VT22001", "a tablet can't replicate from itself");
  }
  await refuseOtherSource(tablet, request, options);
  await tablet.lock.run("SetReplicationSource", async () => {
    const follow = { alias: request.parent, host: request.host, port: request.port };
    const replicationStopped = !request.start;
    await tablet.order({ demoted: false, follow, replicationStopped }, request.semiSync);
    await syncRecord(tablet, options);
  }, options);
}

export async function stopReplicating(tablet: Tablet, options: CommandOptions): Promise<string> {
  refuseUnmanaged(tablet, "StopReplication");
  return await tablet.lock.run("StopReplication", async () => {
    const { server } = tablet.options.convergence;
    await tablet.order({ replicationStopped: true });
    await stopReplication(server, options);
    return await readPosition(server, options);
  }, options);
}

export async function startReplicating(tablet: Tablet, options: CommandOptions): Promise<void> {
  refuseUnmanaged(tablet, "StartReplication");
  await tablet.lock.run("StartReplication", async () => {
    const { role } = tablet.state.desired;
    if (role.is === "primary" || role.is === "demoted") {
      throw vtError("VT22002", "a primary replicates from nobody");
    }
    await tablet.order({ replicationStopped: false });
    await startReplication(tablet.options.convergence.server, options);
  }, options);
}

export async function changeType(
  tablet: Tablet,
  type: TabletType,
  options: CommandOptions,
): Promise<void> {
  await tablet.lock.run("ChangeType", async () => {
    const { view } = tablet.options;
    if (type === "primary" || type === "unknown") {
      throw vtError("VT22001", `can't change type to ${type}; use PlannedReparentShard`);
    }
    if (isSelf(view.seen.shard.primaryAlias, view.alias)) {
      throw vtError(
        "VT22002",
        `${
          printTabletAlias(view.alias)
        } is a primary; make another tablet primary first, with PlannedReparentShard`,
      );
    }
    await view.updateRecord((record) => ({ ...record, type }), options);
    await tablet.redecide();
  }, options);
}

/** By hand, for an operator; a primary that restarts is writable again. */
export async function changeReadOnly(
  tablet: Tablet,
  readOnly: boolean,
  options: CommandOptions,
): Promise<void> {
  refuseUnmanaged(tablet, "SetReadOnly");
  await tablet.lock.run("SetReadOnly", async () => {
    const { role } = tablet.state.desired;
    if (!readOnly && role.is !== "primary") {
      throw vtError("VT22002", "only a primary takes writes; use PlannedReparentShard");
    }
    await setReadOnly(tablet.options.convergence.server, readOnly, options);
  }, options);
}

/** Writes what the tablet became into its record; the periodic check repeats it when that fails. */
export async function syncRecord(tablet: Tablet, options: CommandOptions): Promise<void> {
  const { view } = tablet.options;
  if (tablet.wantedRecord(view.seen.record) === undefined) return;
  await view.updateRecord((record) => tablet.wantedRecord(record), options);
  tablet.announce();
}

async function claim(tablet: Tablet, term: string, options: CommandOptions): Promise<void> {
  const { view } = tablet.options;
  if (await view.claimShard(term, options)) return;
  const { primaryAlias } = view.seen.shard;
  const winner = primaryAlias === undefined ? "nobody" : printTabletAlias(primaryAlias);
  throw vtError("VT22002", `${winner} became primary of the shard with a later term`);
}

/** Who became primary, when and from where: for people, and for an emergency reparent. */
async function writeJournal(
  tablet: Tablet,
  action: string,
  position: string,
  options: CommandOptions,
): Promise<void> {
  const { convergence: { server, databases }, clock, view } = tablet.options;
  const values = [
    // Nanoseconds, as Vitess; a primary is made once a millisecond at most.
    `${BigInt(clock.now()) * 1_000_000n}`,
    quote(action),
    quote(printTabletAlias(view.alias)),
    quote(position),
  ];
  await server.dba.query(
    `INSERT IGNORE INTO ${quoteName(databases.sidecar)}.reparent_journal ` +
      "(time_created_ns, action_name, primary_alias, replication_position) " +
      `VALUES (${values.join(", ")})`,
    options,
  );
}

function now(tablet: Tablet): string {
  return new Date(tablet.options.clock.now()).toISOString();
}
