/** Asks mysqlds what ctl/workflow/servers.ts looks at. */
import { SOURCE_SETTINGS } from "../../../shared/binlog/source_settings.ts";
import { databaseName, type TabletRecord } from "../../../shared/model/records.ts";
import { nameOf } from "../../workflow/facts.ts";
import { parseVersion, type ServerFacts, type TableFacts } from "../../workflow/servers.ts";
import type { CommandContext } from "../context.ts";
import { quoteText } from "./quote.ts";
import type { ShardAt } from "./read_facts.ts";

const TIMEOUT_MS = 30_000;

type Rows = readonly (readonly (string | null)[])[];

async function ask(context: CommandContext, tablet: TabletRecord, sql: string): Promise<Rows> {
  const request = { sql, rowsMax: 0, disableBinlogs: false };
  const call = { signal: context.signal, timeoutMs: TIMEOUT_MS };
  return (await context.tablets.call(tablet, "ExecuteFetchAsDba", request, call)).rows;
}

export async function readServer(
  context: CommandContext,
  { facts, primary }: ShardAt,
): Promise<ServerFacts> {
  const names = ["version", ...SOURCE_SETTINGS].map(quoteText).join(", ");
  const [variables, collations, status] = await Promise.all([
    ask(context, primary, `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names})`),
    ask(
      context,
      primary,
      "SELECT * FROM information_schema.collation_character_set_applicability",
    ),
    context.tablets.call(primary, "ReplicationStatus", {}, {
      signal: context.signal,
      timeoutMs: TIMEOUT_MS,
    }),
  ]);
  const values = new Map(variables.map(([name, value]) => [name ?? "", value ?? ""]));
  return {
    at: nameOf(facts),
    ...parseVersion(values.get("version") ?? ""),
    variables: values,
    replicates: status.sourceHost !== "",
    collations: new Set(collations.flatMap((row) => row.flatMap((name) => name ?? []))),
  };
}

/** All tables of the shard's database, views among them, by name. */
export async function readTables(
  context: CommandContext,
  { primary }: ShardAt,
): Promise<ReadonlyMap<string, TableFacts>> {
  const database = quoteText(databaseName(primary));
  const from = (columns: string, view: string, schema: string) =>
    ask(
      context,
      primary,
      `SELECT ${columns} FROM information_schema.${view} WHERE ${schema} = ${database}`,
    );
  const [tables, triggers, columns, unique] = await Promise.all([
    from("table_name, table_type, engine", "tables", "table_schema"),
    from("event_object_table, trigger_name", "triggers", "trigger_schema"),
    from("table_name, column_name, data_type, collation_name", "columns", "table_schema"),
    from("table_name, column_name", "statistics", "non_unique = 0 AND table_schema"),
  ]);
  const keys = new Set(unique.map((row) => row.join("\0")));
  const byTable = (rows: Rows) => Map.groupBy(rows, ([table]) => table);
  const [triggersOf, columnsOf] = [byTable(triggers), byTable(columns)];
  return new Map(tables.map(([name, type, engine]) => {
    return [name ?? "", {
      name: name ?? "",
      type: type ?? "",
      engine: engine ?? "",
      triggers: (triggersOf.get(name) ?? []).map(([, trigger]) => trigger ?? ""),
      columns: (columnsOf.get(name) ?? []).map(([table, column, data, collation]) => ({
        name: column ?? "",
        type: data ?? "",
        collation: collation ?? "",
        unique: keys.has(`${table}\0${column}`),
      })),
    }];
  }));
}
