/**
 * Errant transactions: what a replica has and its primary doesn't, as after a primary died with
 * rows that no replica had acknowledged. They are reported, not removed: only a person can say
 * whether they matter.
 */
import { type CallOptions, Dba } from "../mysqld/dba.ts";
import { readHistory, readPosition, type Server } from "../mysqld/replication.ts";
import type { Source } from "../serve/desired.ts";
import type { ReplicationLogin } from "./convergence.ts";

/** The text for the status page and the gates; undefined when there are none. */
export async function describeErrant(
  server: Server,
  source: Source,
  login: ReplicationLogin,
  options: CallOptions,
): Promise<string | undefined> {
  // Ours first: what comes in between is then in the primary's history too.
  const position = await readPosition(server, options);
  const history = await readSourceHistory(server, source, login, options);
  if (!server.flavor.positions.isErrant(position, history)) return undefined;
  return `errant transactions: this server is at ${position}, its primary ${source.host}:${source.port} only knows ${history}; ` +
    "rebuild it, or replay them on the primary by hand";
}

async function readSourceHistory(
  server: Server,
  source: Source,
  login: ReplicationLogin,
  options: CallOptions,
): Promise<string> {
  const address = { hostname: source.host, port: source.port };
  await using dba = new Dba({ address, ...login });
  return await readHistory({ dba, flavor: server.flavor }, options);
}
