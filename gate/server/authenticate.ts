/** Drives the server's side of shared/mysql/server_auth.ts over a client's packets. */
import { vtError } from "../../shared/error/errors.ts";
import type { Packet } from "../../shared/mysql/packet_splitter.ts";
import {
  type Login,
  type ServerAuthConfig,
  type ServerAuthStep,
  stepServerAuth,
} from "../../shared/mysql/server_auth.ts";
import type { ChannelWriter } from "./channel_writer.ts";
import type { UserEntry } from "./users.ts";

export interface AuthIo {
  readonly writer: ChannelWriter;
  /** The client's next packet. Throws when there is none. */
  next(): Promise<Packet>;
  /** Goes on over TLS. */
  startTls(): Promise<void>;
  /** Nobody gets in without TLS. */
  readonly requiresTls: boolean;
}

export interface LoggedIn {
  readonly login: Login;
  readonly entry: UserEntry;
}

/**
 * From a first step to the verdict. Throws the refusal, ER_HANDSHAKE_ERROR and
 * ER_MALFORMED_PACKET for packets that mean nothing, ER_NET_PACKETS_OUT_OF_ORDER. The OK is the
 * caller's, once the session is there.
 */
export async function authenticate(
  io: AuthIo,
  first: ServerAuthStep<UserEntry>,
  initialConfig: ServerAuthConfig<UserEntry>,
): Promise<LoggedIn> {
  let config = initialConfig;
  let [state, effect] = first;
  for (;;) {
    if (effect?.do === "send") io.writer.packet(effect.payload);
    if (effect?.do === "start_tls") {
      await io.startTls();
      config = { ...config, secure: true };
    }
    if (state.at === "accepted") return { login: state.login, entry: state.credential };
    if (state.at === "refused") throw state.error;
    io.writer.flush();
    const packet = await io.next();
    if (packet.sequenceId !== io.writer.sequenceId) throw vtError("ER_NET_PACKETS_OUT_OF_ORDER");
    io.writer.sequenceId = packet.nextSequenceId;
    [state, effect] = stepServerAuth(state, packet.payload, config);
    // Before any password is asked for.
    if (io.requiresTls && !config.secure && effect?.do !== "start_tls") {
      throw vtError("ER_SECURE_TRANSPORT_REQUIRED");
    }
  }
}
