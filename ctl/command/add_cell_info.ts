import { text } from "../../shared/flags/flag.ts";
import { vtErrorFrom } from "../../shared/error/errors.ts";
import { createCell } from "../../topo/cells.ts";
import { hasId } from "../../topo/records.ts";
import { defineCommand } from "./command.ts";
import { one, parseName } from "./positional.ts";

export const ADD_CELL_INFO = defineCommand({
  name: "AddCellInfo",
  group: "Cells",
  summary: "Registers a cell: where its local topology is.",
  examples: ["AddCellInfo --root /vitess/example/local/zone2 zone2"],
  flags: {
    "root": text({ help: "folder of the cell's keys", required: true, placeholder: "PATH" }),
    "server-address": text({
      help: "etcd of the cell; empty means the global one",
      fallback: "",
      placeholder: "URL",
    }),
  },
  positionals: { cell: one("cell", parseName) },
  run: async (context, { args: { cell }, flags: { root, serverAddress } }) => {
    try {
      await createCell(context.topo, cell, { root, serverAddress }, context);
    } catch (error) {
      if (!hasId(error, "VT21002")) throw error;
      throw vtErrorFrom(error, "VT22004", `cell ${cell} exists; UpdateCellInfo changes it`);
    }
    return { cell };
  },
  print: ({ cell }) => `Created cell: ${cell}`,
});
