import assert from "node:assert/strict";
import { VtError } from "../error/errors.ts";
import { httpPort, PROGRAM_FLAGS, TOPO_FLAGS } from "./common.ts";
import { choice, duration, integer, list, text, toggle } from "./flag.ts";
import { parseFlags } from "./parse.ts";

const FLAGS = {
  "rpc-port": integer({ help: "port", fallback: 15100, max: 65535 }),
  "wait": duration({ help: "time to wait", fallback: 30_000 }),
  "force": toggle({ help: "don't ask", fallback: false }),
  "cells": list({ help: "cells", fallback: [] }),
  "type": choice(["primary", "replica"], { help: "type", fallback: "replica" }),
  "alias": text({ help: "which tablet", required: true }),
} as const;

function refuses(argv: readonly string[], message: string, config = ""): void {
  assert.throws(
    () => parseFlags(FLAGS, argv, { readConfig: () => config }),
    (error) => error instanceof VtError && error.message === message,
    `${argv.join(" ")} -> ${message}`,
  );
}

Deno.test("parseFlags() reads both spellings, one dash, underscores and repeated lists", () => {
  const argv = ["--rpc-port=1", "-alias", "zone1-1", "--cells", "a", "--cells=b,c", "--force"];
  const { values, given } = parseFlags(FLAGS, [...argv, "--wait", "1m30s"]);
  const port: number = values.rpcPort;
  assert.equal(port, 1);
  assert.deepEqual(values, {
    rpcPort: 1,
    wait: 90_000,
    force: true,
    cells: ["a", "b", "c"],
    type: "replica",
    alias: "zone1-1",
  });
  assert.deepEqual([...given].sort(), ["alias", "cells", "force", "rpc-port", "wait"]);
  assert.equal(parseFlags(FLAGS, ["-rpc_port", "7", "--alias=a"]).values.rpcPort, 7);
});

Deno.test("parseFlags() names the flag and what it wants", () => {
  const alias = "--alias=a";
  refuses(
    [alias, "--rpc-prt=1"],
    "VT23001: unknown flag --rpc-prt; did you mean --rpc-port?; --help lists all",
  );
  refuses([alias, "--zzz"], "VT23001: unknown flag --zzz; --help lists all");
  refuses([alias, "--constructor=1"], "VT23001: unknown flag --constructor; --help lists all");
  refuses(
    [alias, "--rpc-port=x"],
    'VT23002: bad value for --rpc-port: want a whole number of 0 to 65535: got "x"',
  );
  refuses([alias, "--rpc-port"], "VT23002: bad value for --rpc-port: it needs a value");
  refuses(
    [alias, "--type=spare"],
    'VT23002: bad value for --type: want primary, replica: got "spare"',
  );
  refuses(
    [alias, "--force=maybe"],
    'VT23002: bad value for --force: want true or false: got "maybe"',
  );
  refuses(
    [alias, "--wait=5"],
    'VT23002: bad value for --wait: want a time as in 500ms, 30s or 1m30s: got "5"',
  );
  refuses([], "VT23003: --alias is required: which tablet");
  refuses(
    [alias, "stray"],
    'VT23005: unexpected argument "stray"; flags are written --name value or --name=value',
  );
});

Deno.test("parseFlags() reads a config file, which the command line overrules", () => {
  const readConfig = () => "rpc-port: 5\nalias: from_file\ncells: [a, b]\nforce: true\n";
  const { values } = parseFlags(FLAGS, ["--config", "f.yaml", "--rpc-port=6"], { readConfig });
  assert.deepEqual(
    [values.rpcPort, values.alias, values.cells, values.force],
    [6, "from_file", ["a", "b"], true],
  );
  const argv = ["--config=f.yaml"];
  refuses(
    argv,
    'VT23004: config file f.yaml: unknown key "rpc-prt"; did you mean --rpc-port?',
    "rpc-prt: 1",
  );
  refuses(argv, "VT23004: config file f.yaml: want a map of flag names to values", "- 1");
  refuses(
    argv,
    'VT23004: config file f.yaml: key "alias" needs a text, a number, true, false or a list',
    "alias: {a: 1}",
  );
  assert.throws(
    () => parseFlags(FLAGS, argv, { readConfig: () => "a: [" }),
    /VT23004: config file f\.yaml: .* at line 1, column 5/,
  );
});

Deno.test("parseFlags() keeps arguments, shard names among them", () => {
  const collected = parseFlags(FLAGS, ["customer", "--alias=a", "-80"], { positional: "collect" });
  assert.deepEqual(collected.positional, ["customer", "-80"]);
  const stopped = parseFlags(FLAGS, ["--alias=a", "Cmd", "--x"], { positional: "stop" });
  assert.deepEqual(stopped.positional, ["Cmd", "--x"]);
  const behind = parseFlags(FLAGS, ["--alias=a", "--", "--x"]);
  assert.deepEqual(behind.positional, ["--x"]);
});

Deno.test("parseFlags() asks for nothing when --help came", () => {
  assert.equal(parseFlags(FLAGS, ["--help"]).help, true);
});

Deno.test("the common flags fit together", () => {
  const { values } = parseFlags({ ...PROGRAM_FLAGS, ...TOPO_FLAGS, ...httpPort(15000) }, []);
  const level: "debug" | "info" | "warn" | "error" = values.logLevel;
  assert.equal(level, "info");
  assert.deepEqual(values.topoAddress, ["http://127.0.0.1:2379"]);
  assert.equal(values.httpPort, 15000);
});
