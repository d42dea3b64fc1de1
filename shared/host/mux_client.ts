/**
 * The gate's end of the connection to a tablet: calls out, streams of answers in. A stream whose
 * receiver is busy holds at most its window here and keeps no other stream waiting.
 */
import { type VtError, vtError } from "../error/errors.ts";
import {
  finishFrame,
  FLAG_END,
  FLAG_MORE,
  FRAME_CALL,
  FRAME_CANCEL,
  FRAME_DATA,
  FRAME_ERROR,
  FRAME_HEADER_BYTES,
  FRAME_PAYLOAD_BYTES_MAX,
  type FrameReader,
  type Hello,
  startFrame,
  WINDOW_BYTES,
  writeCredit,
  writeFrame,
} from "../rpc/frame.ts";
import { decodeError, REQUEST_BYTES_MAX } from "../rpc/messages.ts";
import type { WireWriter } from "../rpc/wire.ts";
import { type Abortable, AbortList } from "./abort_list.ts";
import { SlotTable } from "./slot_table.ts";
import { HeldFrames } from "./held_frames.ts";
import { KEEPALIVE, type KeepaliveOptions, MuxTransport } from "./mux_transport.ts";

/** How long a cancelled call waits for the tablet's last word. */
const CANCEL_ANSWER_MS = 5000;

/** Takes the answer of a call. `end` or `fail` comes once, last. */
export interface Receiver {
  /**
   * A part of the answer as the tablet wrote it, or with `more` a piece of one that goes on in the
   * next call. Bytes valid during the call. A promise holds the stream back; its rejection cancels
   * the call.
   */
  data(payload: Uint8Array, more: boolean): void | Promise<void>;
  /** Bytes valid during the call. */
  end(payload: Uint8Array): void;
  fail(error: unknown): void;
}

export interface MuxClientOptions {
  readonly hostname: string;
  readonly port: number;
  /** Who calls, for the tablet's log. */
  readonly name: string;
  /** How errors name the other end: a tablet alias. */
  readonly peer: string;
  readonly signal: AbortSignal;
  readonly keepalive?: KeepaliveOptions;
  /** The tablet is about to close: it takes no new calls. */
  readonly onGoaway?: (reason: string) => void;
  readonly onClosed?: (cause: VtError) => void;
}

/** Opens a connection and waits for the tablet's HELLO. Throws VT20006, VT20013 or VT20015. */
export async function connectMux(options: MuxClientOptions): Promise<MuxClient> {
  const { hostname, port, peer, signal } = options;
  let socket: Deno.TcpConn;
  try {
    socket = await Deno.connect({ hostname, port, signal });
  } catch (error) {
    throw vtError("VT20006", peer, error instanceof Error ? error.message : String(error));
  }
  const client = new MuxClient(socket, options);
  const giveUp = () => client.abort("the connection attempt was given up");
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await client.ready();
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
  return client;
}

export class MuxClient implements Disposable {
  readonly #transport: MuxTransport;
  readonly #options: MuxClientOptions;
  readonly #streams = new SlotTable<ClientStream>();
  #goaway: string | undefined;
  #lost: VtError | undefined;
  #hello: Hello | undefined;

  constructor(socket: Deno.TcpConn, options: MuxClientOptions) {
    this.#options = options;
    this.#transport = new MuxTransport(socket, {
      onFrame: (frame) => this.#onFrame(frame),
      onGoaway: (reason) => this.#onGoaway(reason),
      onClosed: (cause) => this.#onClosed(cause),
    }, {
      hello: { name: options.name, windowBytes: WINDOW_BYTES },
      peer: options.peer,
      keepalive: options.keepalive ?? KEEPALIVE,
    });
  }

  async ready(): Promise<void> {
    this.#hello = await this.#transport.start();
  }

  /** Who answered: a tablet's alias. */
  get peerName(): string {
    return this.#hello?.name ?? this.#options.peer;
  }

  /** Calls in flight. */
  get load(): number {
    return this.#streams.size;
  }

  /**
   * Sends a request, which `write` encodes, and hands its answer to `receiver`. When `signal`
   * aborts the tablet is asked to stop, and its last word still decides how the call ends.
   */
  call(write: (out: WireWriter) => void, receiver: Receiver, signal: AbortSignal): void {
    const refusal = this.#refusal(signal);
    if (refusal !== undefined) {
      receiver.fail(refusal);
      return;
    }
    const id = this.#streams.nextId;
    const out = this.#transport.out;
    const start = startFrame(out, FRAME_CALL, id);
    try {
      write(out);
      if (out.length - start > REQUEST_BYTES_MAX) throw vtError("ER_NET_PACKET_TOO_LARGE");
    } catch (error) {
      out.truncate(start);
      receiver.fail(error);
      return;
    }
    const payloadBytes = out.length - start - FRAME_HEADER_BYTES;
    this.#streams.add(new ClientStream(this, id, receiver, signal));
    if (payloadBytes <= FRAME_PAYLOAD_BYTES_MAX) {
      finishFrame(out, start, 0);
      this.#transport.flushSoon();
    } else {
      const payload = out.written().slice(start + FRAME_HEADER_BYTES);
      out.truncate(start);
      void this.#sendParts(id, payload);
    }
  }

  /** VT20001's status says: nothing has happened, look for the tablet that serves now. */
  #refusal(signal: AbortSignal): VtError | undefined {
    if (signal.aborted) return vtError("ER_QUERY_INTERRUPTED");
    if (this.#lost !== undefined) {
      return vtError("VT20001", `NOT_CONNECTED (${this.#lost.message})`);
    }
    return this.#goaway === undefined ? undefined : vtError("VT20001", this.#goaway);
  }

  /** A large request goes out in parts between the frames of others. */
  async #sendParts(id: number, payload: Uint8Array): Promise<void> {
    for (let at = 0; at < payload.length; at += FRAME_PAYLOAD_BYTES_MAX) {
      await this.#transport.drained();
      if (!this.#transport.open) return;
      const end = Math.min(at + FRAME_PAYLOAD_BYTES_MAX, payload.length);
      const flags = end < payload.length ? FLAG_MORE : 0;
      writeFrame(this.#transport.out, FRAME_CALL, id, flags, payload.subarray(at, end));
      this.#transport.flushSoon();
    }
  }

  #onFrame(frame: FrameReader): void {
    const stream = this.#streams.get(frame.streamId);
    if (stream === undefined) throw vtError("VT20013", `an answer to no call ${frame.streamId}`);
    if (frame.type === FRAME_DATA) stream.onData(frame.payload, frame.flags);
    else if (frame.type === FRAME_ERROR) stream.onError(decodeError(frame.payload));
    else throw vtError("VT20013", `frame ${frame.type} from a tablet`);
  }

  #onGoaway(reason: string): void {
    this.#goaway = reason;
    this.#options.onGoaway?.(reason);
  }

  #onClosed(cause: VtError): void {
    this.#lost = cause;
    for (const stream of this.#streams.values()) stream.onError(cause);
    this.#options.onClosed?.(cause);
  }

  /** For ClientStream: the tablet has said its last word on this id. */
  forget(id: number): void {
    this.#streams.delete(id);
  }

  /** For ClientStream: widens a stream's window. */
  credit(id: number, bytes: number): void {
    if (!this.#transport.open) return;
    writeCredit(this.#transport.out, id, bytes);
    this.#transport.flushSoon();
  }

  /** For ClientStream: asks the tablet to stop. */
  cancel(id: number): void {
    if (!this.#transport.open) return;
    writeFrame(this.#transport.out, FRAME_CANCEL, id, 0, NOTHING);
    this.#transport.flushSoon();
  }

  /** Closes at once; calls in flight fail with VT20006. */
  abort(reason: string): void {
    this.#transport.abort(reason);
  }

  [Symbol.dispose](): void {
    this.abort("closed");
  }
}

const NOTHING = new Uint8Array();

/** One call in flight. */
class ClientStream implements Abortable {
  readonly #client: MuxClient;
  readonly #id: number;
  readonly #receiver: Receiver;
  readonly #aborts: AbortList;
  /** Made when the receiver is busy for the first time. */
  #held: HeldFrames | undefined;
  #busy = false;
  #consumed = 0;
  #failure: unknown;
  #cancelTimer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(client: MuxClient, id: number, receiver: Receiver, signal: AbortSignal) {
    this.#client = client;
    this.#id = id;
    this.#receiver = receiver;
    this.#aborts = AbortList.of(signal);
    this.#aborts.add(this);
  }

  onAbort(): void {
    this.#cancel();
  }

  onData(payload: Uint8Array, flags: number): void {
    if (this.#over) {
      if ((flags & FLAG_END) !== 0) this.#client.forget(this.#id);
      return;
    }
    if (!this.#busy) {
      this.#deliver(payload, flags);
      return;
    }
    this.#held ??= new HeldFrames();
    if (this.#held.bytes > WINDOW_BYTES + 2 * FRAME_PAYLOAD_BYTES_MAX) {
      throw vtError("VT20013", "more bytes than the window allows");
    }
    this.#held.push(payload, flags);
  }

  #deliver(payload: Uint8Array, flags: number): void {
    if ((flags & FLAG_END) !== 0) {
      this.#finish();
      this.#client.forget(this.#id);
      if (this.#failure !== undefined) this.#receiver.fail(this.#failure);
      else this.#receiver.end(payload);
      return;
    }
    if (this.#failure !== undefined) return;
    try {
      const wait: unknown = this.#receiver.data(payload, (flags & FLAG_MORE) !== 0);
      // A receiver's type lets it return anything for void.
      if (!(wait instanceof Promise)) {
        this.#give(payload.length);
      } else {
        this.#busy = true;
        void wait.then(() => this.#resume(payload.length), (error) => {
          this.#giveUp(error);
          this.#resume(payload.length);
        });
      }
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** The receiver is ready again: it gets what came in the meantime. */
  #resume(bytes: number): void {
    if (this.#over) return;
    this.#busy = false;
    this.#give(bytes);
    while (!this.#busy) {
      const next = this.#held?.shift();
      if (next === undefined) return;
      this.#deliver(next.payload, next.flags);
    }
  }

  /** Credits in halves of the window: a short answer needs none. */
  #give(bytes: number): void {
    this.#consumed += bytes;
    if (this.#consumed < WINDOW_BYTES / 2) return;
    this.#client.credit(this.#id, this.#consumed);
    this.#consumed = 0;
  }

  /** The receiver failed: the rest is of no use, but the tablet's last word is awaited. */
  #giveUp(error: unknown): void {
    this.#failure ??= error ?? new Error("the receiver failed");
    this.#cancel();
  }

  #cancel(): void {
    if (this.#cancelTimer !== undefined) return;
    this.#client.cancel(this.#id);
    this.#cancelTimer = setTimeout(
      () => this.#abandon(vtError("VT20014", "a cancelled statement")),
      CANCEL_ANSWER_MS,
    );
  }

  /** The call failed. What is held back is of no use then. */
  onError(error: unknown): void {
    this.#client.forget(this.#id);
    if (!this.#over) this.#abandon(error);
  }

  /** Ends the call for the receiver. Its id stays taken until the tablet has answered. */
  #abandon(error: unknown): void {
    this.#finish();
    this.#receiver.fail(this.#failure ?? error);
  }

  #finish(): void {
    this.#over = true;
    this.#held = undefined;
    this.#aborts.remove(this);
    if (this.#cancelTimer !== undefined) clearTimeout(this.#cancelTimer);
  }
}
