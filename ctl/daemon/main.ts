/** vtctld: serves commands over HTTP; one of them leads the background jobs. */
import { httpPort, PROGRAM_FLAGS, TOPO_FLAGS } from "../../shared/flags/common.ts";
import { text } from "../../shared/flags/flag.ts";
import type { FlagValues } from "../../shared/flags/parse.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { createHttpApp, serveHttp } from "../../shared/host/http.ts";
import { Metrics } from "../../shared/host/metrics.ts";
import { runProgram } from "../../shared/host/process.ts";
import { TaskGroup } from "../../shared/host/task_group.ts";
import type { Log } from "../../shared/io/log.ts";
import { openTopology } from "../../topo/open.ts";
import { httpSupervisor } from "../command/supervisor.ts";
import { HTTP_TABLET_CLIENT } from "../command/tablet_client.ts";
import { addCommandRoutes } from "./command_api.ts";
import { CommandRunner } from "./command_runner.ts";
import { buildMissingGraphs } from "./graph_keeper.ts";
import { lead } from "./leader.ts";
import { keepSwitches } from "./switch_keeper.ts";
import { addTopologyRoutes } from "./topology_api.ts";
import { addVStreamRoute } from "./vstream_api.ts";

const FLAGS = {
  ...httpPort(15000),
  "supervisor-address": text({
    help: "supervisor of a local cluster, for vtctl apply",
    fallback: "",
    placeholder: "URL",
  }),
  ...PROGRAM_FLAGS,
  ...TOPO_FLAGS,
} as const;

/** A reparent that has begun ends within this time or is left for the next run to complete. */
const DRAIN_MS = 60_000;

interface Vtctld {
  readonly flags: FlagValues<typeof FLAGS>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Serves until the signal; `onListen` gets the port. */
export async function runVtctld(
  { flags, log, signal }: Vtctld,
  onListen: (port: number) => void = () => {},
): Promise<void> {
  await using topo = await openTopology({ flags, log });
  const metrics = new Metrics();
  let leads = false;
  metrics.gaugeOf("vtctld_leads", "1 while it leads the background jobs", () => leads ? 1 : 0);
  const context = {
    topo,
    tablets: HTTP_TABLET_CLIENT,
    supervisor: flags.supervisorAddress === ""
      ? undefined
      : httpSupervisor(flags.supervisorAddress),
    clock: HOST_CLOCK,
    log,
  };
  const runner = new CommandRunner(context, { metrics, stop: signal });
  const app = createHttpApp({
    program: "vtctld",
    metrics,
    log,
    status: () => ({
      Program: {
        cell: flags.cell,
        topology: flags.topoAddress.join(","),
        root: flags.topoGlobalRoot,
        "leads background jobs": leads,
      },
    }),
    notReady: () => "",
  });
  addCommandRoutes(app, { runner, log });
  addTopologyRoutes(app, topo);
  addVStreamRoute(app, { runner, log });
  await using server = serveHttp(app, { hostname: flags.hostname, port: flags.httpPort });
  await using tasks = new TaskGroup({ log, signal });
  tasks.start("leader", (until) =>
    lead({
      topo,
      id: `${flags.hostname}:${server.port}`,
      log,
      onChange: (now) => leads = now,
      round: async (call) => {
        for (const what of await buildMissingGraphs(topo, call)) log.info("built", { what });
      },
    }, until));
  tasks.start("switches", (until) => keepSwitches(context, until));
  log.info("serving", { http: `${flags.hostname}:${server.port}` });
  onListen(server.port);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await runner.drain(DRAIN_MS);
}

if (import.meta.main) {
  await runProgram({
    program: "vtctld",
    summary: "serves commands that create keyspaces, change schemas and move primaries",
    flags: FLAGS,
  }, (context) => runVtctld(context));
}
