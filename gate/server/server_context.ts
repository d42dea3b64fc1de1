/** What the connections of one server share. */
import type { Log } from "../../shared/io/log.ts";
import type { Plugin, ServerAuthConfig } from "../../shared/mysql/server_auth.ts";
import type { SessionFactory } from "../session/client.ts";
import type { BufferPool } from "./buffer_pool.ts";
import type { Channel } from "./channel.ts";
import type { UserEntry, Users } from "./users.ts";

export interface ServerContext {
  /** As the greeting tells it, and SELECT VERSION() should. */
  readonly serverVersion: string;
  /** The plugin of the greeting; users whose hashes don't fit it are switched. */
  readonly authPlugin: Plugin;
  readonly users: () => Users;
  readonly sessions: SessionFactory;
  readonly log: Log;
  readonly buffers: BufferPool;
  readonly rsa: ServerAuthConfig<UserEntry>["rsa"];
  /** Turns a client's TCP to TLS; undefined: not offered. */
  readonly startTls: ((plain: Channel) => Promise<Channel>) | undefined;
  /** Clients without TLS are refused (MySQL's require_secure_transport). */
  readonly requiresTls: boolean;
  /** Until the login's verdict. */
  readonly handshakeTimeoutMs: number;
  /** True once the server stops: new work is refused. */
  readonly isDraining: () => boolean;
  /** The text of COM_STATISTICS. */
  readonly statistics: () => string;
  readonly onCommand: () => void;
}
