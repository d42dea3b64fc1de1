/**
 * The query service of the whole cluster, as the gate's executor sees it: finds the tablet for
 * each request, waits a little where there is none just now, and tries again what is safe to.
 *
 * - Refused before it started (status cluster_event: a reparent, a tablet or its mysqld that
 *   restarts; mysqld's read-only errors): tried again until `bufferMs` have passed.
 * - A connection lost under a read of which nothing has been delivered: once more.
 * - A connection lost under anything else: the outcome is unknown, the client gets errno 2013.
 * - Within a transaction or on a reserved connection: never; the transaction is lost with it.
 *
 * Transaction ids are this gate's own: each stands for an id of one connection to one tablet.
 */
import { VtError, vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { ER_OPTION_PREVENTS_STATEMENT } from "../../shared/error/errno.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Target } from "../../shared/model/tablet.ts";
import { decodeErrPacket, ERR_HEADER } from "../../shared/mysql/err_packet.ts";
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";
import type {
  ExecuteRequest,
  ExecuteResult,
  Options,
  PacketSink,
  PrepareResult,
  QueryService,
  TableSchema,
  TabletHealth,
} from "../../shared/rpc/query_service.ts";
import { noTablet, type TabletDirectory } from "./directory.ts";
import type { ExecuteCall } from "./execute_call.ts";
import type { TabletPeer } from "./peer.ts";
import { isRead } from "./read.ts";
import type { TabletRpc } from "./tablet_rpc.ts";

/** How long a statement waits for a tablet that serves (Vitess's --buffer-window). */
export const BUFFER_MS = 10_000;
/** For replicas, of which there should be others: a report can fail sooner. */
export const REPLICA_WAIT_MS = 2000;
/** Between two attempts on a tablet whose health hasn't told yet what its refusal says. */
const RETRY_PAUSE_MS = 50;
const ER_READ_ONLY_MODE = 1836;

export interface GatewayOptions {
  readonly directory: TabletDirectory;
  readonly clock: Clock;
  readonly bufferMs: number;
}

interface Pinned {
  readonly rpc: TabletRpc;
  readonly tabletName: string;
  readonly remoteId: number;
}

/** One try at a tablet. */
type Attempt<T> = (rpc: TabletRpc, peer: TabletPeer) => Promise<T>;

export class Gateway implements QueryService {
  readonly #options: GatewayOptions;
  readonly #pinned = new Map<number, Pinned>();
  #lastId = 0;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  /** Transactions and reserved connections that are open. */
  get pinned(): number {
    return this.#pinned.size;
  }

  async execute(
    request: ExecuteRequest,
    sink: PacketSink,
    options: Options,
  ): Promise<ExecuteResult> {
    if (request.transactionId !== 0) return await this.#executePinned(request, sink, options);
    let failure: unknown;
    const peer = this.#options.directory.pick(request.target);
    const rpc = peer?.rpc;
    // The usual way is as flat as can be: each statement pays for it.
    if (peer !== undefined && rpc !== undefined) {
      const call = rpc.start(request, sink, options);
      try {
        return await this.#accept(call, await call.result, request, rpc, peer);
      } catch (error) {
        if (!isRefusal(error) && !(isLost(error) && isRepeatable(request, call))) throw error;
        failure = error;
      }
    }
    return await this.#executeSlowly(request, sink, options, failure);
  }

  async #executeSlowly(
    request: ExecuteRequest,
    sink: PacketSink,
    options: Options,
    failure: unknown,
  ): Promise<ExecuteResult> {
    let call: ExecuteCall | undefined;
    const attempt: Attempt<ExecuteResult> = async (rpc, peer) => {
      call = rpc.start(request, sink, options);
      return this.#accept(call, await call.result, request, rpc, peer);
    };
    const mayRepeat = () => call !== undefined && isRepeatable(request, call);
    return await this.#retrySlowly(request.target, attempt, mayRepeat, options, failure);
  }

  /** The result under an id of our own. Throws VT20001 when mysqld has turned read-only. */
  #accept(
    call: ExecuteCall,
    result: ExecuteResult,
    request: ExecuteRequest,
    rpc: TabletRpc,
    peer: TabletPeer,
  ): ExecuteResult | Promise<ExecuteResult> {
    const { transactionId, terminal } = result;
    if (request.target.tabletType === "primary" && !call.delivered && isReadOnly(terminal)) {
      return this.#refuseReadOnly(rpc, request.target, transactionId);
    }
    return transactionId === 0 ? result : this.#adopt(result, rpc, peer);
  }

  /** mysqld was demoted under the statement. An opened transaction is empty: end it. */
  async #refuseReadOnly(rpc: TabletRpc, target: Target, remoteId: number): Promise<never> {
    await this.#giveUp(rpc, target, remoteId);
    throw vtError("VT20001", "read-only: the primary was demoted");
  }

  async #giveUp(rpc: TabletRpc, target: Target, remoteId: number): Promise<void> {
    if (remoteId === 0) return;
    const { signal } = new AbortController();
    await rpc.release(target, remoteId, { signal });
  }

  /** Gives a transaction that the tablet opened an id of our own. */
  #adopt(result: ExecuteResult, rpc: TabletRpc, peer: TabletPeer): ExecuteResult {
    const transactionId = ++this.#lastId;
    this.#pinned.set(transactionId, {
      rpc,
      tabletName: peer.name,
      remoteId: result.transactionId,
    });
    return { ...result, transactionId };
  }

  async #executePinned(
    request: ExecuteRequest,
    sink: PacketSink,
    options: Options,
  ): Promise<ExecuteResult> {
    const { transactionId } = request;
    const { rpc, remoteId } = this.#find(transactionId);
    try {
      const result = await rpc.execute({ ...request, transactionId: remoteId }, sink, options);
      if (result.transactionId !== 0) return { ...result, transactionId };
      this.#pinned.delete(transactionId);
      return result;
    } catch (error) {
      throw this.#gone(transactionId, error);
    }
  }

  #find(transactionId: number): Pinned {
    const pinned = this.#pinned.get(transactionId);
    if (pinned !== undefined) return pinned;
    throw vtError("VT20009", String(transactionId), "it has ended");
  }

  /** The tablet, or the way to it, has lost the transaction. */
  #gone(transactionId: number, error: unknown): unknown {
    // A refused table doesn't end what was opened before it moved.
    if (!(error instanceof VtError) || error.id === "VT20004") return error;
    if (error.status !== "cluster_event" && error.id !== "VT20009" && error.id !== "VT20006") {
      return error;
    }
    const name = this.#pinned.get(transactionId)?.tabletName ?? "";
    this.#pinned.delete(transactionId);
    if (error.status !== "cluster_event") return error;
    return vtErrorFrom(error, "VT20009", String(transactionId), `the tablet ${name} was lost`);
  }

  async commit(target: Target, transactionId: number, options: Options): Promise<void> {
    const { rpc, remoteId } = this.#find(transactionId);
    try {
      await rpc.commit(target, remoteId, options);
      this.#pinned.delete(transactionId);
    } catch (error) {
      const reported = this.#gone(transactionId, error);
      this.#pinned.delete(transactionId);
      throw reported;
    }
  }

  /** What is gone was rolled back. */
  async rollback(target: Target, transactionId: number, options: Options): Promise<void> {
    await this.#end(transactionId, (rpc, remoteId) => rpc.rollback(target, remoteId, options));
  }

  async release(target: Target, transactionId: number, options: Options): Promise<void> {
    await this.#end(transactionId, (rpc, remoteId) => rpc.release(target, remoteId, options));
  }

  async #end(
    transactionId: number,
    end: (rpc: TabletRpc, remoteId: number) => Promise<void>,
  ): Promise<void> {
    const pinned = this.#pinned.get(transactionId);
    if (pinned === undefined) return;
    this.#pinned.delete(transactionId);
    try {
      await end(pinned.rpc, pinned.remoteId);
    } catch (error) {
      // Tablets roll back what a lost connection leaves: that is what was asked.
      const isLost = error instanceof VtError &&
        (error.status === "cluster_event" || error.id === "VT20006");
      if (!isLost) throw error;
    }
  }

  async prepare(request: ExecuteRequest, options: Options): Promise<PrepareResult> {
    const attempt: Attempt<PrepareResult> = (rpc) => rpc.prepare(request, options);
    return await this.#retry(request.target, attempt, always, options);
  }

  /** A repeated call wastes values, no more. */
  async nextSequence(
    target: Target,
    table: string,
    count: number,
    options: Options,
  ): Promise<bigint> {
    const attempt: Attempt<bigint> = (rpc) => rpc.nextSequence(target, table, count, options);
    return await this.#retry(target, attempt, always, options);
  }

  async schema(target: Target, options: Options): Promise<readonly TableSchema[]> {
    return await this.#retry(target, (rpc) => rpc.schema(target, options), always, options);
  }

  /** Health of all tablets is the directory's; a single stream would be nobody's. */
  streamHealth(_onHealth: (health: TabletHealth) => void, _options: Options): Promise<void> {
    return Promise.reject(vtError("VT12001", "a health stream of the whole cluster"));
  }

  async #retry<T>(
    target: Target,
    attempt: Attempt<T>,
    mayRepeat: () => boolean,
    options: Options,
  ): Promise<T> {
    const { directory } = this.#options;
    // The usual way: no clock, no timer.
    const peer = directory.pick(target);
    const rpc = peer?.rpc;
    if (peer === undefined || rpc === undefined) {
      return await this.#retrySlowly(target, attempt, mayRepeat, options, undefined);
    }
    try {
      return await attempt(rpc, peer);
    } catch (error) {
      if (!isRefusal(error) && !(isLost(error) && mayRepeat())) throw error;
      return await this.#retrySlowly(target, attempt, mayRepeat, options, error);
    }
  }

  async #retrySlowly<T>(
    target: Target,
    attempt: Attempt<T>,
    mayRepeat: () => boolean,
    options: Options,
    first: unknown,
  ): Promise<T> {
    const { directory, clock, bufferMs } = this.#options;
    const waitMs = target.tabletType === "primary" ? bufferMs : Math.min(bufferMs, REPLICA_WAIT_MS);
    const deadline = clock.monotonicMs() + waitMs;
    let repeats = isLost(first) ? 1 : 0;
    let failure = first;
    for (;;) {
      if (failure !== undefined) await pause(clock, options.signal);
      const leftMs = deadline - clock.monotonicMs();
      if (leftMs <= 0) throw failure ?? noTablet(target);
      if (failure !== undefined && !directory.expects(target)) throw noTablet(target);
      const peer = await directory.waitForTablet(target, leftMs, options);
      const rpc = peer.rpc;
      if (rpc === undefined) continue;
      try {
        return await attempt(rpc, peer);
      } catch (error) {
        failure = error;
        if (isRefusal(error)) continue;
        if (!isLost(error) || repeats > 0 || !mayRepeat()) throw error;
        repeats++;
      }
    }
  }
}

/** Nothing of it has been delivered, and a second run does no harm. */
function isRepeatable(request: ExecuteRequest, call: ExecuteCall): boolean {
  return !call.delivered && request.begin === "" && !request.reserve && isRead(request.sql);
}

function always(): boolean {
  return true;
}

async function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(RETRY_PAUSE_MS, { signal });
  } catch {
    // The only cause is the signal, whose reason is not for the client.
    throw vtError("ER_QUERY_INTERRUPTED");
  }
}

/** Nothing has happened: another tablet, or this one a little later, may take it. */
function isRefusal(error: unknown): boolean {
  // A denied table has moved: the plan is stale, not the tablet.
  return error instanceof VtError && error.status === "cluster_event" && error.id !== "VT20004";
}

/** The outcome is unknown. */
function isLost(error: unknown): boolean {
  return error instanceof VtError && (error.id === "VT20006" || error.id === "VT20018");
}

/**
 * mysqld refused a write since it is no primary (any more). ER_OPTION_PREVENTS_STATEMENT stands for
 * other options too (--secure-file-priv), which only its text tells.
 */
function isReadOnly(terminal: Uint8Array): boolean {
  if (terminal[FRAME_HEADER_BYTES] !== ERR_HEADER) return false;
  const { errno, message } = decodeErrPacket(terminal.subarray(FRAME_HEADER_BYTES));
  if (errno === ER_READ_ONLY_MODE) return true;
  return errno === ER_OPTION_PREVENTS_STATEMENT && /read[-_]only/i.test(message);
}
