import { defineCommand } from "./command.ts";
import { findTablet } from "./lookup.ts";
import { one, parseAlias, parseText } from "./positional.ts";
import { printTable } from "./text_table.ts";

export const VREPLICATION_EXEC = defineCommand({
  name: "VReplicationExec",
  group: "Workflows",
  summary: "Runs a statement on the stream tables of a tablet.",
  details: [
    "SELECTs go to any table of _vt. For everything else MoveTables, Reshard and Workflow are safer.",
  ],
  examples: ['VReplicationExec zone1-200 "select * from _vt.copy_state"'],
  flags: {},
  positionals: { alias: one("tablet alias", parseAlias), query: one("query", parseText) },
  run: async (context, { args: { alias, query } }) => {
    const tablet = await findTablet(context, alias);
    return await context.tablets.call(tablet, "VReplicationExec", { sql: query }, {
      signal: context.signal,
    });
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
