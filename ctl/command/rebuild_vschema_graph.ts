import { list } from "../../shared/flags/flag.ts";
import { rebuildVSchemaGraph } from "../../topo/srv_vschemas.ts";
import { defineCommand } from "./command.ts";
import { findCells } from "./lookup.ts";

export const REBUILD_VSCHEMA_GRAPH = defineCommand({
  name: "RebuildVSchemaGraph",
  group: "Serving graph",
  summary: "Writes the VSchemas of all keyspaces anew for the gates of each cell.",
  examples: ["RebuildVSchemaGraph", "RebuildVSchemaGraph --cells zone1"],
  flags: { "cells": list({ help: "only in these cells", fallback: [] }) },
  flagAliases: { c: "cells" },
  positionals: {},
  run: async (context, { flags: { cells } }) => {
    const named = await findCells(context, cells);
    await rebuildVSchemaGraph(context.topo, context, named);
    return { cells: named };
  },
  print: () => "RebuildVSchemaGraph: ok",
});
