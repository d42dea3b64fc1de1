import { list, toggle } from "../../shared/flags/flag.ts";
import { rebuildKeyspaceGraph } from "../../topo/srv_keyspaces.ts";
import { defineCommand } from "./command.ts";
import { findCells, findKeyspace } from "./lookup.ts";
import { oneOrMore, parseName } from "./positional.ts";

export const REBUILD_KEYSPACE_GRAPH = defineCommand({
  name: "RebuildKeyspaceGraph",
  group: "Serving graph",
  summary: "Writes anew which shards serve a keyspace, for the gates of each cell.",
  examples: ["RebuildKeyspaceGraph customer", "RebuildKeyspaceGraph --cells zone1 customer"],
  flags: {
    "cells": list({ help: "only in these cells", fallback: [] }),
    "allow-partial": toggle({ help: "even when the shards leave a gap", fallback: false }),
  },
  flagAliases: { c: "cells" },
  positionals: { keyspaces: oneOrMore("keyspace", parseName) },
  run: async (context, { args: { keyspaces }, flags: { cells, allowPartial } }) => {
    for (const keyspace of keyspaces) await findKeyspace(context, keyspace);
    const named = await findCells(context, cells);
    for (const keyspace of keyspaces) {
      await rebuildKeyspaceGraph(context.topo, keyspace, {
        signal: context.signal,
        cells: named,
        allowPartial,
      });
    }
    return { keyspaces, cells: named };
  },
  print: () => "",
});
