import { rejects } from "node:assert/strict";
import { ER_KILL_DENIED_ERROR } from "../../shared/error/errno.ts";
import { startTestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { Dba } from "./dba.ts";
import { MYSQL_USERS } from "./init_db.ts";
import { killThread } from "./kill_thread.ts";

const NEVER = { signal: new AbortController().signal };

for (const server of testServers()) {
  Deno.test(`killThread() ends sessions, but not those of other users (${server})`, async () => {
    await using mysqld = await startTestMysqld({ server });
    const { root } = mysqld;
    const address = { socketPath: mysqld.socketPath };
    await using lesser = new Dba({ address, user: MYSQL_USERS.filtered, password: "" });
    await lesser.session(async (session) => {
      const { rows: [[thread] = []] } = await session.query("SELECT CONNECTION_ID()", NEVER);
      await killThread(thread ?? "", "CONNECTION", (sql) => root.query(sql, NEVER));
      await rejects(session.query("SELECT 1", NEVER));
      // It has ended: there is nothing to do.
      await killThread(thread ?? "", "CONNECTION", (sql) => root.query(sql, NEVER));
    }, NEVER);
    await root.session(async (session) => {
      const { rows: [[thread] = []] } = await session.query("SELECT CONNECTION_ID()", NEVER);
      await rejects(
        killThread(thread ?? "", "CONNECTION", (sql) => lesser.query(sql, NEVER)),
        { errno: ER_KILL_DENIED_ERROR },
      );
    }, NEVER);
  });
}
