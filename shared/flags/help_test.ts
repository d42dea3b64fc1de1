import assert from "node:assert/strict";
import { golden } from "../../tests/golden/golden.ts";
import { httpPort, PROGRAM_FLAGS, TOPO_FLAGS } from "./common.ts";
import { duration, integer, text, toggle } from "./flag.ts";
import { printHelp } from "./help.ts";

const USAGE = {
  program: "vtexample",
  summary: "shows how the help of a program is laid out, with a summary that takes two lines",
  config: true,
  flags: {
    "alias": text({ help: "which tablet this is", required: true, placeholder: "CELL-UID" }),
    "pool-size": integer({ help: "connections to mysqld", fallback: 64 }),
    "wait": duration({
      help: "how long to wait for a thing that has a long explanation of its own",
      fallback: 90_000,
    }),
    "force": toggle({ help: "do it all the same", fallback: false }),
    ...httpPort(15000),
    ...PROGRAM_FLAGS,
    ...TOPO_FLAGS,
  },
};

golden(new URL("./testdata/", import.meta.url), () => printHelp(USAGE).replaceAll("\n\n", "\n.\n"));

Deno.test("printHelp() stays within 80 columns", () => {
  for (const line of printHelp(USAGE).split("\n")) assert.ok(line.length <= 80, line);
});
