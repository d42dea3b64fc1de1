import { list } from "../../shared/flags/flag.ts";
import { saveCellsAlias } from "../../topo/cells.ts";
import { findCell } from "./lookup.ts";
import { printJson } from "./command.ts";
import { defineCommand } from "./command.ts";
import { one, parseName } from "./positional.ts";

export const UPDATE_CELLS_ALIAS = defineCommand({
  name: "UpdateCellsAlias",
  group: "Cells",
  summary: "Changes a name for a group of cells, or creates it.",
  examples: ["UpdateCellsAlias --cells zone1,zone2 region1"],
  flags: { "cells": list({ help: "the cells it stands for", required: true }) },
  positionals: { alias: one("alias", parseName) },
  run: async (context, { args: { alias }, flags: { cells } }) => {
    for (const cell of cells) await findCell(context, cell);
    await saveCellsAlias(context.topo, alias, { cells }, context);
    return { name: alias, cells_alias: { cells } };
  },
  print: ({ name, cells_alias }) =>
    `Updated cells alias ${name}. New CellsAlias:\n${printJson(cells_alias)}`,
});
