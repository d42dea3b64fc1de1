/**
 * The server's side of the connection phase, as a pure function. Nothing gets to `accepted`
 * but by a credential that fits.
 *
 *   response --TLS asked for--> response (again, secure)
 *      |
 *      +--the plugin differs from what was greeted or fits--> switched
 *      |                                                        |
 *      +---------------- judged by plugin ----------------------+
 *                          |             |              |
 *                      accepted       refused    password --key asked for--> encrypted_password
 *                                                   |  the password itself         |
 *                                                   +--> accepted or refused <-----+
 */
import { type VtError, vtError } from "../error/errors.ts";
import { unreachable } from "../error/unreachable.ts";
import { encodeAuthMoreData, encodeAuthSwitchRequest } from "./auth_packets.ts";
import {
  CACHING_SHA2_PASSWORD_PLUGIN,
  cachingSha2Hash,
  FAST_AUTH_SUCCESS,
  maskWithScramble,
  PERFORM_FULL_AUTHENTICATION,
  REQUEST_PUBLIC_KEY,
  verifyCachingSha2,
} from "./caching_sha2_password.ts";
import { CLIENT_PLUGIN_AUTH } from "./capabilities.ts";
import { decodeHandshakeResponse, isSslRequest } from "./handshake_response.ts";
import {
  equalBytes,
  NATIVE_PASSWORD_PLUGIN,
  nativePasswordHash,
  verifyNativePassword,
} from "./native_password.ts";

/** One of the passwords that a user may have. At least one hash is there, or it is `empty`. */
export interface Credential {
  /** The password is empty: no plugin sends anything. */
  readonly empty: boolean;
  /** SHA1(SHA1(password)). */
  readonly nativeHash: Uint8Array | undefined;
  /** SHA256(SHA256(password)). */
  readonly cachingSha2Hash: Uint8Array | undefined;
  /** Checks a password against a salted hash that only the full path of caching_sha2 can use. */
  readonly verifyPassword: ((password: string) => boolean) | undefined;
}

export function credentialOfPassword(password: string): Credential {
  return {
    empty: password === "",
    nativeHash: nativePasswordHash(password),
    cachingSha2Hash: cachingSha2Hash(password),
    verifyPassword: undefined,
  };
}

/** Who wants in, from the handshake response or COM_CHANGE_USER. */
export interface Login {
  readonly user: string;
  readonly database: string;
  readonly collation: number;
  readonly attributes: ReadonlyMap<string, string>;
  /** As the client sent them; the server drops what it did not offer. */
  readonly capabilities: number;
}

export type Plugin = typeof NATIVE_PASSWORD_PLUGIN | typeof CACHING_SHA2_PASSWORD_PLUGIN;

export interface ServerAuthConfig<C extends Credential> {
  readonly scramble: Uint8Array;
  /** The plugin that the greeting names. */
  readonly plugin: Plugin;
  /** Empty for an unknown user. */
  readonly credentialsOf: (user: string) => readonly C[];
  /** As error messages name it. */
  readonly clientHost: string;
  /** TLS is up. */
  readonly secure: boolean;
  /** CLIENT_SSL was offered. */
  readonly tlsOffered: boolean;
  /** For passwords on the full path without TLS; undefined refuses them. */
  readonly rsa: {
    readonly publicKeyPem: string;
    /** Undefined when the bytes were not made with that key. */
    readonly decrypt: (bytes: Uint8Array) => Uint8Array | undefined;
  } | undefined;
}

export type ServerAuthState<C extends Credential> =
  | { readonly at: "response" }
  | { readonly at: "switched"; readonly login: Login; readonly plugin: Plugin }
  | { readonly at: "password"; readonly login: Login }
  | { readonly at: "encrypted_password"; readonly login: Login }
  | { readonly at: "accepted"; readonly login: Login; readonly credential: C }
  | { readonly at: "refused"; readonly error: VtError };

/** Payloads to send before the next packet is read; the OK or ERR of the end is the caller's. */
export type ServerAuthEffect =
  | { readonly do: "send"; readonly payload: Uint8Array }
  | { readonly do: "start_tls" };

export type ServerAuthStep<C extends Credential> = readonly [
  ServerAuthState<C>,
  ServerAuthEffect | undefined,
];

/** Takes the client's next packet. Throws ER_MALFORMED_PACKET, ER_HANDSHAKE_ERROR. */
export function stepServerAuth<C extends Credential>(
  state: ServerAuthState<C>,
  payload: Uint8Array,
  config: ServerAuthConfig<C>,
): ServerAuthStep<C> {
  switch (state.at) {
    case "response":
      return readResponse(state, payload, config);
    case "switched":
      return judge(state.login, state.plugin, payload, config);
    case "password":
      return readPassword(state.login, payload, config);
    case "encrypted_password":
      return readEncryptedPassword(state.login, payload, config);
    case "accepted":
    case "refused":
      return [{ at: "refused", error: vtError("ER_HANDSHAKE_ERROR") }, undefined];
    default:
      return unreachable(state);
  }
}

function readResponse<C extends Credential>(
  state: ServerAuthState<C>,
  payload: Uint8Array,
  config: ServerAuthConfig<C>,
): ServerAuthStep<C> {
  if (isSslRequest(payload)) {
    if (config.tlsOffered && !config.secure) return [state, { do: "start_tls" }];
    return [{ at: "refused", error: vtError("ER_HANDSHAKE_ERROR") }, undefined];
  }
  const response = decodeHandshakeResponse(payload);
  // Without the packet's bytes: a login is kept as long as its client stays.
  const { user, database, collation, attributes, capabilities } = response;
  return beginLogin({ user, database, collation, attributes, capabilities }, response, config);
}

/**
 * Judges the first answer of a client, or has it answer again with another plugin: its answer
 * counts only when it was made with the plugin and the scramble of the greeting.
 */
export function beginLogin<C extends Credential>(
  login: Login,
  answer: { readonly authPlugin: string; readonly authResponse: Uint8Array },
  config: ServerAuthConfig<C>,
): ServerAuthStep<C> {
  const maySwitch = (login.capabilities & CLIENT_PLUGIN_AUTH) !== 0;
  const sent = maySwitch ? answer.authPlugin : NATIVE_PASSWORD_PLUGIN;
  const wanted = pluginFor(config.credentialsOf(login.user), sent, config.plugin);
  if (!maySwitch || (sent === config.plugin && sent === wanted)) {
    return judge(login, maySwitch ? wanted : NATIVE_PASSWORD_PLUGIN, answer.authResponse, config);
  }
  return switchTo(login, wanted, config);
}

/** Has the client answer the scramble with a plugin. */
export function switchTo<C extends Credential>(
  login: Login,
  plugin: Plugin,
  config: ServerAuthConfig<C>,
): ServerAuthStep<C> {
  const payload = encodeAuthSwitchRequest({ authPlugin: plugin, data: config.scramble });
  return [{ at: "switched", login, plugin }, { do: "send", payload }];
}

/** What the client speaks, when a password of the user can be checked so. */
export function pluginFor(
  credentials: readonly Credential[],
  sent: string,
  greeted: Plugin,
): Plugin {
  const native = credentials.length === 0 || credentials.some((c) => c.empty || c.nativeHash);
  const sha2 = credentials.length === 0 ||
    credentials.some((c) => c.empty || c.cachingSha2Hash || c.verifyPassword);
  if (sent === CACHING_SHA2_PASSWORD_PLUGIN && sha2) return CACHING_SHA2_PASSWORD_PLUGIN;
  if (sent === NATIVE_PASSWORD_PLUGIN && native) return NATIVE_PASSWORD_PLUGIN;
  if (native && sha2) return greeted;
  return native ? NATIVE_PASSWORD_PLUGIN : CACHING_SHA2_PASSWORD_PLUGIN;
}

function judge<C extends Credential>(
  login: Login,
  plugin: Plugin,
  response: Uint8Array,
  config: ServerAuthConfig<C>,
): ServerAuthStep<C> {
  const credentials = config.credentialsOf(login.user);
  // caching_sha2_password clients end an empty answer with a NUL.
  if (response.length === 0 || (response.length === 1 && response[0] === 0)) {
    return verdict(login, credentials.find((c) => c.empty), false, config);
  }
  if (plugin === NATIVE_PASSWORD_PLUGIN) {
    const fitting = credentials.find((c) =>
      !c.empty && c.nativeHash && verifyNativePassword(response, config.scramble, c.nativeHash)
    );
    return verdict(login, fitting, true, config);
  }
  const fitting = credentials.find((c) =>
    !c.empty && c.cachingSha2Hash && verifyCachingSha2(response, config.scramble, c.cachingSha2Hash)
  );
  if (fitting !== undefined) {
    const [state] = verdict(login, fitting, true, config);
    return [state, { do: "send", payload: encodeAuthMoreData(Uint8Array.of(FAST_AUTH_SUCCESS)) }];
  }
  if (!credentials.some((c) => c.verifyPassword)) return verdict(login, undefined, true, config);
  const more = encodeAuthMoreData(Uint8Array.of(PERFORM_FULL_AUTHENTICATION));
  return [{ at: "password", login }, { do: "send", payload: more }];
}

function verdict<C extends Credential>(
  login: Login,
  credential: C | undefined,
  usedPassword: boolean,
  config: ServerAuthConfig<C>,
): ServerAuthStep<C> {
  if (credential !== undefined) return [{ at: "accepted", login, credential }, undefined];
  const used = usedPassword ? "YES" : "NO";
  const error = vtError("ER_ACCESS_DENIED_ERROR", login.user, config.clientHost, used);
  return [{ at: "refused", error }, undefined];
}

/** The full path of caching_sha2_password: the password itself, or first the wish for a key. */
function readPassword<C extends Credential>(
  login: Login,
  payload: Uint8Array,
  config: ServerAuthConfig<C>,
): ServerAuthStep<C> {
  if (config.secure) return checkPassword(login, payload, config);
  if (config.rsa === undefined || payload.length !== 1 || payload[0] !== REQUEST_PUBLIC_KEY) {
    // A client that knows the key already encrypts at once.
    if (config.rsa !== undefined) return readEncryptedPassword(login, payload, config);
    return verdict(login, undefined, true, config);
  }
  const key = new TextEncoder().encode(config.rsa.publicKeyPem);
  return [{ at: "encrypted_password", login }, { do: "send", payload: encodeAuthMoreData(key) }];
}

function readEncryptedPassword<C extends Credential>(
  login: Login,
  payload: Uint8Array,
  config: ServerAuthConfig<C>,
): ServerAuthStep<C> {
  const masked = config.rsa?.decrypt(payload);
  if (masked === undefined) return verdict(login, undefined, true, config);
  return checkPassword(login, maskWithScramble(masked, config.scramble), config);
}

function checkPassword<C extends Credential>(
  login: Login,
  clear: Uint8Array,
  config: ServerAuthConfig<C>,
): ServerAuthStep<C> {
  const password = new TextDecoder().decode(clear.at(-1) === 0 ? clear.subarray(0, -1) : clear);
  const hash = cachingSha2Hash(password);
  const fitting = config.credentialsOf(login.user).find((c) =>
    c.verifyPassword?.(password) ??
      (c.cachingSha2Hash !== undefined && equalBytes(c.cachingSha2Hash, hash))
  );
  return verdict(login, fitting, true, config);
}
