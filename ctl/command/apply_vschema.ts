import { list, text, toggle } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { KeyspaceDocument } from "../../shared/vschema/document.ts";
import { buildKeyspace } from "../../shared/vschema/keyspace.ts";
import { parseKeyspaceText } from "../../shared/vschema/parse.ts";
import { keyspaceJson, printKeyspace } from "../../shared/vschema/print.ts";
import { lockKeyspace } from "../../topo/locks.ts";
import { rebuildVSchemaGraph } from "../../topo/srv_vschemas.ts";
import { saveVSchema } from "../../topo/vschemas.ts";
import { defineCommand } from "./command.ts";
import { findCells, findKeyspace } from "./lookup.ts";
import { one, parseName } from "./positional.ts";

export const APPLY_VSCHEMA = defineCommand({
  name: "ApplyVSchema",
  group: "VSchema and routing",
  summary: "Replaces the VSchema of a keyspace and tells the gates.",
  details: [
    "The document is checked first: unknown keys, unknown vindex types and tables without a vindex are refused, with the path of what is wrong.",
  ],
  examples: [
    "ApplyVSchema --vschema-file vschema_customer_sharded.json customer",
    `ApplyVSchema --vschema '{"tables": {"product": {}}}' commerce`,
    "ApplyVSchema --dry-run --vschema @vschema.json customer",
  ],
  flags: {
    "vschema": text({ help: "the VSchema as JSON", fallback: "", placeholder: "JSON" }),
    "vschema-file": text({ help: "file with it", fallback: "", placeholder: "FILE" }),
    "dry-run": toggle({ help: "only check and show it", fallback: false }),
    "skip-rebuild": toggle({ help: "don't tell the gates yet", fallback: false }),
    "cells": list({ help: "tell only the gates of these cells", fallback: [] }),
    "strict": toggle({ help: "unknown parameters are errors; they always are", fallback: false }),
  },
  positionals: { keyspace: one("keyspace", parseName) },
  run: async (context, { args: { keyspace }, flags }) => {
    await findKeyspace(context, keyspace);
    const document = readDocument(keyspace, flags);
    const cells = await findCells(context, flags.cells);
    if (flags.dryRun) {
      context.say("Dry run: Skipping update of VSchema");
      return document;
    }
    await using lock = await lockKeyspace(
      context.topo,
      keyspace,
      `ApplyVSchema(${keyspace})`,
      context,
    );
    lock.check();
    await saveVSchema(context.topo, keyspace, keyspaceJson(document), context);
    if (flags.skipRebuild) {
      context.say(
        "Skipping rebuild of VSchema graph, will need to run RebuildVSchemaGraph for changes to take effect.",
      );
    } else {
      await rebuildVSchemaGraph(context.topo, context, cells);
    }
    return document;
  },
  toJson: (document) => keyspaceJson(document),
  print: (document, { legacy }) =>
    `New VSchema object:\n${
      printKeyspace(document, legacy ? "camel" : "snake")
    }\nIf this is not what you expected, check the input data (as JSON parsing will skip unexpected fields).`,
});

/** Checked in itself and for this keyspace: VT25004 says where it is wrong. */
function readDocument(
  keyspace: string,
  flags: { readonly vschema: string; readonly vschemaFile: string },
): KeyspaceDocument {
  if (flags.vschemaFile !== "") {
    throw vtError("VT22001", "vtctl reads --vschema-file; over the API give --vschema");
  }
  if (flags.vschema.trim() === "") {
    throw vtError("VT22001", "no VSchema: give --vschema JSON or --vschema-file FILE");
  }
  const document = parseKeyspaceText(flags.vschema);
  buildKeyspace(keyspace, document, undefined);
  return document;
}
