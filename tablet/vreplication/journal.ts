/** Rows of _vt.resharding_journal: from them on writes are switched away from this shard. */
import type { VReplicationAdmin } from "../../shared/rpc/vreplication.ts";
import type { CallOptions, Dba } from "../mysqld/dba.ts";
import { quote } from "../mysqld/statement.ts";
import { StreamRows } from "./stream_rows.ts";

/**
 * The journal, and `streams` in place of the workflow's: both or neither. Nothing when a journal of
 * that id is there, as it is when the answer to a call before was lost.
 */
export async function writeJournal(
  dba: Dba,
  database: string,
  journal: VReplicationAdmin["WriteJournal"]["request"],
  call: CallOptions,
): Promise<void> {
  const { id, value, workflow, streams } = journal;
  // What fails within is rolled back: the session ends with it.
  await dba.session(async (session) => {
    await session.query("BEGIN", call);
    const { affectedRows } = await session.query(
      "INSERT IGNORE INTO _vt.resharding_journal (id, db_name, val) " +
        `VALUES (${BigInt(id)}, ${quote(database)}, ${quote(value)})`,
      call,
    );
    if (affectedRows > 0 && workflow !== "") {
      const rows = new StreamRows(session, database);
      await rows.delete((await rows.list(workflow, call)).map((row) => row.id), call);
      for (const stream of streams) await rows.insert(stream, call);
    }
    await session.query("COMMIT", call);
  }, call);
}
