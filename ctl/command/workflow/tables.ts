/** Tables of a target shard: made from the source's definitions, dropped or renamed at the end. */
import type { TabletRecord } from "../../../shared/model/records.ts";
import { databaseName } from "../../../shared/model/records.ts";
import type { Effect } from "../../workflow/effect.ts";
import type { Hands } from "./perform.ts";
import { quoteIdentifier, quoteText } from "./quote.ts";

/** Dropping a large table takes its time on some file systems. */
const SCHEMA_TIMEOUT_MS = 10 * 60_000;

/** Replicas get them by replication; the primary reads its schema again. */
export async function createTables(
  hands: Hands,
  primary: TabletRecord,
  { tables }: Extract<Effect, { readonly do: "create_tables" }>,
): Promise<void> {
  const there = await existing(hands, primary, tables.map(({ name }) => name));
  const missing = tables.filter(({ name }) => !there.has(name));
  if (missing.length > 0) await apply(hands, primary, missing.map(({ sql }) => sql));
}

export async function dropTable(
  hands: Hands,
  primary: TabletRecord,
  { table, rename }: Extract<Effect, { readonly do: "drop_table" }>,
): Promise<void> {
  // A run before this one may have done it.
  const type = (await existing(hands, primary, [table])).get(table);
  if (type === undefined) return;
  const name = quoteIdentifier(table);
  await apply(hands, primary, [
    rename === undefined
      ? `DROP ${type === "VIEW" ? "VIEW" : "TABLE"} IF EXISTS ${name}`
      : `RENAME TABLE ${name} TO ${quoteIdentifier(rename)}`,
  ]);
}

/** All views of a shard that serves nothing. */
export async function dropViews(hands: Hands, primary: TabletRecord): Promise<void> {
  const views = await readTables(hands, primary, "table_type = 'VIEW'");
  if (views.size === 0) return;
  await apply(
    hands,
    primary,
    [...views.keys()].map((view) => `DROP VIEW IF EXISTS ${quoteIdentifier(view)}`),
  );
}

async function apply(
  hands: Hands,
  primary: TabletRecord,
  statements: readonly string[],
): Promise<void> {
  await hands.context.tablets.call(primary, "ApplySchema", { statements, copied: true }, {
    signal: hands.signal(),
    timeoutMs: SCHEMA_TIMEOUT_MS,
  });
}

function existing(
  hands: Hands,
  primary: TabletRecord,
  tables: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  return readTables(hands, primary, `table_name IN (${tables.map(quoteText).join(", ")})`);
}

/** Type by name: "BASE TABLE", "VIEW". */
async function readTables(
  hands: Hands,
  primary: TabletRecord,
  where: string,
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await hands.context.tablets.call(primary, "ExecuteFetchAsDba", {
    sql: "SELECT table_name, table_type FROM information_schema.tables " +
      `WHERE table_schema = ${quoteText(databaseName(primary))} AND ${where}`,
    rowsMax: 0,
    disableBinlogs: false,
  }, { signal: hands.signal(), timeoutMs: SCHEMA_TIMEOUT_MS });
  return new Map(rows.map(([name, type]) => [name ?? "", type ?? ""]));
}
