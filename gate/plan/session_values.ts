/** Parts of statements that only the session knows: LAST_INSERT_ID(), @x, @@autocommit. */
import type { Expr } from "../../shared/sql/ast.ts";
import type { SessionValue } from "./plan.ts";

type SessionFunction = Extract<SessionValue, { readonly kind: "function" }>["name"];

const FUNCTIONS: Readonly<Record<string, SessionFunction>> = {
  database: "database",
  schema: "database",
  last_insert_id: "last_insert_id",
  found_rows: "found_rows",
  row_count: "row_count",
  connection_id: "connection_id",
  user: "user",
  session_user: "user",
  system_user: "user",
  current_user: "current_user",
  version: "version",
};

const VERSION_VARIABLES: ReadonlySet<string> = new Set(["version", "version_comment"]);

/** Undefined when a mysqld can say it, or must: LAST_INSERT_ID(expr) is an assignment there. */
export function sessionValueOf(
  expr: Expr,
  gateVariables: ReadonlySet<string> = new Set(),
): SessionValue | undefined {
  switch (expr.kind) {
    case "user_variable":
      return { kind: "user_variable", name: expr.name };
    case "system_variable": {
      const gates = gateVariables.has(expr.name) || VERSION_VARIABLES.has(expr.name);
      return gates ? { kind: "system_variable", name: expr.name } : undefined;
    }
    case "call": {
      if (expr.schema !== undefined || expr.args.length > 0 || expr.star) return undefined;
      const name = Object.hasOwn(FUNCTIONS, expr.name) ? FUNCTIONS[expr.name] : undefined;
      return name === undefined ? undefined : { kind: "function", name };
    }
    default:
      return undefined;
  }
}
