/** Reaches a mysqld and logs in: the shell around shared/mysql/client_auth.ts. */
import { constants, publicEncrypt } from "node:crypto";
import { vtErrorFrom } from "../../shared/error/errors.ts";
import {
  type ClientAuthConfig,
  type ClientAuthEffect,
  type ClientAuthState,
  type ServerSession,
  stepClientAuth,
} from "../../shared/mysql/client_auth.ts";
import { PacketStream } from "./packet_stream.ts";

export type MysqldAddress =
  | { readonly socketPath: string }
  | { readonly hostname: string; readonly port: number };

export function printMysqldAddress(address: MysqldAddress): string {
  return "socketPath" in address ? address.socketPath : `${address.hostname}:${address.port}`;
}

const NOTHING = new Uint8Array(0);

/** Throws VT20012 when nobody answers there, and the signal's reason when it aborts. */
export async function dial(
  address: MysqldAddress,
  options: { readonly signal: AbortSignal },
): Promise<PacketStream> {
  options.signal.throwIfAborted();
  const dialing: Promise<Deno.Conn> = "socketPath" in address
    ? Deno.connect({ transport: "unix", path: address.socketPath })
    : dialTcp(address.hostname, address.port);
  try {
    const conn = await untilAborted(dialing, options.signal);
    return new PacketStream(conn, `mysqld at ${printMysqldAddress(address)}`);
  } catch (error) {
    options.signal.throwIfAborted();
    throw vtErrorFrom(error, "VT20012", error instanceof Error ? error.message : String(error));
  }
}

async function dialTcp(hostname: string, port: number): Promise<Deno.Conn> {
  const conn = await Deno.connect({ hostname, port });
  conn.setNoDelay(true);
  return conn;
}

/** The connection, unless the signal comes first; then one that arrives late is closed. */
async function untilAborted(
  dialing: Promise<Deno.Conn>,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([dialing, aborted.promise]);
  } catch (error) {
    // Whoever asked has gone; the connection, or its failure, interests nobody.
    void dialing.then((conn) => conn.close(), () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Logs in. Throws mysqld's refusal as MysqlError, VT20006 when the connection ends. */
export async function login(
  stream: PacketStream,
  config: ClientAuthConfig,
): Promise<ServerSession> {
  let state: ClientAuthState = { at: "greeting" };
  for (let sequenceId = 1;; sequenceId += 2) {
    const payload = await stream.readPacket();
    const step = stepClientAuth(state, payload, config);
    state = step[0];
    if (state.at === "ready") return state.session;
    if (state.at === "failed") throw state.error;
    if (step[1] === undefined) sequenceId--;
    else await stream.send(NOTHING, packetOf(step[1]), sequenceId);
  }
}

/** Encryption is here and not in the pure machine, since its padding is random. */
function packetOf(effect: ClientAuthEffect): Uint8Array {
  if (effect.do === "send") return effect.payload;
  const key = { key: effect.publicKeyPem, padding: constants.RSA_PKCS1_OAEP_PADDING };
  return new Uint8Array(publicEncrypt(key, effect.plain));
}
