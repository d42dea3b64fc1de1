import { vtError } from "../../../shared/error/errors.ts";
import { databaseName } from "../../../shared/model/records.ts";
import { nameOf } from "../../workflow/facts.ts";
import { findUse } from "../../workflow/stored_uses.ts";
import type { CommandContext } from "../context.ts";
import { quoteText } from "./quote.ts";
import type { FoundWorkflow } from "./read_facts.ts";

const TIMEOUT_MS = 30_000;

/**
 * VT22002 while a trigger, routine, event or view that can be written to uses a table of a source
 * that writes are about to leave: what comes by it would be seen nowhere else.
 */
export async function checkStoredUses(
  context: CommandContext,
  { facts, primaries }: FoundWorkflow,
): Promise<void> {
  // All of a reshard's tables go, and the shard answers no client any more.
  if (facts.kind !== "move_tables") return;
  for (const source of facts.sources) {
    const primary = primaries.get(nameOf(source));
    if (primary === undefined) throw new TypeError(`no primary of ${nameOf(source)} was read`);
    const database = databaseName(primary);
    const { rows } = await context.tablets.call(primary, "ExecuteFetchAsDba", {
      sql: sqlOf(quoteText(database)),
      rowsMax: 0,
      disableBinlogs: false,
    }, { signal: context.signal, timeoutMs: TIMEOUT_MS });
    const programs = rows.map(([kind, name, text, of]) => ({
      kind: kind ?? "",
      name: name ?? "",
      text: text ?? "",
      of: of ?? "",
    }));
    const use = findUse(database, programs, facts.tables);
    if (use === undefined) continue;
    const { kind, name } = use.program;
    const orElse = kind === "view"
      ? `, or let nobody write to it (ALTER ALGORITHM = TEMPTABLE VIEW ${name} AS ...)`
      : "";
    throw vtError(
      "VT22002",
      `cannot switch traffic for workflow ${facts.name} at this time: ${kind} ${name} on ${
        nameOf(source)
      } uses ${use.table}, and would go on with the table of the old place, whoever calls it; drop it there first (ExecuteFetchAsDba ${source.primary} "DROP ${kind.toUpperCase()} ${name}")${orElse}`,
    );
  }
}

function sqlOf(database: string): string {
  const select = (kind: string, name: string, text: string, of: string, view: string) =>
    `SELECT ${kind}, ${name}, ${text}, ${of} FROM information_schema.${view}`;
  return [
    `${select("'view'", "table_name", "view_definition", "''", "views")} ` +
    `WHERE table_schema = ${database} AND is_updatable = 'YES'`,
    `${
      select("'trigger'", "trigger_name", "action_statement", "event_object_table", "triggers")
    } WHERE trigger_schema = ${database}`,
    `${
      select("LOWER(routine_type)", "routine_name", "routine_definition", "''", "routines")
    } WHERE routine_schema = ${database}`,
    `${select("'event'", "event_name", "event_definition", "''", "events")} ` +
    `WHERE event_schema = ${database}`,
  ].join(" UNION ALL ");
}
