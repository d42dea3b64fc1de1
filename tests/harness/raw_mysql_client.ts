/** A client that sends whatever bytes a test likes, and reads packets. */
import { decodeErrPacket, ERR_HEADER, type ErrPacket } from "../../shared/mysql/err_packet.ts";
import { encodeFrames } from "../../shared/mysql/frame.ts";
import {
  decodeHandshakeGreeting,
  type HandshakeGreeting,
} from "../../shared/mysql/handshake_greeting.ts";
import {
  encodeHandshakeResponse,
  type HandshakeResponse,
} from "../../shared/mysql/handshake_response.ts";
import { nativePasswordResponse } from "../../shared/mysql/native_password.ts";
import { type Packet, PacketSplitter } from "../../shared/mysql/packet_splitter.ts";

/** What most drivers set, without DEPRECATE_EOF. */
export const RAW_CAPABILITIES = 0x3aa20d & ~0x8;

export class RawMysqlClient implements Disposable {
  readonly conn: Deno.TcpConn;
  readonly #splitter = new PacketSplitter({ payloadBytesMax: 1 << 28, idleBytes: 1 << 16 });

  private constructor(conn: Deno.TcpConn) {
    this.conn = conn;
  }

  static async connect(port: number): Promise<RawMysqlClient> {
    return new RawMysqlClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Connects and logs in with a password. Throws when the server refuses. */
  static async login(port: number, user: string, password = ""): Promise<RawMysqlClient> {
    const client = await RawMysqlClient.connect(port);
    const greeting = decodeHandshakeGreeting((await client.read()).payload);
    await client.send(client.response(greeting, user, password), 1);
    const { payload } = await client.read();
    if (payload[0] !== 0) throw new Error(`not logged in: ${payload.toHex()}`);
    return client;
  }

  response(
    greeting: HandshakeGreeting,
    user: string,
    password: string,
    more: Partial<HandshakeResponse> = {},
  ): Uint8Array<ArrayBuffer> {
    return encodeHandshakeResponse({
      capabilities: RAW_CAPABILITIES,
      maxPacketBytes: 1 << 24,
      collation: 45,
      user,
      authResponse: nativePasswordResponse(password, greeting.scramble),
      database: "",
      authPlugin: "mysql_native_password",
      attributes: new Map(),
      ...more,
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) sent += await this.conn.write(bytes.subarray(sent));
  }

  send(payload: Uint8Array, sequenceId = 0): Promise<void> {
    return this.write(encodeFrames(payload, sequenceId));
  }

  /** COM_QUERY. */
  query(sql: string): Promise<void> {
    return this.send(command(3, sql));
  }

  /** Throws when the server closes. */
  async read(): Promise<Packet> {
    for (;;) {
      const packet = this.#splitter.shift();
      if (packet !== undefined) return packet;
      const count = await this.conn.read(this.#splitter.space());
      if (count === null) throw new Error("the server closed the connection");
      this.#splitter.commit(count);
    }
  }

  /** Reads the next packet, which must be an ERR. */
  async readError(): Promise<ErrPacket> {
    const { payload } = await this.read();
    if (payload[0] !== ERR_HEADER) throw new Error(`no error: ${payload.toHex()}`);
    return decodeErrPacket(payload);
  }

  /** The one value of an echo's result, in text protocol with EOF packets. */
  async readEcho(): Promise<string> {
    const packets = [await this.read()];
    if (packets[0]?.payload[0] === ERR_HEADER) {
      throw new Error(decodeErrPacket(packets[0].payload).message);
    }
    for (let i = 0; i < 4; i++) packets.push(await this.read());
    const row = packets[3]?.payload ?? new Uint8Array(0);
    return new TextDecoder().decode(row.subarray(1));
  }

  /** Resolves when the server has closed its side. */
  async closed(): Promise<void> {
    const buffer = new Uint8Array(4096);
    try {
      while (await this.conn.read(buffer) !== null);
    } catch {
      // A reset is a close, too.
    }
  }

  [Symbol.dispose](): void {
    this.conn.close();
  }
}

/** A command byte with text. */
export function command(code: number, text = ""): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  const payload = new Uint8Array(bytes.length + 1);
  payload[0] = code;
  payload.set(bytes, 1);
  return payload;
}
