import { list } from "../../shared/flags/flag.ts";
import { listCellsAliases, saveCellsAlias } from "../../topo/cells.ts";
import { findCell } from "./lookup.ts";
import { vtError } from "../../shared/error/errors.ts";
import { defineCommand } from "./command.ts";
import { one, parseName } from "./positional.ts";

export const ADD_CELLS_ALIAS = defineCommand({
  name: "AddCellsAlias",
  group: "Cells",
  summary: "Defines a name for a group of cells.",
  examples: ["AddCellsAlias --cells zone1,zone2 region1"],
  flags: { "cells": list({ help: "the cells it stands for", required: true }) },
  positionals: { alias: one("alias", parseName) },
  run: async (context, { args: { alias }, flags: { cells } }) => {
    for (const cell of cells) await findCell(context, cell);
    if ((await listCellsAliases(context.topo, context)).has(alias)) {
      throw vtError("VT22004", `cells alias ${alias} exists; UpdateCellsAlias changes it`);
    }
    await saveCellsAlias(context.topo, alias, { cells }, context);
    return { name: alias, cells_alias: { cells } };
  },
  print: ({ name, cells_alias }) =>
    `Created cells alias: ${name} (cells = [${cells_alias.cells.join(" ")}])`,
});
