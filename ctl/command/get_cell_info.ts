import { findCell } from "./lookup.ts";
import { printJson } from "./command.ts";
import { protoCellInfo } from "./proto_json.ts";
import { defineCommand } from "./command.ts";
import { one, parseName } from "./positional.ts";

export const GET_CELL_INFO = defineCommand({
  name: "GetCellInfo",
  group: "Cells",
  summary: "Shows the address and root of a cell.",
  examples: ["GetCellInfo zone1"],
  flags: {},
  positionals: { cell: one("cell", parseName) },
  run: async (context, { args }) => protoCellInfo(await findCell(context, args.cell)),
  print: printJson,
});
