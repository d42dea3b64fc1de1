/** The gate's MySQL server with scripted sessions, on a free port. */
import { MysqlServer, type MysqlServerOptions } from "../../gate/server/mysql_server.ts";
import { parseUsers } from "../../gate/server/users.ts";
import type { Log } from "../../shared/io/log.ts";
import { ScriptedSessions } from "./scripted_sessions.ts";

/** "app" and "secret" in every form that users.json has; "user" with an empty password. */
export const TEST_USERS = JSON.stringify({
  user: [{ UserData: "user", Password: "" }],
  app: [{ Password: "secret" }],
  native: [{ MysqlNativePassword: "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7" }],
  sha2: [{
    CachingSha2Password: "3881219d087dd9c634373fd33dfa33a2cb6bfc6c520b64b8bb60ef2ceb534ae7",
  }],
});

export const SILENT_LOG: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => SILENT_LOG,
};

export interface TestServer extends AsyncDisposable {
  readonly server: MysqlServer;
  readonly port: number;
  readonly sessions: ScriptedSessions;
}

export function startTestServer(options: Partial<MysqlServerOptions> = {}): TestServer {
  const sessions = new ScriptedSessions();
  const users = parseUsers(TEST_USERS, "users.json");
  const server = MysqlServer.listen({
    hostname: "127.0.0.1",
    port: 0,
    serverVersion: "8.0.40-Vitess",
    connectionsMax: 100,
    users: () => users,
    sessions,
    log: SILENT_LOG,
    ...options,
  });
  return {
    server,
    port: server.port,
    sessions,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
