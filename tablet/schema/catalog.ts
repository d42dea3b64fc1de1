/** information_schema, of which nothing may be missing: rows of a table that seems not to be are lost. */
import { ER_WARN_I_S_SKIPPED_TABLE } from "../../shared/error/errno.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import type { Texts } from "./definition_rows.ts";

/** DDL has a table for itself for a moment, unless it waits for another table. */
const PAUSE_MS = 20;
const TRIES_MAX = 250;

/**
 * Reads information_schema. MariaDB leaves out a table that DDL is just putting in place, and warns,
 * when the session has locks of any kind: named ones, as sessions that write for a stream have
 * (stream_lock.ts), or those of its transaction. To others it gives the table afterwards. So it is
 * asked until nothing is left out. MysqlError ER_WARN_I_S_SKIPPED_TABLE, which passes, when that
 * takes too long.
 */
export async function readCatalog(
  read: (sql: string) => Promise<Texts>,
  sql: string,
  call: { readonly signal: AbortSignal },
): Promise<Texts> {
  for (let tries = 1;; tries++) {
    const rows = await read(sql);
    const notes = await read("SHOW WARNINGS");
    const skipped = notes.find(([, code]) => Number(code) === ER_WARN_I_S_SKIPPED_TABLE);
    if (skipped === undefined) return rows;
    if (tries === TRIES_MAX) {
      throw new MysqlError(ER_WARN_I_S_SKIPPED_TABLE, "HY000", skipped[2] ?? "");
    }
    await HOST_CLOCK.sleep(PAUSE_MS, call);
  }
}
