/** An execute that is on its way to a tablet: takes the answer and hands the packets on. */
import type { Receiver } from "../../shared/host/mux_client.ts";
import type { TabletAlias } from "../../shared/model/tablet.ts";
import { decodeExecuteEnd, type ExecuteEnd } from "../../shared/rpc/messages.ts";
import type { ExecuteResult, PacketSink } from "../../shared/rpc/query_service.ts";
import type { Slab } from "../../shared/rpc/slab.ts";
import { WholePackets } from "./whole_packets.ts";

export class ExecuteCall implements Receiver {
  readonly #settled = Promise.withResolvers<ExecuteResult>();
  readonly #sink: PacketSink;
  readonly #tablet: TabletAlias;
  readonly #slab: Slab;
  #whole: WholePackets | undefined;
  #delivered = false;

  constructor(sink: PacketSink, tablet: TabletAlias, slab: Slab) {
    this.#sink = sink;
    this.#tablet = tablet;
    this.#slab = slab;
  }

  get result(): Promise<ExecuteResult> {
    return this.#settled.promise;
  }

  /** True when the sink has got packets: the statement can't be tried again. */
  get delivered(): boolean {
    return this.#delivered;
  }

  data(packets: Uint8Array, more: boolean): void | Promise<void> {
    this.#delivered = true;
    // The tablet writes whole packets; only a write that took several frames can have cut one.
    if (more) this.#whole ??= new WholePackets(this.#sink);
    return this.#whole === undefined ? this.#sink(packets) : this.#whole.sink(packets);
  }

  end(payload: Uint8Array): void {
    let end: ExecuteEnd;
    try {
      end = decodeExecuteEnd(payload);
      // Sinks copy before they return, so there is nothing to wait for.
      const pending = end.packets.length > 0 ? this.data(end.packets, false) : undefined;
      void pending?.catch(this.#settled.reject);
    } catch (error) {
      this.#settled.reject(error);
      return;
    }
    const { transactionId, terminal, warnings } = end;
    this.#settled.resolve({
      transactionId,
      tablet: this.#tablet,
      terminal: this.#slab.copy(terminal),
      warnings,
    });
  }

  fail(error: unknown): void {
    this.#settled.reject(error);
  }
}
