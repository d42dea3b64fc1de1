/**
 * The tablet's end of the connections from gates: calls in, streams of answers out, each bounded
 * by the window that its gate grants.
 */
import { type VtError, vtError } from "../error/errors.ts";
import type { Log } from "../io/log.ts";
import {
  decodeCredit,
  finishFrame,
  FLAG_END,
  FLAG_MORE,
  FRAME_CALL,
  FRAME_CANCEL,
  FRAME_CREDIT,
  FRAME_DATA,
  FRAME_ERROR,
  FRAME_PAYLOAD_BYTES_MAX,
  type FrameReader,
  startFrame,
  WINDOW_BYTES,
  writeFrame,
} from "../rpc/frame.ts";
import { REQUEST_BYTES_MAX, writeError } from "../rpc/messages.ts";
import type { WireWriter } from "../rpc/wire.ts";
import { KEEPALIVE, type KeepaliveOptions, MuxTransport } from "./mux_transport.ts";

/** Calls of one gate at a time, and the highest id: far above what its sessions have in flight. */
const CALLS_MAX = 50_000;
/** Parts of large requests that wait for their rest, over all calls of one gate. */
const PARTIAL_BYTES_MAX = 512 * 1024 * 1024;

/** Rows travel in frames that the gate's buffers hold without growing. */
const DATA_BYTES_MAX = 64 * 1024;

/** Signals of a gate's past calls that are kept for its next ones. */
const IDLE_ABORTS_MAX = 256;

/** What the tablet does with the calls of one gate. */
export interface MuxPeer {
  /** `request` is valid during the call. The answer goes through `call`, now or later. */
  onCall(call: ServerCall, request: Uint8Array): void;
  /** The connection is gone; every call's signal has aborted. */
  onClosed(): void;
}

export interface MuxServerOptions {
  readonly hostname: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** This tablet's alias. */
  readonly name: string;
  readonly log: Log;
  readonly keepalive?: KeepaliveOptions;
  /** A gate connected. */
  readonly accept: () => MuxPeer;
}

/** Listens. Dispose to stop: gates are told, calls in flight are cut off. */
export class MuxServer implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #options: MuxServerOptions;
  readonly #connections = new Set<ServerConnection>();
  readonly #accepting: Promise<void>;
  #goaway: string | undefined;
  #closed = false;

  constructor(options: MuxServerOptions) {
    this.#options = options;
    this.#listener = Deno.listen({ hostname: options.hostname, port: options.port });
    this.#accepting = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  get connections(): number {
    return this.#connections.size;
  }

  async #accept(): Promise<void> {
    for (;;) {
      let socket: Deno.TcpConn;
      try {
        socket = await this.#listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return;
        // One connection failed (reset before it was accepted, out of file descriptors): others go on.
        this.#options.log.warn("accept failed", { error: String(error) });
        await new Promise((resolve) => setTimeout(resolve, 50));
        continue;
      }
      this.#serve(socket);
    }
  }

  #serve(socket: Deno.TcpConn): void {
    const connection = new ServerConnection(
      socket,
      this.#options,
      () => this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    if (this.#goaway !== undefined) connection.goaway(this.#goaway);
  }

  /** Tells all gates, also those to come, to send nothing new. */
  goaway(reason: string): void {
    this.#goaway = reason;
    for (const connection of this.#connections) connection.goaway(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) this.#listener.close();
    this.#closed = true;
    for (const connection of [...this.#connections]) connection.close();
    await this.#accepting;
  }
}

/** A request of which parts are still to come. */
interface PartialCall {
  readonly parts: Uint8Array[];
  bytes: number;
  /** Why it will not run. */
  refusal: VtError | undefined;
}

class ServerConnection {
  readonly #transport: MuxTransport;
  readonly #peer: MuxPeer;
  /** By id; see slot_table.ts for why it is no Map. Gates use low ids again. */
  readonly #calls: (ServerCall | undefined)[] = [];
  /** Of calls that are over, for those to come: a new one and its first listener cost 1 us. */
  readonly #idleAborts: AbortController[] = [];
  readonly #partial = new Map<number, PartialCall>();
  #partialBytes = 0;

  constructor(socket: Deno.TcpConn, options: MuxServerOptions, onGone: () => void) {
    this.#peer = options.accept();
    const address = `${socket.remoteAddr.hostname}:${socket.remoteAddr.port}`;
    this.#transport = new MuxTransport(socket, {
      onFrame: (frame) => this.#onFrame(frame),
      // A gate closes without one.
      onGoaway: () => {},
      onClosed: (cause) => {
        onGone();
        options.log.debug("gate disconnected", { address, cause: cause.message });
        this.#onClosed(cause);
      },
    }, {
      hello: { name: options.name, windowBytes: WINDOW_BYTES },
      peer: `the gate at ${address}`,
      keepalive: options.keepalive ?? KEEPALIVE,
    });
    void this.#transport.start().then(
      (hello) => options.log.debug("gate connected", { address, gate: hello.name }),
      (error) => options.log.warn("no gate", { address, error: String(error) }),
    );
  }

  goaway(reason: string): void {
    this.#transport.goaway(reason);
  }

  close(): void {
    this.#transport.close();
  }

  #onFrame(frame: FrameReader): void {
    if (frame.type === FRAME_CALL) {
      this.#onCall(frame.streamId, frame.payload, (frame.flags & FLAG_MORE) !== 0);
    } else if (frame.type === FRAME_CREDIT) {
      this.#calls[frame.streamId]?.onCredit(decodeCredit(frame.payload));
    } else if (frame.type === FRAME_CANCEL) {
      this.#onCancel(frame.streamId);
    } else {
      throw vtError("VT20013", `frame ${frame.type} from a gate`);
    }
  }

  #onCancel(id: number): void {
    const reason = vtError("ER_QUERY_INTERRUPTED");
    this.#calls[id]?.onCancel(reason);
    this.#refuse(this.#partial.get(id), reason);
  }

  #onCall(id: number, payload: Uint8Array, more: boolean): void {
    if (id === 0 || id > CALLS_MAX) throw vtError("VT20013", `no call has the id ${id}`);
    const partial = this.#partial.get(id);
    if (more || partial !== undefined) {
      this.#onPart(id, partial ?? this.#newPartial(id), payload, more);
      return;
    }
    this.#start(id, payload, undefined);
  }

  #start(id: number, request: Uint8Array, refusal: VtError | undefined): void {
    if (this.#calls[id] !== undefined) throw vtError("VT20013", `call ${id} is in flight already`);
    const call = new ServerCall(id, this.#transport, this.#calls, this.#idleAborts);
    this.#calls[id] = call;
    try {
      if (refusal !== undefined) throw refusal;
      this.#peer.onCall(call, request);
    } catch (error) {
      call.fail(error);
    }
  }

  #newPartial(id: number): PartialCall {
    const partial: PartialCall = { parts: [], bytes: 0, refusal: undefined };
    this.#partial.set(id, partial);
    return partial;
  }

  /** Keeps a part of a large request; the last part starts the call. */
  #onPart(id: number, partial: PartialCall, payload: Uint8Array, more: boolean): void {
    if (partial.refusal === undefined) {
      partial.parts.push(payload.slice());
      partial.bytes += payload.length;
      this.#partialBytes += payload.length;
      if (partial.bytes > REQUEST_BYTES_MAX || this.#partialBytes > PARTIAL_BYTES_MAX) {
        this.#refuse(partial, vtError("ER_NET_PACKET_TOO_LARGE"));
      }
    }
    if (more) return;
    this.#partial.delete(id);
    this.#partialBytes -= partial.bytes;
    this.#start(id, concat(partial.parts, partial.bytes), partial.refusal);
  }

  /** The rest of the request still comes, and is dropped; then the call fails. */
  #refuse(partial: PartialCall | undefined, refusal: VtError): void {
    if (partial === undefined) return;
    this.#partialBytes -= partial.bytes;
    partial.parts.length = 0;
    partial.bytes = 0;
    partial.refusal = refusal;
  }

  #onClosed(cause: VtError): void {
    for (const call of this.#calls.splice(0)) call?.onCancel(cause);
    this.#partial.clear();
    this.#peer.onClosed();
  }
}

/** One call of a gate. `end`, `endBytes` or `fail` answers it, once; what comes later is dropped. */
export class ServerCall {
  readonly #id: number;
  readonly #transport: MuxTransport;
  readonly #calls: (ServerCall | undefined)[];
  readonly #idleAborts: AbortController[];
  readonly #abort: AbortController;
  #credit: number;
  #wake: (() => void) | undefined;
  #done = false;

  /** `calls` is the table that it leaves when it is answered. */
  constructor(
    id: number,
    transport: MuxTransport,
    calls: (ServerCall | undefined)[],
    idleAborts: AbortController[],
  ) {
    this.#idleAborts = idleAborts;
    this.#abort = idleAborts.pop() ?? new AbortController();
    this.#id = id;
    this.#transport = transport;
    this.#credit = transport.windowBytes;
    this.#calls = calls;
  }

  /** Aborts when the gate cancels the call or is gone. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /**
   * Sends a part of the answer. Where there is a promise, wait for it before the next part, and
   * leave the bytes as they are until then.
   */
  write(bytes: Uint8Array): void | Promise<void> {
    const at = this.#writeSome(bytes, 0);
    return at < bytes.length ? this.#writeRest(bytes, at) : this.#room();
  }

  /** Sends what the window allows from `at` on, and returns where the rest starts. */
  #writeSome(bytes: Uint8Array, at: number): number {
    // Nobody reads any more; the producer learns it from the signal.
    if (this.#done || this.#abort.signal.aborted) return bytes.length;
    const out = this.#transport.out;
    while (at < bytes.length && this.#credit > 0) {
      const end = Math.min(at + DATA_BYTES_MAX, bytes.length);
      const part = end - at === bytes.length ? bytes : bytes.subarray(at, end);
      writeFrame(out, FRAME_DATA, this.#id, end < bytes.length ? FLAG_MORE : 0, part);
      this.#credit -= end - at;
      at = end;
    }
    this.#transport.flushSoon();
    return at;
  }

  async #writeRest(bytes: Uint8Array, at: number): Promise<void> {
    while (at < bytes.length) {
      await this.#room();
      at = this.#writeSome(bytes, at);
    }
    await this.#room();
  }

  /** Something to wait for when the window or the connection is full. */
  #room(): void | Promise<void> {
    if (this.#done || this.#abort.signal.aborted) return;
    if (this.#credit <= 0) return this.#credited();
    if (this.#transport.full) return this.#transport.drained();
  }

  #credited(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  onCredit(bytes: number): void {
    this.#credit += bytes;
    if (this.#credit > 0) this.#wake?.();
  }

  onCancel(reason: VtError): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort(reason);
    this.#wake?.();
  }

  /** Ends the answer. The payload that `write` encodes must fit one frame. */
  end(write: (out: WireWriter) => void): void {
    if (this.#finish()) return;
    const out = this.#transport.out;
    const start = startFrame(out, FRAME_DATA, this.#id);
    write(out);
    finishFrame(out, start, FLAG_END);
    this.#transport.flushSoon();
  }

  /** After `end`, when nobody holds the signal any more: another call may have it. */
  recycle(): void {
    const { length } = this.#idleAborts;
    if (!this.#done || this.#abort.signal.aborted || length >= IDLE_ABORTS_MAX) return;
    this.#idleAborts.push(this.#abort);
  }

  /** Ends the answer with a payload of any size. */
  async endBytes(payload: Uint8Array): Promise<void> {
    let at = 0;
    for (; payload.length - at > FRAME_PAYLOAD_BYTES_MAX; at += FRAME_PAYLOAD_BYTES_MAX) {
      await this.write(payload.subarray(at, at + FRAME_PAYLOAD_BYTES_MAX));
    }
    this.end((out) => out.raw(payload.subarray(at)));
  }

  fail(error: unknown): void {
    if (this.#finish()) return;
    const out = this.#transport.out;
    const start = startFrame(out, FRAME_ERROR, this.#id);
    writeError(out, error);
    finishFrame(out, start, 0);
    this.#transport.flushSoon();
  }

  /** True when the call was over already. */
  #finish(): boolean {
    if (this.#done) return true;
    this.#done = true;
    if (this.#calls[this.#id] === this) this.#calls[this.#id] = undefined;
    return !this.#transport.open;
  }
}

function concat(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
