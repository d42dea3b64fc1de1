/**
 * One tablet as this gate knows it: a connection that is made again whenever it breaks, and the
 * health that the tablet streams over it.
 *
 * ```
 *   unreachable ── connected ──▶ silent ── first health ──▶ known
 *        ▲                          │                         │
 *        └── pause ◀── lost, refused, wrong tablet ◀──────────┘
 * ```
 */
import { vtError } from "../../shared/error/errors.ts";
import { connectMux, type MuxClient } from "../../shared/host/mux_client.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import type { TabletHealth } from "../../shared/rpc/query_service.ts";
import type { Candidate } from "./choose.ts";
import { TabletRpc } from "./tablet_rpc.ts";

const PAUSE_MS_MIN = 50;
const PAUSE_MS_MAX = 2000;
const CONNECT_MS = 5000;

export interface PeerOptions {
  readonly record: TabletRecord;
  /** This gate's name, for the tablet's log. */
  readonly gateName: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** Something of it changed. */
  readonly onChange: () => void;
}

type State =
  | { readonly at: "unreachable"; readonly cause: string }
  | { readonly at: "silent"; readonly client: MuxClient; readonly rpc: TabletRpc }
  | {
    readonly at: "known";
    readonly client: MuxClient;
    readonly rpc: TabletRpc;
    readonly health: TabletHealth;
  };

export class TabletPeer implements Candidate {
  readonly record: TabletRecord;
  readonly name: string;
  readonly #options: PeerOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #state: State = { at: "unreachable", cause: "not connected yet" };

  constructor(options: PeerOptions) {
    this.#options = options;
    this.record = options.record;
    this.name = printTabletAlias(options.record.alias);
    this.#running = this.#run(this.#stop.signal);
  }

  get cell(): string {
    return this.record.alias.cell;
  }

  get load(): number {
    return this.#state.at === "unreachable" ? 0 : this.#state.client.load;
  }

  /** Undefined while the tablet can't take calls. */
  get rpc(): TabletRpc | undefined {
    return this.#state.at === "known" ? this.#state.rpc : undefined;
  }

  /** What the tablet said last; for one that can't be reached, its record and the cause. */
  get health(): TabletHealth {
    if (this.#state.at === "known") return this.#state.health;
    const { alias, keyspace, shard, type, primaryTermStartTime } = this.record;
    return {
      alias,
      target: { keyspace, shard, tabletType: type },
      serving: false,
      primaryTermStartTime,
      lagSeconds: undefined,
      error: this.#state.at === "silent" ? "no health yet" : this.#state.cause,
      schemaVersion: 0,
    };
  }

  async #run(signal: AbortSignal): Promise<void> {
    let pauseMs = PAUSE_MS_MIN;
    while (!signal.aborted) {
      const wasKnown = await this.#connectAndListen(signal);
      pauseMs = wasKnown ? PAUSE_MS_MIN : Math.min(PAUSE_MS_MAX, pauseMs * 2);
      const pause = pauseMs * (0.75 + this.#options.random() / 2);
      await this.#options.clock.sleep(pause, { signal }).catch(() => {
        // Disposed: the loop's condition sees it.
      });
    }
  }

  /** Serves one connection until it ends. True when the tablet had told its health. */
  async #connectAndListen(signal: AbortSignal): Promise<boolean> {
    const ended = new AbortController();
    let cause = "closed";
    try {
      using client = await this.#connect(ended, signal);
      const rpc = new TabletRpc(client, this.record.alias);
      this.#become({ at: "silent", client, rpc });
      const streaming = rpc.streamHealth((health) => {
        if (!ended.signal.aborted) this.#become({ at: "known", client, rpc, health });
      }, { signal: AbortSignal.any([signal, ended.signal]) });
      await streaming;
    } catch (error) {
      cause = error instanceof Error ? error.message : String(error);
    }
    const wasKnown = this.#state.at === "known";
    if (wasKnown && !signal.aborted) {
      this.#options.log.info("tablet lost", { tablet: this.name, cause });
    }
    this.#become({ at: "unreachable", cause });
    return wasKnown;
  }

  async #connect(ended: AbortController, signal: AbortSignal): Promise<MuxClient> {
    const { hostname, portMap } = this.record;
    const client = await connectMux({
      hostname,
      port: portMap.grpc,
      name: this.#options.gateName,
      peer: this.name,
      signal: AbortSignal.any([signal, AbortSignal.timeout(CONNECT_MS)]),
      onGoaway: (reason) => this.#onGoaway(reason),
      onClosed: (cause) => ended.abort(cause),
    });
    if (client.peerName === this.name) return client;
    client.abort("another tablet");
    throw vtError("VT20003", this.name, `${client.peerName}, which listens in its place`);
  }

  /** It takes no new calls from now on; those in flight end over the same connection. */
  #onGoaway(reason: string): void {
    if (this.#state.at !== "known") return;
    const { health } = this.#state;
    this.#become({ ...this.#state, health: { ...health, serving: false, error: reason } });
  }

  #become(state: State): void {
    this.#state = state;
    this.#options.onChange();
  }

  /** Ends the connection and what is in flight on it. */
  async dispose(): Promise<void> {
    const state = this.#state;
    this.#stop.abort();
    if (state.at !== "unreachable") state.client.abort("the gate has let go of this tablet");
    await this.#running;
  }
}
