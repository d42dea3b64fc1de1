import { listCells } from "../../topo/cells.ts";
import { defineCommand } from "./command.ts";

export const GET_CELL_INFO_NAMES = defineCommand({
  name: "GetCellInfoNames",
  group: "Cells",
  summary: "Lists the cells.",
  examples: ["GetCellInfoNames"],
  flags: {},
  positionals: {},
  run: async (context) => ({ names: await listCells(context.topo, context) }),
  print: ({ names }) => names.join("\n"),
});
