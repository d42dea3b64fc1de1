/** Tables of a target shard: made from the source's definitions, dropped or renamed at the end. */
import { vtError } from "../../../shared/error/errors.ts";
import type { TabletRecord } from "../../../shared/model/records.ts";
import { databaseName } from "../../../shared/model/records.ts";
import type { Effect } from "../../workflow/effect.ts";
import { nameOf } from "../../workflow/facts.ts";
import { oldName } from "../../workflow/finish.ts";
import type { Hands } from "./perform.ts";
import { quoteIdentifier, quoteText } from "./quote.ts";

/** Dropping a large table takes its time on some file systems. */
const SCHEMA_TIMEOUT_MS = 10 * 60_000;
/** Of one call, which has that time; the tablet reads its schema again behind each. */
const DROPS_MAX = 100;

/** Replicas get them by replication; the primary reads its schema again. */
export async function createTables(
  hands: Hands,
  primary: TabletRecord,
  { tables }: Extract<Effect, { readonly do: "create_tables" }>,
): Promise<void> {
  const there = await existing(hands, primary, tables.map(({ name }) => name));
  const missing = tables.filter(({ name }) => !there.has(name));
  if (missing.length > 0) {
    await apply(hands, primary, missing.map(({ sql }) => sql), { copied: true });
  }
}

/** Those that are there: a run before this one may have dropped some. VT22002 as `refuseReferred`. */
export async function dropTables(
  hands: Hands,
  primary: TabletRecord,
  { at, tables, rename }: Extract<Effect, { readonly do: "drop_tables" }>,
): Promise<void> {
  const types = await existing(hands, primary, tables);
  const there = tables.filter((table) => types.has(table));
  if (there.length === 0) return;
  if (!rename) await refuseReferred(hands, primary, nameOf(at), there);
  const statements = there.map((table) => {
    const name = quoteIdentifier(table);
    if (rename) return `RENAME TABLE ${name} TO ${quoteIdentifier(oldName(table))}`;
    return `DROP ${types.get(table) === "VIEW" ? "VIEW" : "TABLE"} IF EXISTS ${name}`;
  });
  for (let done = 0; done < statements.length; done += DROPS_MAX) {
    hands.check();
    // Foreign keys follow a table to its new name where they are looked at.
    await apply(hands, primary, statements.slice(done, done + DROPS_MAX), { copied: !rename });
  }
}

/** VT22002: tables that go with their foreign keys would leave keys of others to nothing. */
async function refuseReferred(
  hands: Hands,
  primary: TabletRecord,
  place: string,
  tables: readonly string[],
): Promise<void> {
  const database = quoteText(databaseName(primary));
  const names = tables.map(quoteText).join(", ");
  const { rows } = await hands.context.tablets.call(primary, "ExecuteFetchAsDba", {
    sql: "SELECT constraint_schema, table_name, constraint_name, referenced_table_name " +
      "FROM information_schema.referential_constraints " +
      `WHERE unique_constraint_schema = ${database} AND referenced_table_name IN (${names}) ` +
      `AND NOT (constraint_schema = ${database} AND table_name IN (${names})) LIMIT 1`,
    rowsMax: 1,
    disableBinlogs: false,
  }, { signal: hands.signal(), timeoutMs: SCHEMA_TIMEOUT_MS });
  const [key] = rows;
  if (key === undefined) return;
  const [schema, table, name, parent] = key;
  throw vtError(
    "VT22002",
    `foreign key ${name} of ${schema}.${table} on ${place} refers to ${parent}, which is to be dropped; drop the key first (ALTER TABLE ${schema}.${table} DROP FOREIGN KEY ${name}), or keep the tables with --keep-data`,
  );
}

/** All views of a shard that serves nothing. */
export async function dropViews(hands: Hands, primary: TabletRecord): Promise<void> {
  const views = await readTables(hands, primary, "table_type = 'VIEW'");
  if (views.size === 0) return;
  await apply(
    hands,
    primary,
    [...views.keys()].map((view) => `DROP VIEW IF EXISTS ${quoteIdentifier(view)}`),
    { copied: true },
  );
}

async function apply(
  hands: Hands,
  primary: TabletRecord,
  statements: readonly string[],
  { copied }: { readonly copied: boolean },
): Promise<void> {
  await hands.context.tablets.call(primary, "ApplySchema", { statements, copied }, {
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
