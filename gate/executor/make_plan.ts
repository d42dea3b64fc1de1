/** Asks the planner, in the session's terms. */
import type { Statement } from "../../shared/sql/ast_statement.ts";
import { planStatement } from "../plan/plan_statement.ts";
import type { Plan } from "../plan/plan.ts";
import { GATE_VARIABLES } from "../session/variables.ts";
import type { Catalog } from "./catalog.ts";
import type { LiveSession } from "./live_session.ts";
import type { StatementText } from "./statement_text.ts";

/** Throws what the planner refuses. */
export function makePlan(
  statement: Statement,
  text: StatementText,
  session: LiveSession,
  catalog: Catalog,
): Plan {
  const { target, remembered } = session.state;
  const { sql, normalized } = text;
  const { slots, start, end } = normalized;
  const variables = new Set<string>([...GATE_VARIABLES, ...SERVER_VARIABLES, ...remembered.keys()]);
  return planStatement(statement, { sql, slots, start, end }, {
    vschema: catalog.vschema,
    databases: catalog.databases,
    keyspace: target.keyspace,
    destination: destinationKind(target.destination?.kind),
    tabletType: target.tabletType,
    gateVariables: variables,
    charset: session.options.charset,
  });
}

/** Known to the gate for every session, or written otherwise for each server. */
const SERVER_VARIABLES = [
  "version",
  "version_comment",
  "last_insert_id",
  "identity",
  "transaction_isolation",
  "tx_isolation",
  "transaction_read_only",
  "tx_read_only",
];

function destinationKind(kind: "shard" | "key_range" | "keyspace_id" | undefined) {
  if (kind === undefined) return "none";
  return kind === "key_range" ? "many" : "one";
}
