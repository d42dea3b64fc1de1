/**
 * One TCP connection of the RPC between gate and tablet, as both ends use it: frames out of a
 * reused buffer in, writes batched per turn of the event loop out, keepalive. What the frames mean
 * is mux_client.ts's and mux_server.ts's.
 *
 * Two buffers take turns: one is being written to the socket while the other fills. The first frame
 * of a turn schedules one write of all frames of that turn; whatever comes while the socket is busy
 * goes out with the next write. That first write waits for the end of the turn and not of the
 * microtasks: chains of awaits have different lengths, and 5 to 10 % more statements passed so.
 */
import { setImmediate } from "node:timers";
import { VtError, vtError } from "../error/errors.ts";
import {
  decodeGoaway,
  decodeHello,
  FRAME_GOAWAY,
  FRAME_HELLO,
  FRAME_PING,
  FRAME_PONG,
  FrameReader,
  type Hello,
  writeFrame,
  writeGoaway,
  writeHello,
} from "../rpc/frame.ts";
import { WireWriter } from "../rpc/wire.ts";

const OUT_BUFFER_BYTES = 64 * 1024;
/** A buffer that a burst made larger than this is given back. */
const OUT_BUFFER_BYTES_KEPT = 1024 * 1024;
/** Bytes waiting for the socket above which producers are asked to wait. */
const OUT_HIGH_WATER_BYTES = 2 * 1024 * 1024;

const NOTHING = new Uint8Array();

export interface KeepaliveOptions {
  /** After this long without a frame a PING goes out. */
  readonly pingMs: number;
  /** After this long without a frame the peer counts as dead. */
  readonly deadMs: number;
}

export const KEEPALIVE: KeepaliveOptions = { pingMs: 5000, deadMs: 15_000 };

/** What an end of the connection does with it. */
export interface FrameHandler {
  /** Frames other than HELLO, PING, PONG, GOAWAY. The payload is valid during the call. */
  onFrame(frame: FrameReader): void;
  /** The peer is about to close: no new calls. */
  onGoaway(reason: string): void;
  /** Comes once, last. */
  onClosed(cause: VtError): void;
}

export interface TransportOptions {
  readonly hello: Hello;
  /** Names the peer in errors until its HELLO does. */
  readonly peer: string;
  readonly keepalive: KeepaliveOptions;
}

type State = "open" | "closing" | "closed";

export class MuxTransport {
  readonly #socket: Deno.TcpConn;
  readonly #handler: FrameHandler;
  readonly #options: TransportOptions;
  readonly #reader = new FrameReader();
  readonly #drainWaiters: (() => void)[] = [];
  readonly #flush = () => void this.#write();
  #filling = new WireWriter(OUT_BUFFER_BYTES);
  #spare = new WireWriter(OUT_BUFFER_BYTES);
  #scheduled = false;
  #writing = false;
  #state: State = "open";
  #timer: ReturnType<typeof setInterval> | undefined;
  #heard = true;
  #silentMs = 0;
  #hello: Hello | undefined;
  #peerHello = Promise.withResolvers<Hello>();

  constructor(socket: Deno.TcpConn, handler: FrameHandler, options: TransportOptions) {
    this.#socket = socket;
    this.#handler = handler;
    this.#options = options;
    socket.setNoDelay(true);
    // Whoever does not wait for the HELLO learns of the failure through onClosed.
    void this.#peerHello.promise.catch(() => {});
  }

  /** Says HELLO and starts to read. Resolves with the peer's HELLO; rejects when none comes. */
  start(): Promise<Hello> {
    writeHello(this.#filling, this.#options.hello);
    this.flushSoon();
    this.#timer = setInterval(() => this.#tick(), this.#options.keepalive.pingMs);
    void this.#readLoop();
    return this.#peerHello.promise;
  }

  /** Frames go here; then call `flushSoon`. Ask for it again after each wait. */
  get out(): WireWriter {
    return this.#filling;
  }

  /** What the peer lets a stream send before the first CREDIT. */
  get windowBytes(): number {
    return this.#hello?.windowBytes ?? 0;
  }

  get open(): boolean {
    return this.#state === "open";
  }

  /** True when producers should wait for `drained`. */
  get full(): boolean {
    return this.#filling.length > OUT_HIGH_WATER_BYTES;
  }

  flushSoon(): void {
    if (this.#scheduled || this.#writing) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  }

  /** Resolves when the socket took what waited, or the connection ended. */
  drained(): Promise<void> {
    if (!this.full || this.#state === "closed") return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  async #write(): Promise<void> {
    this.#scheduled = false;
    if (this.#writing) return;
    this.#writing = true;
    try {
      while (this.#filling.length > 0 && this.#state !== "closed") {
        const sending = this.#filling;
        this.#filling = this.#spare;
        this.#spare = sending;
        await writeAll(this.#socket, sending.written());
        sending.clear();
        if (sending.capacity > OUT_BUFFER_BYTES_KEPT) {
          this.#spare = new WireWriter(OUT_BUFFER_BYTES);
        }
        if (this.#drainWaiters.length > 0 && !this.full) this.#wakeDrained();
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#writing = false;
    }
    if (this.#state === "closing") this.#closed(vtError("VT20006", this.#options.peer, "closed"));
  }

  #wakeDrained(): void {
    for (const wake of this.#drainWaiters.splice(0)) wake();
  }

  async #readLoop(): Promise<void> {
    const reader = this.#reader;
    try {
      for (;;) {
        const count = await this.#socket.read(reader.room());
        if (count === null) {
          this.#fail(new Error("the peer closed the connection"));
          return;
        }
        reader.received(count);
        this.#heard = true;
        while (reader.next()) this.#dispatch(reader);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #dispatch(frame: FrameReader): void {
    if (this.#hello === undefined) {
      if (frame.type !== FRAME_HELLO) throw vtError("VT20013", "the first frame is no HELLO");
      this.#hello = decodeHello(frame.payload);
      this.#peerHello.resolve(this.#hello);
      return;
    }
    switch (frame.type) {
      case FRAME_PING:
        writeFrame(this.#filling, FRAME_PONG, 0, 0, NOTHING);
        this.flushSoon();
        return;
      case FRAME_PONG:
        return;
      case FRAME_GOAWAY:
        this.#handler.onGoaway(decodeGoaway(frame.payload));
        return;
      default:
        this.#handler.onFrame(frame);
    }
  }

  #tick(): void {
    if (this.#heard) {
      this.#heard = false;
      this.#silentMs = 0;
      return;
    }
    this.#silentMs += this.#options.keepalive.pingMs;
    if (this.#silentMs >= this.#options.keepalive.deadMs) {
      this.#fail(new Error(`no answer for ${Math.round(this.#silentMs / 1000)} s`));
      return;
    }
    writeFrame(this.#filling, FRAME_PING, 0, 0, NOTHING);
    this.flushSoon();
  }

  /** Says GOAWAY; calls in flight go on. */
  goaway(reason: string): void {
    if (this.#state !== "open") return;
    writeGoaway(this.#filling, reason);
    this.flushSoon();
  }

  /** Sends what waits, then closes. */
  close(): void {
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.flushSoon();
  }

  /** Closes now: what waits is lost. */
  abort(reason: string): void {
    this.#fail(new Error(reason));
  }

  #fail(error: unknown): void {
    const cause = error instanceof Error ? error.message : String(error);
    const lost = error instanceof VtError && error.id !== "VT20006"
      ? error
      : vtError("VT20006", this.#options.peer, cause);
    this.#closed(lost);
  }

  #closed(cause: VtError): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearInterval(this.#timer);
    try {
      this.#socket.close();
    } catch (error) {
      // The runtime closed it already when the peer vanished.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    this.#wakeDrained();
    this.#peerHello.reject(cause);
    this.#handler.onClosed(cause);
  }
}

async function writeAll(socket: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  let sent = await socket.write(bytes);
  while (sent < bytes.length) sent += await socket.write(bytes.subarray(sent));
}
