/**
 * The client's side of the connection phase, as a pure function.
 *
 *   greeting --response sent--> verdict --OK--> ready
 *                                 | ^ auth switch: answered, verdict again
 *                                 +--caching_sha2 wants the password, not secure--> public_key
 *                                 |                                  password sent --> verdict
 *                                 +--ERR, or a packet that cannot be--> failed
 */
import type { VtError } from "../error/errors.ts";
import { vtError } from "../error/errors.ts";
import type { MysqlError } from "../error/mysql_error.ts";
import { unreachable } from "../error/unreachable.ts";
import {
  AUTH_MORE_DATA_HEADER,
  AUTH_SWITCH_HEADER,
  decodeAuthMoreData,
  decodeAuthSwitchRequest,
} from "./auth_packets.ts";
import {
  CACHING_SHA2_PASSWORD_PLUGIN,
  cachingSha2Response,
  clearPassword,
  FAST_AUTH_SUCCESS,
  maskWithScramble,
  PERFORM_FULL_AUTHENTICATION,
  REQUEST_PUBLIC_KEY,
} from "./caching_sha2_password.ts";
import {
  CLIENT_CONNECT_WITH_DB,
  CLIENT_PLUGIN_AUTH,
  CLIENT_PROTOCOL_41,
  CLIENT_SECURE_CONNECTION,
} from "./capabilities.ts";
import { ERR_HEADER, mysqlErrorOf } from "./err_packet.ts";
import { decodeHandshakeGreeting, type HandshakeGreeting } from "./handshake_greeting.ts";
import { encodeHandshakeResponse } from "./handshake_response.ts";
import { NATIVE_PASSWORD_PLUGIN, nativePasswordResponse } from "./native_password.ts";
import { OK_HEADER } from "./ok_packet.ts";

export interface ClientAuthConfig {
  readonly user: string;
  readonly password: string;
  /** "" selects none. */
  readonly database: string;
  /** Wanted; those that the server lacks are dropped. */
  readonly capabilities: number;
  readonly collation: number;
  readonly maxPacketBytes: number;
  readonly attributes: ReadonlyMap<string, string>;
  /** A unix socket or TLS: the password may travel as it is. */
  readonly secure: boolean;
}

/** What both sides agreed on. */
export interface ServerSession {
  readonly greeting: HandshakeGreeting;
  readonly capabilities: number;
}

export type ClientAuthState =
  | { readonly at: "greeting" }
  | {
    readonly at: "verdict";
    readonly session: ServerSession;
    readonly plugin: string;
    readonly scramble: Uint8Array;
  }
  | {
    readonly at: "public_key";
    readonly session: ServerSession;
    readonly scramble: Uint8Array;
  }
  | { readonly at: "ready"; readonly session: ServerSession }
  | { readonly at: "failed"; readonly error: VtError | MysqlError };

/** At most one packet to send. `encrypt`: RSA-OAEP of `plain` with `publicKeyPem` is the payload. */
export type ClientAuthEffect =
  | { readonly do: "send"; readonly payload: Uint8Array }
  | { readonly do: "encrypt"; readonly publicKeyPem: string; readonly plain: Uint8Array };

export type ClientAuthStep = readonly [ClientAuthState, ClientAuthEffect | undefined];

/** Takes the server's next packet. Packets that cannot be lead to `failed`. */
export function stepClientAuth(
  state: ClientAuthState,
  payload: Uint8Array,
  config: ClientAuthConfig,
): ClientAuthStep {
  if (payload[0] === ERR_HEADER && state.at !== "ready") return [failure(payload), undefined];
  switch (state.at) {
    case "greeting":
      return answerGreeting(payload, config);
    case "verdict":
      return readVerdict(state, payload, config);
    case "public_key": {
      const { session, scramble } = state;
      const publicKeyPem = new TextDecoder().decode(decodeAuthMoreData(payload));
      const plain = maskWithScramble(clearPassword(config.password), scramble);
      return [{ at: "verdict", session, plugin: CACHING_SHA2_PASSWORD_PLUGIN, scramble }, {
        do: "encrypt",
        publicKeyPem,
        plain,
      }];
    }
    case "ready":
    case "failed":
      return [{ at: "failed", error: vtError("ER_MALFORMED_PACKET") }, undefined];
    default:
      return unreachable(state);
  }
}

function failure(payload: Uint8Array): ClientAuthState {
  return { at: "failed", error: mysqlErrorOf(payload) };
}

function answerGreeting(payload: Uint8Array, config: ClientAuthConfig): ClientAuthStep {
  const greeting = decodeHandshakeGreeting(payload);
  let wanted = config.capabilities | CLIENT_PROTOCOL_41 | CLIENT_SECURE_CONNECTION |
    CLIENT_PLUGIN_AUTH;
  wanted = config.database === ""
    ? wanted & ~CLIENT_CONNECT_WITH_DB
    : wanted | CLIENT_CONNECT_WITH_DB;
  const capabilities = wanted & greeting.capabilities;
  // A plugin that we don't know: start with our own, and the server switches if it must.
  const known = greeting.authPlugin === CACHING_SHA2_PASSWORD_PLUGIN;
  const plugin = known ? CACHING_SHA2_PASSWORD_PLUGIN : NATIVE_PASSWORD_PLUGIN;
  const { scramble } = greeting;
  const response = encodeHandshakeResponse({
    capabilities,
    maxPacketBytes: config.maxPacketBytes,
    collation: config.collation,
    user: config.user,
    authResponse: respond(plugin, config.password, scramble),
    database: config.database,
    authPlugin: plugin,
    attributes: config.attributes,
  });
  return [{ at: "verdict", session: { greeting, capabilities }, plugin, scramble }, {
    do: "send",
    payload: response,
  }];
}

function respond(plugin: string, password: string, scramble: Uint8Array): Uint8Array {
  return plugin === CACHING_SHA2_PASSWORD_PLUGIN
    ? cachingSha2Response(password, scramble)
    : nativePasswordResponse(password, scramble);
}

type Verdict = Extract<ClientAuthState, { readonly at: "verdict" }>;

function readVerdict(
  state: Verdict,
  payload: Uint8Array,
  config: ClientAuthConfig,
): ClientAuthStep {
  switch (payload[0]) {
    case OK_HEADER:
      return [{ at: "ready", session: state.session }, undefined];
    case AUTH_SWITCH_HEADER:
      return switchPlugin(state, payload, config);
    case AUTH_MORE_DATA_HEADER:
      return moreData(state, decodeAuthMoreData(payload), config);
    default:
      return [{ at: "failed", error: vtError("ER_MALFORMED_PACKET") }, undefined];
  }
}

function switchPlugin(
  state: Verdict,
  payload: Uint8Array,
  config: ClientAuthConfig,
): ClientAuthStep {
  const { authPlugin, data } = decodeAuthSwitchRequest(payload);
  if (authPlugin !== CACHING_SHA2_PASSWORD_PLUGIN && authPlugin !== NATIVE_PASSWORD_PLUGIN) {
    return [{ at: "failed", error: vtError("ER_NOT_SUPPORTED_AUTH_MODE") }, undefined];
  }
  const scramble = data.slice();
  return [{ ...state, plugin: authPlugin, scramble }, {
    do: "send",
    payload: respond(authPlugin, config.password, scramble),
  }];
}

function moreData(state: Verdict, data: Uint8Array, config: ClientAuthConfig): ClientAuthStep {
  const [request] = data;
  if (request === FAST_AUTH_SUCCESS) return [state, undefined];
  if (request !== PERFORM_FULL_AUTHENTICATION || state.plugin !== CACHING_SHA2_PASSWORD_PLUGIN) {
    return [{ at: "failed", error: vtError("ER_MALFORMED_PACKET") }, undefined];
  }
  if (config.secure) {
    return [state, { do: "send", payload: clearPassword(config.password) }];
  }
  const { session, scramble } = state;
  return [{ at: "public_key", session, scramble }, {
    do: "send",
    payload: Uint8Array.of(REQUEST_PUBLIC_KEY),
  }];
}
