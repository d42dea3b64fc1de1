/**
 * From a statement's syntax tree to what the engine runs. Pure: the same statement in the same
 * context has the same plan, and whatever isn't certain to give MySQL's answer is refused (VT12001).
 *
 *     block.ts     queries as blocks with their tables; names resolved against the VSchema
 *     facts.ts     what equalities say: columns with constant values, columns that follow others
 *     place.ts     the shards: one (tier 1), those of an IN list, or all
 *     scatter.ts   what is sound over several shards; order.ts: the ordered merge
 *     rewrite.ts   the client's text with names and session values replaced
 */
import type { Statement } from "../../shared/sql/ast_statement.ts";
import type { PlanContext, StatementText } from "./context.ts";
import type { Plan } from "./plan.ts";
import { planChange } from "./plan_change.ts";
import { planInsert } from "./plan_insert.ts";
import {
  planCall,
  planDdl,
  planDo,
  planFlush,
  planLoadData,
  planMaintenance,
  refuse,
} from "./plan_other.ts";
import { planQuery } from "./plan_query.ts";

/** Throws VtError: VT12001 for the unsupported, others for what is wrong with the statement. */
export function planStatement(
  statement: Statement,
  text: StatementText,
  context: PlanContext,
): Plan {
  switch (statement.kind) {
    case "query":
      return planQuery(statement, text, context);
    case "insert":
      return planInsert(statement, text, context);
    case "update":
    case "delete":
      return planChange(statement, text, context);
    case "ddl":
      return planDdl(statement, text, context);
    case "call_procedure":
      return planCall(statement, text, context);
    case "table_maintenance":
      return planMaintenance(statement, text, context);
    case "flush":
      return planFlush(statement, text, context);
    case "do":
      return planDo(statement, text, context);
    case "load_data":
      return planLoadData(statement, text, context);
    default:
      throw refuse(statement);
  }
}
