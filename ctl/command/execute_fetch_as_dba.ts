import { integer, toggle } from "../../shared/flags/flag.ts";
import { defineCommand } from "./command.ts";
import { findTablet } from "./lookup.ts";
import { one, parseAlias, parseText } from "./positional.ts";
import { printTable } from "./text_table.ts";

export const EXECUTE_FETCH_AS_DBA = defineCommand({
  name: "ExecuteFetchAsDBA",
  group: "Tablets",
  summary: "Runs a statement on a tablet's mysqld with all rights, past all checks.",
  examples: [
    'ExecuteFetchAsDBA zone1-100 "select * from customer limit 3"',
    'ExecuteFetchAsDBA --json zone1-100 "show replica status"',
  ],
  flags: {
    "max-rows": integer({ help: "fail when there are more rows", fallback: 10_000 }),
    "disable-binlogs": toggle({ help: "don't replicate it", fallback: false }),
    "reload-schema": toggle({
      help: "have the tablet read its schema afterwards",
      fallback: false,
    }),
  },
  flagAliases: { j: "json" },
  positionals: { alias: one("tablet alias", parseAlias), query: one("query", parseText) },
  run: async (context, { args: { alias, query }, flags }) => {
    const tablet = await findTablet(context, alias);
    const rows = await context.tablets.call(tablet, "ExecuteFetchAsDba", {
      sql: query,
      rowsMax: flags.maxRows,
      disableBinlogs: flags.disableBinlogs,
    }, { signal: context.signal });
    if (flags.reloadSchema) {
      await context.tablets.call(tablet, "ReloadSchema", {}, { signal: context.signal });
    }
    return rows;
  },
  toJson: ({ columns, rows, affectedRows, lastInsertId }) => ({
    fields: columns.map((name) => ({ name })),
    rows_affected: String(affectedRows),
    insert_id: lastInsertId,
    rows,
  }),
  print: (rows) =>
    rows.columns.length > 0 ? printTable(rows) : `${rows.affectedRows} rows affected`,
});
