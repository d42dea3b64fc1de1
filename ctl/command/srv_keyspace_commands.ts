/** Reads of SrvKeyspace: today's commands and the old client's. */
import { getSrvKeyspace, listSrvKeyspaces } from "../../topo/srv_keyspaces.ts";
import { defineCommand, printJson } from "./command.ts";
import { findCell, findCells, findKeyspace } from "./lookup.ts";
import { one, parseName, zeroOrMore } from "./positional.ts";
import { protoSrvKeyspace } from "./proto_json.ts";

export const GET_SRV_KEYSPACES = defineCommand({
  name: "GetSrvKeyspaces",
  group: "Serving graph",
  summary: "Shows which shards serve a keyspace in each cell.",
  examples: ["GetSrvKeyspaces customer", "GetSrvKeyspaces customer zone1"],
  flags: {},
  positionals: { keyspace: one("keyspace", parseName), cells: zeroOrMore("cell", parseName) },
  run: async (context, { args: { keyspace, cells } }) => {
    await findKeyspace(context, keyspace);
    const found: [string, ReturnType<typeof protoSrvKeyspace>][] = [];
    for (const cell of await findCells(context, cells)) {
      if (!(await listSrvKeyspaces(context.topo, cell, context)).includes(keyspace)) continue;
      const record = await getSrvKeyspace(context.topo, cell, keyspace, context);
      found.push([cell, protoSrvKeyspace(record)]);
    }
    return Object.fromEntries(found);
  },
  print: printJson,
});

export const GET_SRV_KEYSPACE = defineCommand({
  name: "GetSrvKeyspace",
  group: "Serving graph",
  summary: "Shows which shards serve a keyspace in a cell; see GetSrvKeyspaces.",
  examples: ["GetSrvKeyspace zone1 customer"],
  flags: {},
  positionals: { cell: one("cell", parseName), keyspace: one("keyspace", parseName) },
  run: async (context, { args: { cell, keyspace } }) => {
    await findCell(context, cell);
    await findKeyspace(context, keyspace);
    return protoSrvKeyspace(await getSrvKeyspace(context.topo, cell, keyspace, context));
  },
  print: printJson,
});

export const GET_SRV_KEYSPACE_NAMES = defineCommand({
  name: "GetSrvKeyspaceNames",
  group: "Serving graph",
  summary: "Lists the keyspaces that each cell serves.",
  examples: ["GetSrvKeyspaceNames"],
  flags: {},
  positionals: { cells: zeroOrMore("cell", parseName) },
  run: async (context, { args: { cells } }) => {
    const entries = await Promise.all((await findCells(context, cells)).map(async (cell) => {
      const names = await listSrvKeyspaces(context.topo, cell, context);
      return [cell, { names }] as const;
    }));
    return { names: Object.fromEntries(entries) };
  },
  print: printJson,
});
