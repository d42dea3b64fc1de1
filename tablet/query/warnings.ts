/** The texts of a statement's warnings: mysqld tells them on its own connection alone. */
import type { ServerWarning } from "../../shared/rpc/query_service.ts";
import type { PooledConnection } from "./pooled_connection.ts";
import { warningCountOf } from "./terminal.ts";

const NONE: readonly ServerWarning[] = [];

/** Asks for them when there are some: right behind the statement, before the next one. */
export function warningsBehind(
  connection: PooledConnection,
  terminal: Uint8Array,
): readonly ServerWarning[] | Promise<readonly ServerWarning[]> {
  return warningCountOf(terminal) === 0 ? NONE : ask(connection);
}

async function ask(connection: PooledConnection): Promise<readonly ServerWarning[]> {
  try {
    const rows = await connection.rows("show warnings");
    return rows.map(([level, code, message]) => ({
      level: level === "Note" || level === "Error" ? level : "Warning",
      code: Number(code),
      message: message ?? "",
    }));
  } catch {
    // The statement has its effect. A late KILL may hit this one instead, or mysqld be gone.
    return NONE;
  }
}
