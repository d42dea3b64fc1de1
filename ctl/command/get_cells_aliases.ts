import { listCellsAliases } from "../../topo/cells.ts";
import { printJson } from "./command.ts";
import { defineCommand } from "./command.ts";

export const GET_CELLS_ALIASES = defineCommand({
  name: "GetCellsAliases",
  group: "Cells",
  summary: "Shows all names for groups of cells.",
  examples: ["GetCellsAliases"],
  flags: {},
  positionals: {},
  run: async (context) => ({
    aliases: Object.fromEntries(
      [...await listCellsAliases(context.topo, context)].map((
        [name, { cells }],
      ) => [name, { cells }]),
    ),
  }),
  print: printJson,
});
