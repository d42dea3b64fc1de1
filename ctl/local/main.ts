/**
 * deno task cluster [FILE] [--data-dir DIR] [--port-offset N]: a whole cluster in the foreground.
 * Progress and summary go to stdout; the processes log into DATA/logs.
 */
import { resolve } from "node:path";
import { VtError, vtError } from "../../shared/error/errors.ts";
import { choice, integer, text } from "../../shared/flags/flag.ts";
import { printHelp, type Usage } from "../../shared/flags/help.ts";
import { type FlagValues, parseFlags } from "../../shared/flags/parse.ts";
import { createLog } from "../../shared/host/log.ts";
import { EXIT, writeAll } from "../../shared/host/process.ts";
import { applyServer } from "./apply_server.ts";
import { Cluster, supervisorPort } from "./cluster.ts";
import { parseClusterFile } from "./cluster_file.ts";
import type { Place } from "./layout.ts";
import { endLeftovers, release, takeOver } from "./leftovers.ts";
import { checkPublicPorts } from "./ports_plan.ts";
import { readState } from "./state_file.ts";
import { printSummary } from "./summary.ts";

const DEFAULT_FILE = new URL("../../examples/commerce.yaml", import.meta.url).pathname;

/** How this program's tasks are run here: npx keeps Deno where no PATH leads. */
function taskRunner(): string {
  return Deno.execPath().includes("/_npx/") ? `npx -y deno@${Deno.version.deno} task` : "deno task";
}

const FLAGS = {
  "data-dir": text({
    help: "folder of the data; else VTDATAROOT, else ./vtdataroot",
    fallback: "",
    placeholder: "DIR",
  }),
  "port-offset": integer({
    help: "added to every port, for a second cluster",
    fallback: 0,
    max: 40_000,
  }),
  "mysqld": text({ help: "mysqld to run; else from PATH", fallback: "", placeholder: "PATH" }),
  "log-level": choice(["debug", "info", "warn", "error"], {
    help: "least level that the supervisor logs",
    fallback: "warn",
    placeholder: "LEVEL",
  }),
} as const;

const USAGE: Usage & { readonly flags: typeof FLAGS } = {
  program: "cluster",
  summary: "starts a cluster on this machine and keeps it running until Ctrl-C. " +
    "FILE is a VitessCluster resource (examples/*.yaml); without it, examples/commerce.yaml.",
  arguments: "[FILE]",
  flags: FLAGS,
};

function print(line: string): void {
  writeAll(Deno.stdout, `${line}\n`);
}

/** One Ctrl-C may arrive twice: from the terminal, and passed on by whoever started us. */
const SAME_CTRL_C_MS = 1000;

/** Aborts on Ctrl-C, SIGTERM and a closed terminal. A further Ctrl-C calls `hurry`. */
function stopSignal(hurry: () => void): AbortSignal {
  const controller = new AbortController();
  let firstMs = 0;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(name, () => {
      if (!controller.signal.aborted) firstMs = performance.now();
      else if (name === "SIGINT" && performance.now() - firstMs > SAME_CTRL_C_MS) hurry();
      controller.abort(new DOMException(`Stopped by ${name}`, "AbortError"));
    });
  }
  return controller.signal;
}

/** Whoever can't wait for an orderly stop gets a crash, which the data survives. */
async function endAtOnce(dataDir: string): Promise<never> {
  print("ending everything at once; the data stays");
  await endLeftovers(dataDir, { mysqlds: true });
  Deno.exit(EXIT.interrupted);
}

/** A cache that clusters share, so that only the first start of all initialises a mysqld. */
function templateDir(dataDir: string): string {
  const home = Deno.env.get("HOME");
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? (home === undefined ? "" : `${home}/.cache`);
  return cache === "" ? `${dataDir}/mysqld_template` : `${cache}/vt/mysqld_template`;
}

async function serve(
  flags: FlagValues<typeof FLAGS>,
  file: string,
  dataDir: string,
  signal: AbortSignal,
): Promise<void> {
  const startedMs = performance.now();
  const source = await Deno.readTextFile(file).catch((error) => {
    throw vtError("VT22001", `the cluster file can't be read: ${error.message}`);
  });
  const spec = parseClusterFile(file, source);
  const place: Place = { dataDir, portOffset: flags.portOffset };
  print(`cluster "${spec.name}" from ${file}, data in ${dataDir}`);
  if (spec.ignored.length > 0) print(`  not used on one machine: ${spec.ignored.join(", ")}`);
  const progress = (line: string) => print(`  ${line}`);
  await Deno.mkdir(dataDir, { recursive: true });
  const state = await readState(dataDir, spec.name);
  await takeOver(dataDir, progress);
  try {
    await checkPublicPorts(place, spec);
    const log = createLog({ level: flags.logLevel, format: "logfmt" });
    await using cluster = new Cluster({
      place,
      templateDir: templateDir(dataDir),
      mysqld: flags.mysqld,
      state,
      log,
    });
    await using server = applyServer({
      cluster,
      port: supervisorPort(place),
      file: resolve(file),
      log,
      signal,
    });
    await server.exclusive(() => cluster.reconcile(spec, { progress, signal }));
    print(printSummary(spec, cluster.state, place, taskRunner()));
    print(`cluster ready in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    await stopped(signal);
    print("stopping; the data stays");
  } finally {
    await release(dataDir);
  }
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}

async function main(): Promise<number> {
  let signal: AbortSignal | undefined;
  try {
    const { values, positional, help } = parseFlags(FLAGS, Deno.args, { positional: "collect" });
    if (help) {
      writeAll(Deno.stdout, printHelp(USAGE));
      return EXIT.ok;
    }
    if (positional.length > 1) {
      throw vtError("VT22001", `want one FILE, got ${positional.join(" ")}`);
    }
    const dataDir = resolve(values.dataDir || (Deno.env.get("VTDATAROOT") ?? "vtdataroot"));
    signal = stopSignal(() => void endAtOnce(dataDir));
    await serve(values, positional[0] ?? DEFAULT_FILE, dataDir, signal);
    return EXIT.ok;
  } catch (error) {
    if (signal?.aborted === true) return EXIT.interrupted;
    const known = error instanceof VtError;
    const said = error instanceof Error ? (known ? error.message : error.stack) : String(error);
    writeAll(Deno.stderr, `cluster: ${said}\n`);
    return known && error.status === "invalid_argument" ? EXIT.usage : EXIT.failure;
  }
}

Deno.exit(await main());
