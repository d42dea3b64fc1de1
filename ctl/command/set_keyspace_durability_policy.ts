import { choice } from "../../shared/flags/flag.ts";
import { updateKeyspace } from "../../topo/keyspaces.ts";
import { printJson } from "./command.ts";
import { findKeyspace } from "./lookup.ts";
import { protoKeyspace } from "./proto_json.ts";
import { defineCommand } from "./command.ts";
import { one, parseName } from "./positional.ts";

export const SET_KEYSPACE_DURABILITY_POLICY = defineCommand({
  name: "SetKeyspaceDurabilityPolicy",
  group: "Keyspaces",
  summary: "Sets which replicas must have a commit before it is acknowledged.",
  details: [
    "It holds from the next reparent of each shard on: PlannedReparentShard with the present primary applies it at once.",
  ],
  examples: ["SetKeyspaceDurabilityPolicy --durability-policy semi_sync customer"],
  flags: {
    "durability-policy": choice(["none", "semi_sync", "cross_cell"], {
      help: "the policy",
      fallback: "none",
    }),
  },
  positionals: { keyspace: one("keyspace name", parseName) },
  run: async (context, { args: { keyspace }, flags: { durabilityPolicy } }) => {
    await findKeyspace(context, keyspace);
    const record = await updateKeyspace(
      context.topo,
      keyspace,
      (before) => ({ ...before, durabilityPolicy }),
      context,
    );
    return { keyspace: protoKeyspace(record) };
  },
  print: printJson,
});
