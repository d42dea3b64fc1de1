/**
 * One client, from the greeting to the end.
 *
 *   login --accepted, session open--> serving --COM_QUIT, KILL, drained--> closing --> closed
 *     +--refused, timeout, garbage--> closing      +--fatal error--> closing
 *
 * While a command runs the next read is under way, so that a client that leaves aborts it; when
 * further commands have come already, nothing more is read until they are done.
 */
import { vtError } from "../../shared/error/errors.ts";
import { type CommandPacket, decodeCommand } from "../../shared/mysql/command_packet.ts";
import { encodeEofPacket } from "../../shared/mysql/eof_packet.ts";
import { encodeErrPacket } from "../../shared/mysql/err_packet.ts";
import { EMPTY_OK, encodeOkPacket } from "../../shared/mysql/ok_packet.ts";
import { type Packet, PacketSplitter } from "../../shared/mysql/packet_splitter.ts";
import type { ClientInfo, ClientSession } from "../session/client.ts";
import type { AuthIo } from "./authenticate.ts";
import type { Channel } from "./channel.ts";
import { ChannelWriter } from "./channel_writer.ts";
import { clientCollation } from "./client_collation.ts";
import { clientErrorOf } from "./errors.ts";
import {
  HANDSHAKE_PACKET_BYTES_MAX,
  IDLE_READ_BYTES,
  LINGER_MS,
  PACKET_BYTES_MAX,
} from "./limits.ts";
import { changeUser, logIn, type LoginResult } from "./login.ts";
import type { ServerContext } from "./server_context.ts";

export interface ConnectionOptions {
  readonly channel: Channel;
  readonly connectionId: number;
  /** "10.0.0.7"; undefined for a unix socket. */
  readonly remoteHostname: string | undefined;
  /** "10.0.0.7:51234" */
  readonly remoteAddress: string;
}

type State =
  | { readonly at: "login" }
  | { readonly at: "serving"; readonly session: ClientSession; readonly login: LoginResult }
  /** An error is on its way to the client; what it still sends is dropped. */
  | { readonly at: "closing" }
  | { readonly at: "closed" };

export class Connection {
  readonly #context: ServerContext;
  readonly #options: ConnectionOptions;
  readonly #splitter = new PacketSplitter({
    payloadBytesMax: HANDSHAKE_PACKET_BYTES_MAX,
    idleBytes: IDLE_READ_BYTES,
  });
  readonly #writer: ChannelWriter;
  #channel: Channel;
  #state: State = { at: "login" };
  /** To be disposed of when the client is gone and nothing runs any more. */
  #session: ClientSession | undefined;
  /** Aborts what runs; a new one after each abort. */
  #abort = new AbortController();
  /** The commands that run now, one after the other. */
  #running: Promise<void> | undefined;
  /** A command that waits for a further packet (COM_CHANGE_USER). */
  #wanted: PromiseWithResolvers<Packet> | undefined;
  /** KILL CONNECTION came while a command runs: its answer is the last one. */
  #killed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(context: ServerContext, options: ConnectionOptions) {
    this.#context = context;
    this.#options = options;
    this.#channel = options.channel;
    this.#writer = new ChannelWriter({
      channel: options.channel,
      buffers: context.buffers,
      onFailure: () => this.close(),
    });
  }

  get connectionId(): number {
    return this.#options.connectionId;
  }

  /** Serves the client until it is gone. Never throws: what goes wrong ends this client alone. */
  async run(): Promise<void> {
    try {
      await this.#logIn();
      if (this.#mayLeave()) return;
      await this.#serve();
    } catch (error) {
      this.#context.log.debug("client connection ended", {
        connectionId: this.connectionId,
        error: error instanceof Error ? error.message : String(error),
      });
    } finally {
      await this.#end();
    }
  }

  async #logIn(): Promise<void> {
    this.#timer = setTimeout(
      () => void this.#refuse(vtError("ER_NET_READ_INTERRUPTED")),
      this.#context.handshakeTimeoutMs,
    );
    const io: AuthIo = {
      writer: this.#writer,
      next: () => this.#readPacket(),
      startTls: () => this.#startTls(),
      requiresTls: this.#context.requiresTls,
    };
    try {
      if (this.#context.isDraining()) throw vtError("ER_SERVER_SHUTDOWN");
      const login = await logIn(io, { ...this.#options, context: this.#context });
      await this.#open(login);
    } catch (error) {
      await this.#refuse(error);
    } finally {
      if (this.#state.at !== "closing") this.#clearTimer();
    }
  }

  /**
   * Before commands are served, reads are made here and not in `#serve`, and a packet at a time:
   * behind a request for TLS its first bytes may come at once, and are not packets.
   */
  async #readPacket(): Promise<Packet> {
    for (;;) {
      const packet = this.#splitter.shift();
      if (packet !== undefined) return packet;
      const count = await this.#channel.read(this.#splitter.exactSpace());
      if (count === null) throw vtError("ER_HANDSHAKE_ERROR");
      this.#splitter.commit(count);
    }
  }

  async #startTls(): Promise<void> {
    if (this.#context.startTls === undefined) throw vtError("ER_HANDSHAKE_ERROR");
    this.#channel = await this.#context.startTls(this.#channel);
    this.#writer.channel = this.#channel;
  }

  /** Opens the session of a login and says OK. Throws why the session can't be. */
  async #open(login: LoginResult): Promise<void> {
    const { user, database, collation, attributes } = login.login;
    const client: ClientInfo = {
      connectionId: this.connectionId,
      user,
      remoteAddress: this.#options.remoteAddress,
      capabilities: login.capabilities,
      collation: clientCollation(collation),
      database,
      attributes,
    };
    const session = await this.#context.sessions.open(client, {
      signal: this.#abort.signal,
      kill: (what) => this.kill(what),
    });
    this.#session = session;
    // The login took too long, or the client left.
    if (this.#state.at !== "login") return;
    this.#state = { at: "serving", session, login };
    this.#splitter.payloadBytesMax = PACKET_BYTES_MAX;
    this.#ok(session, login);
    this.#writer.flush();
  }

  #ok(session: ClientSession, login: LoginResult): void {
    const ok = { ...EMPTY_OK, statusFlags: session.serverStatus };
    this.#writer.packet(encodeOkPacket(ok, login.capabilities));
  }

  /** The one reader, from the login on. */
  async #serve(): Promise<void> {
    while (this.#state.at !== "closed") {
      const count = await this.#channel.read(this.#splitter.space());
      if (count === null) return;
      if (this.#state.at === "closing") continue;
      try {
        this.#splitter.commit(count);
      } catch (error) {
        await this.#running;
        this.#writer.sequenceId = this.#splitter.nextSequenceId;
        await this.#refuse(error);
        continue;
      }
      this.#pump();
      while (this.#splitter.size > 0 && this.#running !== undefined) await this.#running;
    }
  }

  /** Gives packets that came to whoever needs them. */
  #pump(): void {
    const packet = this.#running === undefined || this.#wanted !== undefined
      ? this.#splitter.shift()
      : undefined;
    if (packet === undefined) return;
    if (this.#wanted !== undefined) {
      this.#wanted.resolve(packet);
      this.#wanted = undefined;
    } else this.#running = this.#runCommands(packet);
  }

  /** Runs a command, and those that came meanwhile. */
  async #runCommands(first: Packet): Promise<void> {
    let packet: Packet | undefined = first;
    while (packet !== undefined && this.#state.at === "serving") {
      try {
        await this.#command(packet, this.#state.session, this.#state.login);
      } catch (error) {
        await this.#refuse(error);
      }
      this.#writer.flush();
      packet = this.#splitter.shift();
    }
    this.#running = undefined;
    if (this.#killed || this.#mayLeave()) await this.#bye();
  }

  /** Throws what ends the connection. */
  async #command(packet: Packet, session: ClientSession, login: LoginResult): Promise<void> {
    if (packet.sequenceId !== 0) throw vtError("ER_NET_PACKETS_OUT_OF_ORDER");
    this.#writer.sequenceId = packet.nextSequenceId;
    if (this.#mayLeave()) throw vtError("ER_SERVER_SHUTDOWN");
    this.#context.onCommand();
    let command: CommandPacket;
    try {
      command = decodeCommand(packet.payload, login.capabilities);
    } catch (error) {
      this.#writer.packet(encodeErrPacket(clientErrorOf(error)));
      return;
    }
    switch (command.com) {
      case "quit":
        return await this.#bye();
      case "ping":
        return this.#ok(session, login);
      case "statistics":
        return this.#writer.packet(new TextEncoder().encode(this.#context.statistics()));
      case "debug":
        return this.#writer.packet(
          encodeEofPacket({ warnings: 0, statusFlags: session.serverStatus }),
        );
      case "change_user":
        return await this.#changeUser(command, session, login);
      default:
        return await session.run(command, this.#writer, { signal: this.#abort.signal });
    }
  }

  async #changeUser(
    request: Extract<CommandPacket, { readonly com: "change_user" }>,
    session: ClientSession,
    before: LoginResult,
  ): Promise<void> {
    const io: AuthIo = {
      writer: this.#writer,
      next: () => this.#nextPacket(),
      startTls: () => Promise.reject(vtError("ER_HANDSHAKE_ERROR")),
      requiresTls: this.#context.requiresTls,
    };
    const options = { ...this.#options, context: this.#context };
    const login = await changeUser(io, request, before, options);
    this.#state = { at: "login" };
    this.#session = undefined;
    await session[Symbol.asyncDispose]();
    await this.#open(login);
  }

  /** While a command runs: the packet that `#serve` reads next. */
  #nextPacket(): Promise<Packet> {
    const packet = this.#splitter.shift();
    if (packet !== undefined) return Promise.resolve(packet);
    this.#wanted = Promise.withResolvers();
    return this.#wanted.promise;
  }

  /** While the server drains: true when this client has nothing left to finish. */
  #mayLeave(): boolean {
    return this.#context.isDraining() && this.#state.at === "serving" &&
      !this.#state.session.inTransaction;
  }

  /** Ends what runs now, or the connection. */
  kill(what: "query" | "connection"): void {
    if (what === "connection") this.#killed = true;
    if (this.#running !== undefined) this.#abortRunning(vtError("ER_QUERY_INTERRUPTED"));
    else if (what === "connection") this.close();
  }

  #abortRunning(reason: unknown): void {
    const abort = this.#abort;
    this.#abort = new AbortController();
    abort.abort(reason);
  }

  /** The server drains: closes a client that has nothing to finish; others close when they have. */
  leave(): void {
    if (this.#running === undefined && this.#mayLeave()) this.close();
  }

  /** Says why, and gives the client a moment to read it before the connection goes. */
  async #refuse(error: unknown): Promise<void> {
    if (this.#state.at === "closing" || this.#state.at === "closed") return;
    this.#state = { at: "closing" };
    this.#clearTimer();
    this.#timer = setTimeout(() => this.close(), LINGER_MS);
    this.#writer.packet(encodeErrPacket(clientErrorOf(error)));
    await this.#writer.finish();
    await this.#leaveSession();
    // Without reading what is still coming, TCP would reset, and drop our error on its way.
    await this.#channel.closeWrite().catch(() => this.close());
  }

  async #bye(): Promise<void> {
    await this.#writer.finish();
    this.close();
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Rolls back, and gives back what the session holds. */
  async #leaveSession(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.[Symbol.asyncDispose]();
  }

  /** At once. `run` ends soon after. */
  close(): void {
    if (this.#state.at === "closed") return;
    this.#state = { at: "closed" };
    this.#clearTimer();
    this.#channel.close();
  }

  async #end(): Promise<void> {
    this.close();
    const gone = vtError("ER_QUERY_INTERRUPTED");
    this.#wanted?.reject(gone);
    this.#abortRunning(gone);
    try {
      await this.#running;
      await this.#leaveSession();
    } catch (error) {
      this.#context.log.error("session of a client did not end well", {
        connectionId: this.connectionId,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
