/** KILL [CONNECTION | QUERY] id. */
import { vtError } from "../../shared/error/errors.ts";
import type { Kill } from "../../shared/sql/ast_statement.ts";
import type { LocalRun } from "./local_run.ts";

export function runKill(statement: Kill, run: LocalRun): void {
  const text = run.text.sql.slice(statement.id.start, statement.id.end);
  if (!/^[0-9]{1,15}$/.test(text)) throw vtError("VT12001", "KILL of anything but a number");
  run.parts.gate.sessions.kill(Number(text), statement.what);
  run.ok();
}
