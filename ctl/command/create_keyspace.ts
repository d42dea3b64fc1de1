import { choice, text, toggle } from "../../shared/flags/flag.ts";
import { vtErrorFrom } from "../../shared/error/errors.ts";
import {
  createKeyspace,
  DEFAULT_KEYSPACE,
  ensureKeyspace,
  getKeyspace,
} from "../../topo/keyspaces.ts";
import { hasId } from "../../topo/records.ts";
import { rebuildVSchemaGraph } from "../../topo/srv_vschemas.ts";
import { printJson } from "./command.ts";
import { protoKeyspace } from "./proto_json.ts";
import { defineCommand } from "./command.ts";
import { one, parseName } from "./positional.ts";

export const CREATE_KEYSPACE = defineCommand({
  name: "CreateKeyspace",
  group: "Keyspaces",
  summary: "Creates a keyspace.",
  details: [
    "A tablet that starts creates its keyspace and shard too; this command is for doing so beforehand, with other settings.",
  ],
  examples: ["CreateKeyspace customer", "CreateKeyspace --durability-policy semi_sync customer"],
  flags: {
    "durability-policy": choice(["none", "semi_sync", "cross_cell"], {
      help: "which replicas must have a commit before it is acknowledged",
      fallback: "none",
    }),
    "sidecar-db-name": text({ help: "mysqld's database for our own tables", fallback: "_vt" }),
    "force": toggle({ help: "no error when it exists", fallback: false }),
  },
  flagAliases: { f: "force" },
  positionals: { keyspace: one("keyspace", parseName) },
  run: async (context, { args: { keyspace }, flags }) => {
    const record = {
      ...DEFAULT_KEYSPACE,
      durabilityPolicy: flags.durabilityPolicy,
      sidecarDbName: flags.sidecarDbName,
    };
    if (flags.force) {
      await ensureKeyspace(context.topo, keyspace, record, context);
    } else {
      await createKeyspace(context.topo, keyspace, record, context).catch((error) => {
        if (!hasId(error, "VT21002")) throw error;
        throw vtErrorFrom(error, "VT22004", `keyspace ${keyspace} exists; --force accepts that`);
      });
    }
    // Gates know a keyspace by its entry in SrvVSchema.
    await rebuildVSchemaGraph(context.topo, context);
    const created = await getKeyspace(context.topo, keyspace, context);
    return { keyspace: { name: keyspace, keyspace: protoKeyspace(created) } };
  },
  print: ({ keyspace }) =>
    `Successfully created keyspace ${keyspace.name}. Result:\n${printJson(keyspace)}`,
});
