/** The end of a session of mysqld, or of what it does. */
import { ER_NO_SUCH_THREAD } from "../../shared/error/errno.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";

/**
 * Ends a session (CONNECTION) or its statement (QUERY); all is well when it has ended by itself.
 * ER_KILL_DENIED_ERROR for one of another user.
 */
export async function killThread(
  thread: number | string,
  what: "CONNECTION" | "QUERY",
  run: (sql: string) => Promise<unknown>,
): Promise<void> {
  try {
    await run(`KILL ${what} ${thread}`);
  } catch (error) {
    if (!(error instanceof MysqlError && error.errno === ER_NO_SUCH_THREAD)) throw error;
  }
}
