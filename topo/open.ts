/** Opens the topology as the flags of a program say. */
import type { TOPO_FLAGS } from "../shared/flags/common.ts";
import type { FlagValues } from "../shared/flags/parse.ts";
import { HOST_CLOCK } from "../shared/host/clock.ts";
import { isProcessGone, ownProcess } from "../shared/host/process_identity.ts";
import type { Metrics } from "../shared/host/metrics.ts";
import type { Log } from "../shared/io/log.ts";
import type { CellInfo } from "../shared/model/records.ts";
import { Gateway, type GatewayOptions } from "./etcd/gateway.ts";
import { EtcdStore } from "./etcd/store.ts";
import { Topology } from "./topology.ts";

export interface OpenOptions {
  readonly flags: FlagValues<typeof TOPO_FLAGS>;
  readonly log: Log;
  /** Gets counts and times of the calls to etcd. */
  readonly metrics?: Metrics;
}

/**
 * Reads the files that the flags name; etcd itself is reached by the first call, so a program
 * starts while etcd is away. Deno.errors.NotFound when a file is missing.
 */
export async function openTopology({ flags, log, metrics }: OpenOptions): Promise<Topology> {
  const read = (file: string) => file === "" ? undefined : Deno.readTextFile(file);
  const password = await read(flags.topoPasswordFile);
  const shared: Omit<GatewayOptions, "addresses"> = {
    log,
    ...(metrics === undefined ? {} : { observe: observer(metrics) }),
    tls: {
      ca: await read(flags.topoCa),
      cert: await read(flags.topoCert),
      key: await read(flags.topoKey),
    },
    credentials: flags.topoUser === "" ? undefined : {
      user: flags.topoUser,
      password: (password ?? "").replace(/\r?\n$/, ""),
    },
  };
  const scheme = flags.topoAddress.some((address) => address.startsWith("https:"))
    ? "https"
    : "http";
  const addresses = flags.topoAddress.map((address) => addressUrl(address, scheme));
  const gateway = new Gateway({ ...shared, addresses });
  return new Topology({
    global: new EtcdStore(gateway, { root: flags.topoGlobalRoot, ownsGateway: true }),
    openCell: (cell) => {
      const own = cellAddresses(cell, scheme);
      if (own.length === 0 || own.join() === addresses.join()) {
        return new EtcdStore(gateway, { root: cell.root });
      }
      const cellGateway = new Gateway({ ...shared, addresses: own });
      return new EtcdStore(cellGateway, { root: cell.root, ownsGateway: true });
    },
    clock: HOST_CLOCK,
    log,
    holder: { hostName: Deno.hostname(), userName: userName(), process: await ownProcess() },
    isProcessGone,
  });
}

/** A cell without addresses lives in the global etcd. */
function cellAddresses(cell: CellInfo, scheme: string): readonly string[] {
  return cell.serverAddress.split(",").filter((address) => address !== "")
    .map((address) => addressUrl(address, scheme));
}

/** Vitess writes addresses of cells without a scheme: "localhost:2379". */
function addressUrl(address: string, scheme: string): string {
  const url = address.includes("://") ? address : `${scheme}://${address}`;
  return url.replace(/\/+$/, "");
}

function observer(metrics: Metrics): NonNullable<GatewayOptions["observe"]> {
  const times = metrics.histogram("topology_operation_seconds", "Calls to etcd by operation.");
  const errors = metrics.counter("topology_errors_total", "Failed calls to etcd by operation.");
  return (operation, ms, failed) => {
    times.observe(ms / 1000, { operation });
    if (failed) errors.add(1, { operation });
  };
}

function userName(): string {
  return Deno.env.get("USER") ?? Deno.env.get("LOGNAME") ?? `uid ${Deno.uid() ?? "unknown"}`;
}
