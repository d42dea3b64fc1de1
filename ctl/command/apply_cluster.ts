import { text } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { defineCommand } from "./command.ts";

export const APPLY_CLUSTER = defineCommand({
  name: "apply",
  group: "Cluster",
  summary: "Brings the local cluster to what a cluster file says.",
  details: [
    "The supervisor (deno task cluster) starts and turns down shards and tablets as the file differs from what runs, and says what it does. It can be run again at any time.",
  ],
  examples: ["apply -f examples/302_new_shards.yaml", "apply -f -"],
  flags: {
    "file": text({
      help: "cluster file; - is the standard input",
      fallback: "",
      placeholder: "FILE",
    }),
    "yaml": text({ help: "its text, instead of a file", fallback: "", placeholder: "YAML" }),
  },
  flagAliases: { f: "file", filename: "file" },
  positionals: {},
  run: async (context, { flags: { yaml, file } }) => {
    if (yaml === "" && file !== "") {
      throw vtError("VT22001", "vtctl reads the file and sends its text; over the API give --yaml");
    }
    if (yaml.trim() === "") {
      throw vtError("VT22001", "no cluster file; usage: vtctl apply -f FILE");
    }
    if (context.supervisor === undefined) {
      throw vtError(
        "VT22002",
        "this vtctld belongs to no local cluster: it was started without --supervisor-address; start one with deno task cluster",
      );
    }
    await context.supervisor.apply({ yaml, file }, context.say, context);
    return { applied: true };
  },
  print: () => "applied",
});
