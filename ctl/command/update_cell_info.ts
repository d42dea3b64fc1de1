import { text } from "../../shared/flags/flag.ts";
import { ensureCell, updateCell } from "../../topo/cells.ts";
import { vtError } from "../../shared/error/errors.ts";
import { listCells } from "../../topo/cells.ts";
import { printJson } from "./command.ts";
import { protoCellInfo } from "./proto_json.ts";
import { defineCommand } from "./command.ts";
import { one, parseName } from "./positional.ts";

export const UPDATE_CELL_INFO = defineCommand({
  name: "UpdateCellInfo",
  group: "Cells",
  summary: "Changes a cell, or creates it.",
  details: ["Programs read a cell once: restart those that use it after a change."],
  examples: ["UpdateCellInfo --server-address http://127.0.0.1:2379 zone1"],
  flags: {
    "root": text({ help: "folder of the cell's keys", fallback: "", placeholder: "PATH" }),
    "server-address": text({ help: "etcd of the cell", fallback: "", placeholder: "URL" }),
  },
  positionals: { cell: one("cell", parseName) },
  run: async (context, { args: { cell }, flags, given }) => {
    const { root, serverAddress } = flags;
    if (!(await listCells(context.topo, context)).includes(cell)) {
      if (root === "") {
        throw vtError("VT22001", `cell ${cell} doesn't exist, and a new one needs --root`);
      }
      await ensureCell(context.topo, cell, { root, serverAddress }, context);
    }
    const info = await updateCell(context.topo, cell, (before) => ({
      root: given.has("root") ? root : before.root,
      serverAddress: given.has("server-address") ? serverAddress : before.serverAddress,
    }), context);
    return { name: cell, cell_info: protoCellInfo(info) };
  },
  print: ({ name, cell_info }) => `Updated cell ${name}. New CellInfo:\n${printJson(cell_info)}`,
});
