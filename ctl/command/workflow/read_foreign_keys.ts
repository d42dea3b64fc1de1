/** The foreign keys of a shard's tables, and whether its server logs what they do. */
import { databaseName, type TabletRecord } from "../../../shared/model/records.ts";
import { checkForeignKeys, type ForeignKey } from "../../workflow/foreign_keys.ts";
import type { CommandContext } from "../context.ts";
import { quoteText } from "./quote.ts";

const TIMEOUT_MS = 30_000;

/** See checkForeignKeys: VT22002 for a key that these tables can't be moved with. */
export async function refuseForeignKeys(
  context: CommandContext,
  primary: TabletRecord,
  tables: readonly string[],
): Promise<void> {
  const read = async (sql: string) =>
    (await context.tablets.call(primary, "ExecuteFetchAsDba", {
      sql,
      rowsMax: 0,
      disableBinlogs: false,
    }, { signal: context.signal, timeoutMs: TIMEOUT_MS })).rows;
  const found = await read(
    "SELECT constraint_name, table_name, referenced_table_name, delete_rule, update_rule " +
      "FROM information_schema.referential_constraints " +
      `WHERE constraint_schema = ${quoteText(databaseName(primary))}`,
  );
  if (found.length === 0) return;
  // Only servers that can log them have it (tablet/stream/unlogged_changes.ts).
  const [setting] = await read("SHOW GLOBAL VARIABLES LIKE 'innodb_native_foreign_keys'");
  checkForeignKeys(found.map(readKey), tables, setting?.[1] === "OFF");
}

function readKey(row: readonly (string | null)[]): ForeignKey {
  const [name, table, refersTo, onDelete, onUpdate] = row;
  return {
    name: name ?? "",
    table: table ?? "",
    refersTo: refersTo ?? "",
    onDelete: onDelete ?? "",
    onUpdate: onUpdate ?? "",
  };
}
