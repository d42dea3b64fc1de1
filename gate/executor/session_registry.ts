/** The sessions of this gate, for SHOW PROCESSLIST, KILL and the status page. */
import { vtError } from "../../shared/error/errors.ts";
import type { Options } from "../../shared/rpc/query_service.ts";
import type { ClientInfo } from "../session/client.ts";

export interface RegisteredSession {
  readonly client: ClientInfo;
  /** "customer:-80@replica" */
  readonly database: string;
  readonly command: "Query" | "Execute" | "Sleep";
  /** What runs now; "" when nothing does. */
  readonly statement: string;
  readonly sinceMs: number;
  readonly inTransaction: boolean;
}

interface Entry {
  readonly describe: () => RegisteredSession;
  readonly kill: (what: "query" | "connection") => void;
  /** Uses the connection of the session's GET_LOCKs, if it has one. */
  readonly keepLocks: (options: Options) => Promise<void>;
}

export class SessionRegistry {
  readonly #entries = new Map<number, Entry>();

  get size(): number {
    return this.#entries.size;
  }

  add(connectionId: number, entry: Entry): void {
    this.#entries.set(connectionId, entry);
  }

  remove(connectionId: number): void {
    this.#entries.delete(connectionId);
  }

  /** MySQL's 1094 for an id that no session has. */
  kill(connectionId: number, what: "query" | "connection"): void {
    const entry = this.#entries.get(connectionId);
    if (entry === undefined) throw vtError("ER_NO_SUCH_THREAD", connectionId);
    entry.kill(what);
  }

  /** One after the other: few sessions have locks, and nothing is in a hurry. */
  async keepLocks(options: Options): Promise<void> {
    for (const entry of [...this.#entries.values()]) await entry.keepLocks(options);
  }

  /** In order of their ids. */
  list(): readonly RegisteredSession[] {
    return [...this.#entries].sort(([a], [b]) => a - b).map(([, entry]) => entry.describe());
  }
}
