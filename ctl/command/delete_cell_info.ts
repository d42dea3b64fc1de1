import { toggle } from "../../shared/flags/flag.ts";
import { vtErrorFrom } from "../../shared/error/errors.ts";
import { deleteCell } from "../../topo/cells.ts";
import { hasId } from "../../topo/records.ts";
import { findCell } from "./lookup.ts";
import { defineCommand } from "./command.ts";
import { one, parseName } from "./positional.ts";

export const DELETE_CELL_INFO = defineCommand({
  name: "DeleteCellInfo",
  group: "Cells",
  summary: "Removes a cell that has no tablets.",
  examples: ["DeleteCellInfo zone2"],
  flags: {
    "force": toggle({
      help: "even when tablets are registered in it, or it can't be reached",
      fallback: false,
    }),
  },
  flagAliases: { f: "force" },
  positionals: { cell: one("cell", parseName) },
  run: async (context, { args: { cell }, flags: { force } }) => {
    await findCell(context, cell);
    try {
      await deleteCell(context.topo, cell, { signal: context.signal, force });
    } catch (error) {
      if (!hasId(error, "VT21010")) throw error;
      throw vtErrorFrom(
        error,
        "VT22002",
        `cell ${cell} has tablets; DeleteTablets removes them, --force ignores them`,
      );
    }
    return { cell };
  },
  print: ({ cell }) => `Deleted cell ${cell}`,
});
