import { vtError } from "../../../shared/error/errors.ts";
import { databaseName, type TabletRecord } from "../../../shared/model/records.ts";
import { nameOf, type ShardFacts } from "../../workflow/facts.ts";
import { findUse, mayUse, type StoredProgram, type StoredUse } from "../../workflow/stored_uses.ts";
import type { CommandContext } from "../context.ts";
import { quoteIdentifier, quoteText } from "./quote.ts";
import type { FoundWorkflow } from "./read_facts.ts";

const TIMEOUT_MS = 30_000;

/**
 * VT22002 while a trigger, routine, event or view that can be written to writes to a table of a
 * source that writes are about to leave: what comes by it would be seen nowhere else. Those of
 * other databases of the same server aren't looked at, nor are those that the administrative user
 * of an unmanaged tablet has no right to see: information_schema has no rows of them.
 */
export async function checkStoredUses(
  context: CommandContext,
  { facts, primaries }: FoundWorkflow,
): Promise<void> {
  // All of a reshard's tables go, and the shard answers no client any more.
  if (facts.kind !== "move_tables") return;
  const uses = await Promise.all(facts.sources.map(async (source) => {
    const primary = primaries.get(nameOf(source));
    if (primary === undefined) throw new TypeError(`no primary of ${nameOf(source)} was read`);
    const use = await readUse(context, primary, facts.tables);
    return use && { source, use };
  }));
  const first = uses.find((found) => found !== undefined);
  if (first === undefined) return;
  throw vtError(
    "VT22002",
    `cannot switch traffic for workflow ${facts.name} at this time: ${
      describe(first.source, first.use, facts.targetKeyspace)
    }`,
  );
}

/** What it is, and how an operator goes on without losing it. */
function describe(source: ShardFacts, { program, table }: StoredUse, target: string): string {
  const kind = program.kind.toUpperCase();
  const name = /^[\w$]+$/.test(program.name) ? program.name : quoteIdentifier(program.name);
  const run = (sql: string) => `ExecuteFetchAsDba ${source.primary} '${sql}'`;
  const orElse = program.kind === "view"
    ? ` (or let nobody write to it: ALTER ALGORITHM = TEMPTABLE VIEW ${name} AS ...)`
    : "";
  return `${program.kind} ${program.name} on ${
    nameOf(source)
  } writes to ${table}, and would go on with the table of the old place, whoever calls it. Before the switch, change it there so that it leaves ${table} alone${orElse}, or keep its text (${
    run(`SHOW CREATE ${kind} ${name}`)
  }), drop it there (${
    run(`DROP ${kind} ${name}`)
  }), and create it on the primaries of ${target} if it is still needed`;
}

async function readUse(
  context: CommandContext,
  primary: TabletRecord,
  tables: readonly string[],
): Promise<StoredUse | undefined> {
  const database = databaseName(primary);
  const fetch = async (sql: string) => {
    const request = { sql, rowsMax: 0, disableBinlogs: false };
    const call = { signal: context.signal, timeoutMs: TIMEOUT_MS };
    return (await context.tablets.call(primary, "ExecuteFetchAsDba", request, call)).rows;
  };
  const rows = await fetch(sqlOf(quoteText(database)));
  const programs = rows.map((row): StoredProgram => {
    const [kind, name, text, of, sqlMode] = row.map((value) => value ?? "");
    return {
      kind: kind ?? "",
      name: name ?? "",
      text: text ?? "",
      of: of ?? "",
      sqlMode: sqlMode ?? "",
    };
  });
  const exact: StoredProgram[] = programs.filter(({ kind }) => kind === "view");
  for (const program of mayUse(programs, tables)) {
    const name = [database, program.name].map(quoteIdentifier).join(".");
    const [row] = await fetch(`SHOW CREATE ${program.kind.toUpperCase()} ${name}`);
    exact.push({ ...program, text: row?.[textColumn(program.kind)] ?? program.text });
  }
  return findUse(database, exact, tables);
}

/** Of SHOW CREATE: an event's has its time zone before the text. */
function textColumn(kind: string): number {
  return kind === "event" ? 3 : 2;
}

/**
 * MySQL's information_schema has literals and quoted names with their escapes undone ('it''s' as
 * 'it's'), so a program's text is only good for a first look; a view's is printed anew, and right.
 */
function sqlOf(database: string): string {
  const select = (kind: string, name: string, text: string, of: string, mode: string) =>
    `SELECT ${kind}, ${name}, ${text}, ${of}, ${mode} FROM information_schema`;
  return [
    `${select("'view'", "table_name", "view_definition", "''", "''")}.views ` +
    `WHERE table_schema = ${database} AND is_updatable = 'YES'`,
    `${
      select("'trigger'", "trigger_name", "action_statement", "event_object_table", "sql_mode")
    }.triggers WHERE trigger_schema = ${database}`,
    `${
      select("LOWER(routine_type)", "routine_name", "routine_definition", "''", "sql_mode")
    }.routines WHERE routine_schema = ${database}`,
    `${select("'event'", "event_name", "event_definition", "''", "sql_mode")}.events ` +
    `WHERE event_schema = ${database}`,
  ].join(" UNION ALL ");
}
