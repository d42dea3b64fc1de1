/** Golden tests: help of every command, and commands on a topology in memory. */
import assert from "node:assert/strict";
import { golden } from "../../tests/golden/golden.ts";
import { vtError } from "../../shared/error/errors.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import { parseTabletAlias, parseTabletType, printTabletAlias } from "../../shared/model/tablet.ts";
import { exitCodeOf } from "../../shared/rpc/ctl_api.ts";
import { createCell } from "../../topo/cells.ts";
import { DEFAULT_KEYSPACE } from "../../topo/keyspaces.ts";
import { openMemoryTopology } from "../../topo/memory/topology.ts";
import { MemoryTree } from "../../topo/memory/tree.ts";
import { registerTablet } from "../../topo/registration.ts";
import type { Topology } from "../../topo/topology.ts";
import { setShardPrimary } from "../../topo/shards.ts";
import { toCommandError } from "../daemon/command_runner.ts";
import type { CommandContext } from "./context.ts";
import { printCommandHelp, printCommandList } from "./help.ts";
import { COMMANDS, findCommand } from "./registry.ts";
import type { TabletClient } from "./tablet_client.ts";

/** No tablet runs here: each call ends as it does when a tablet is down. */
const NO_TABLETS: TabletClient = {
  call: (tablet) =>
    Promise.reject(vtError("VT22005", printTabletAlias(tablet.alias), "connection refused")),
};

const CALL = { signal: new AbortController().signal };
const TERM = "2022-03-09T09:34:58Z";

/** "tablet zone1-100 commerce/- primary": what a tablet writes when it starts or is promoted. */
async function register(topo: Topology, words: readonly string[]): Promise<void> {
  const [name = "", place = "", kind = ""] = words;
  const alias = parseTabletAlias(name);
  const [keyspace = "", shard = ""] = place.split("/");
  const type = parseTabletType(kind);
  await registerTablet(
    topo,
    {
      alias,
      hostname: "127.0.0.1",
      portMap: { vt: 15000 + alias.uid, grpc: 16000 + alias.uid },
      keyspace,
      shard,
      type,
      dbNameOverride: "",
      tags: {},
      mysqlHostname: "127.0.0.1",
      mysqlPort: 17000 + alias.uid,
      ...(type === "primary" ? { primaryTermStartTime: TERM } : {}),
    },
    DEFAULT_KEYSPACE,
    CALL,
  );
  if (type !== "primary") return;
  await setShardPrimary(topo, keyspace, shard, { alias, termStartTime: TERM }, CALL);
}

/** Words of a command line; quotes hold them together. */
function splitLine(line: string): readonly string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)]
    .map(([word]) => word.replace(/'([^']*)'|"([^"]*)"/g, "$1$2"));
}

async function runLine(topo: Topology, line: string): Promise<readonly string[]> {
  const [name = "", ...args] = splitLine(line);
  if (name === "tablet") {
    await register(topo, args);
    return [];
  }
  const out: string[] = [`$ ${line}`];
  const context: CommandContext = {
    topo,
    tablets: NO_TABLETS,
    supervisor: undefined,
    clock: HOST_CLOCK,
    log: SILENT_LOG,
    signal: CALL.signal,
    say: (said) => out.push(`| ${said}`),
    output: (lines) => {
      out.push(...lines);
      return Promise.resolve();
    },
  };
  try {
    const { text } = await findCommand(name).prepare(args, name).run(context);
    out.push(text);
  } catch (error) {
    const { status, message } = toCommandError(error);
    out.push(`exit ${exitCodeOf(status)}: ${message}`);
  }
  return out;
}

/** The harness ends a case at an empty line. */
function withoutEmptyLines(text: string): string {
  return text.trimEnd().split("\n").map((line) => line === "" ? "." : line).join("\n");
}

golden(new URL("./testdata/run/", import.meta.url), async ({ input }) => {
  await using topo = openMemoryTopology(new MemoryTree());
  await createCell(topo, "zone1", { serverAddress: "", root: "/vitess/example/local/zone1" }, CALL);
  const out: string[] = [];
  for (const line of input.split("\n")) out.push(...await runLine(topo, line));
  return withoutEmptyLines(out.filter((line) => line !== "").join("\n"));
});

golden(new URL("./testdata/help/", import.meta.url), ({ command, args }) => {
  if (command === "list") return withoutEmptyLines(printCommandList(COMMANDS));
  return withoutEmptyLines(printCommandHelp(findCommand(args.get("name") ?? "")));
});

Deno.test("every command has help of its own in the golden files, within 100 columns", async () => {
  const file = new URL("./testdata/help/help.txt", import.meta.url);
  const text = await Deno.readTextFile(file);
  for (const command of COMMANDS) {
    assert(text.includes(`\nhelp name=${command.name}\n`), command.name);
    assert(command.examples.length > 0, command.name);
    for (const line of printCommandHelp(command).split("\n")) {
      assert(line.length <= 100, `${command.name}: ${line}`);
    }
  }
});

Deno.test("names of commands are unique, in any case", () => {
  const names = COMMANDS.flatMap(({ name, legacyNames }) => [name, ...legacyNames]);
  assert.equal(new Set(names.map((name) => name.toLowerCase())).size, names.length);
  for (const name of names) assert.equal(findCommand(name.toLowerCase()), findCommand(name));
});

Deno.test("examples in help are understood", () => {
  for (const command of COMMANDS) {
    for (const example of command.examples) {
      const [name = "", ...args] = splitLine(example.replace(/ \|.*$/, ""));
      assert.equal(findCommand(name), command, example);
      command.prepare(args, name);
    }
  }
});
