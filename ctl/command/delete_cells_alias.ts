import { vtError } from "../../shared/error/errors.ts";
import { deleteCellsAlias, listCellsAliases } from "../../topo/cells.ts";
import { defineCommand } from "./command.ts";
import { one, parseName } from "./positional.ts";

export const DELETE_CELLS_ALIAS = defineCommand({
  name: "DeleteCellsAlias",
  group: "Cells",
  summary: "Removes a name for a group of cells.",
  examples: ["DeleteCellsAlias region1"],
  flags: {},
  positionals: { alias: one("alias", parseName) },
  run: async (context, { args: { alias } }) => {
    const known = await listCellsAliases(context.topo, context);
    if (!known.has(alias)) {
      throw vtError(
        "VT22003",
        `cells alias ${alias} doesn't exist; there are: ${[...known.keys()].join(", ") || "none"}`,
      );
    }
    await deleteCellsAlias(context.topo, alias, context);
    return { name: alias };
  },
  print: ({ name }) => `Delete cells alias ${name}`,
});
