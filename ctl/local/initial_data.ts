/** Loads the rows that a new cluster starts with, as an application would: through the gate. */
import { createConnection } from "mysql2/promise";
import { vtErrorFrom } from "../../shared/error/errors.ts";

/** Runs the statements of `sql` in order. VT22006 names the one that failed. */
export async function loadInitialData(
  port: number,
  sql: string,
  signal: AbortSignal,
): Promise<void> {
  const connection = await createConnection({
    host: "127.0.0.1",
    port,
    user: "user",
    multipleStatements: true,
  });
  try {
    signal.throwIfAborted();
    await connection.query(sql);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw vtErrorFrom(error, "VT22006", `the initial data could not be loaded: ${cause}`);
  } finally {
    await connection.end().catch(() => {}); // Closed by the failure above.
  }
}
