/** Greets a client and finds out who it is; the same again for COM_CHANGE_USER. */
import { CLIENT_PLUGIN_AUTH, CLIENT_SSL } from "../../shared/mysql/capabilities.ts";
import { COLLATION_UTF8MB4_GENERAL_CI } from "../../shared/mysql/collations.ts";
import type { ChangeUser } from "../../shared/mysql/command_packet.ts";
import { encodeHandshakeGreeting } from "../../shared/mysql/handshake_greeting.ts";
import {
  beginLogin,
  pluginFor,
  type ServerAuthConfig,
  switchTo,
} from "../../shared/mysql/server_auth.ts";
import { SERVER_STATUS_AUTOCOMMIT } from "../../shared/mysql/status_flags.ts";
import { authenticate, type AuthIo, type LoggedIn } from "./authenticate.ts";
import { GATE_CAPABILITIES } from "./capabilities.ts";
import { randomScramble } from "./scramble.ts";
import type { ServerContext } from "./server_context.ts";
import { isLocalAddress, type UserEntry } from "./users.ts";

export interface LoginOptions {
  readonly context: ServerContext;
  readonly connectionId: number;
  /** "10.0.0.7"; undefined for a unix socket. */
  readonly remoteHostname: string | undefined;
}

export interface LoginResult extends LoggedIn {
  /** Capabilities that both sides set. */
  readonly capabilities: number;
  /** The greeting's, for a COM_CHANGE_USER of a client that can't switch plugins. */
  readonly scramble: Uint8Array;
  readonly secure: boolean;
}

function configOf(
  options: LoginOptions,
  scramble: Uint8Array,
  secure: boolean,
): ServerAuthConfig<UserEntry> {
  const { context, remoteHostname } = options;
  const isLocal = isLocalAddress(remoteHostname);
  return {
    scramble,
    plugin: context.authPlugin,
    credentialsOf: (user) => context.users().entriesOf(user, { isLocal }),
    clientHost: isLocal ? "localhost" : remoteHostname ?? "localhost",
    secure,
    tlsOffered: context.startTls !== undefined,
    rsa: context.rsa,
  };
}

/** Throws the refusal, and what is wrong with the client's packets. */
export async function logIn(io: AuthIo, options: LoginOptions): Promise<LoginResult> {
  const { context } = options;
  const offered = GATE_CAPABILITIES | (context.startTls === undefined ? 0 : CLIENT_SSL);
  const scramble = randomScramble();
  const greeting = encodeHandshakeGreeting({
    serverVersion: context.serverVersion,
    connectionId: options.connectionId,
    scramble,
    capabilities: offered,
    extendedCapabilities: 0,
    collation: COLLATION_UTF8MB4_GENERAL_CI,
    statusFlags: SERVER_STATUS_AUTOCOMMIT,
    authPlugin: context.authPlugin,
  });
  const config = configOf(options, scramble, false);
  const loggedIn = await authenticate(
    io,
    [{ at: "response" }, { do: "send", payload: greeting }],
    config,
  );
  const capabilities = loggedIn.login.capabilities & offered;
  return { ...loggedIn, capabilities, scramble, secure: (capabilities & CLIENT_SSL) !== 0 };
}

/** COM_CHANGE_USER. Throws as `logIn`; `before` is the login that it takes the place of. */
export async function changeUser(
  io: AuthIo,
  request: ChangeUser,
  before: LoginResult,
  options: LoginOptions,
): Promise<LoginResult> {
  const { capabilities } = before;
  const login = {
    user: request.user,
    database: request.database,
    collation: request.collation === 0 ? before.login.collation : request.collation,
    attributes: request.attributes,
    capabilities,
  };
  const maySwitch = (capabilities & CLIENT_PLUGIN_AUTH) !== 0;
  const config = configOf(options, maySwitch ? randomScramble() : before.scramble, before.secure);
  const plugin = pluginFor(
    config.credentialsOf(login.user),
    request.authPlugin,
    config.plugin,
  );
  const first = maySwitch
    ? switchTo(login, plugin, config)
    : beginLogin(login, { authPlugin: "", authResponse: request.authResponse }, config);
  const loggedIn = await authenticate(io, first, config);
  return { ...before, ...loggedIn };
}
