import { vtError } from "../../shared/error/errors.ts";
import type { QueryRows, TabletAdmin } from "../../shared/rpc/tablet_admin.ts";
import type { CallOptions } from "../mysqld/dba.ts";
import type { Server } from "../mysqld/replication.ts";
import { quoteName } from "../mysqld/statement.ts";

/**
 * Runs one statement as vt_dba in the keyspace's database. VT20010 when it gives more than
 * `rowsMax` rows (0 means no limit); the statement has run then.
 */
export async function executeFetch(
  server: Server,
  database: string,
  request: TabletAdmin["ExecuteFetchAsDba"]["request"],
  options: CallOptions,
): Promise<QueryRows> {
  return await server.dba.session(async (session) => {
    await session.query(`USE ${quoteName(database)}`, options);
    if (request.disableBinlogs) await session.query("SET SESSION sql_log_bin = 0", options);
    const result = await session.query(request.sql, options);
    if (request.rowsMax > 0 && result.rows.length > request.rowsMax) {
      throw vtError("VT20010", request.rowsMax);
    }
    return result;
  }, options);
}
