import { toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { listCells } from "../../topo/cells.ts";
import type { Store } from "../../topo/store.ts";
import { defineCommand, printJson } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { findCell, isAbsent } from "./lookup.ts";
import { one, parseText } from "./positional.ts";

interface TopologyCell {
  readonly name: string;
  readonly path: string;
  /** "" for a folder. */
  readonly data: string;
  readonly children: readonly string[];
}

export const GET_TOPOLOGY_PATH = defineCommand({
  name: "GetTopologyPath",
  group: "Topology",
  summary: "Shows a key of the topology, or what a folder of it holds.",
  details: [
    "A path begins with /global or with the name of a cell: /global/keyspaces/customer/Keyspace, /zone1/tablets.",
  ],
  examples: ["GetTopologyPath /", "GetTopologyPath --data-as-json /zone1/SrvVSchema"],
  legacyNames: ["TopoCat"],
  flags: {
    "data-as-json": toggle({ help: "only the record", fallback: false }),
    "decode-proto": toggle({ help: "of the old client; records are JSON already", fallback: true }),
    "long": toggle({ help: "of the old client; has no effect", fallback: false }),
  },
  positionals: { path: one("path", parseText) },
  run: async (context, { args }) => {
    const path = args.path.replace(/\/+$/, "");
    if (!/^(\/[^/\s]+)*$/.test(path)) {
      throw vtError("VT22001", `"${args.path}" is no path: /global/... or /CELL/...`);
    }
    const [, root, ...rest] = path.split("/");
    if (root === undefined) return await rootFolder(context);
    const store = await storeOf(context, root);
    return await readPath(context, store, path, rest.join("/"));
  },
  print: (cell, { flags, legacy }) => {
    if (flags.dataAsJson && cell.data !== "") return printJson(JSON.parse(cell.data));
    return legacy ? cell.data : printJson(cell);
  },
});

async function rootFolder(context: CommandContext): Promise<TopologyCell> {
  const cells = await listCells(context.topo, context);
  return { name: "/", path: "/", data: "", children: ["global", ...cells] };
}

async function storeOf(context: CommandContext, root: string): Promise<Store> {
  if (root === "global") return context.topo.global;
  await findCell(context, root);
  return await context.topo.cell(root, context);
}

async function readPath(
  context: CommandContext,
  store: Store,
  path: string,
  inside: string,
): Promise<TopologyCell> {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (inside !== "") {
    try {
      const { value } = await store.get(inside, context);
      return { name, path, data: new TextDecoder().decode(value), children: [] };
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
  const prefix = inside === "" ? "" : `${inside}/`;
  const entries = await store.list(prefix, context);
  if (entries.length === 0 && inside !== "") {
    throw vtError("VT22003", `${path} doesn't exist; GetTopologyPath / shows where to begin`);
  }
  const children = new Set(
    entries.map((entry) => entry.path.slice(prefix.length).split("/")[0] ?? ""),
  );
  return { name, path, data: "", children: [...children].sort() };
}
