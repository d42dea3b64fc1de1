/** Gives each process of a cluster its ports, and keeps them for the next run. */
import { vtError } from "../../shared/error/errors.ts";
import type { ClusterSpec } from "./cluster_spec.ts";
import { firstFree, holderOf, isFree } from "./free_ports.ts";
import {
  type ClusterState,
  gatePorts,
  gatesOf,
  INTERNAL_PORTS,
  type Place,
  PUBLIC_PORTS,
  type TabletPorts,
  tabletsOf,
} from "./layout.ts";

/** VT22002, naming the holder, when a port that people use is taken. */
export async function checkPublicPorts(place: Place, spec: ClusterSpec): Promise<void> {
  const wanted: (readonly [string, number])[] = [
    ["vtctld", PUBLIC_PORTS.ctld + place.portOffset],
    ["the supervisor", INTERNAL_PORTS.supervisor + place.portOffset],
  ];
  gatesOf(spec).forEach((gate, i) => {
    const ports = gatePorts(place, i);
    wanted.push([`${gate.name} (MySQL)`, ports.mysql], [`${gate.name} (HTTP)`, ports.http]);
  });
  for (const [what, port] of wanted) {
    if (isFree(port)) continue;
    throw vtError(
      "VT22002",
      `port ${port} for ${what} is taken by ${await holderOf(port)}: ` +
        "stop that, or shift all ports with --port-offset N",
    );
  }
}

/** The state with ports for etcd and every tablet of `spec`. `running`: aliases whose ports are in use by ourselves. */
export function assignPorts(
  state: ClusterState,
  place: Place,
  spec: ClusterSpec,
  running: ReadonlySet<string>,
): ClusterState {
  const taken = new Set(Object.values(state.tablets).flatMap((p) => [p.rpc, p.http, p.mysql]));
  const next = (base: number): number => {
    const port = firstFree(base + place.portOffset, taken);
    taken.add(port);
    return port;
  };
  let { etcd } = state;
  if (etcd === undefined || (!running.has("etcd") && !(isFree(etcd.client) && isFree(etcd.peer)))) {
    etcd = { client: next(INTERNAL_PORTS.etcdClient), peer: next(INTERNAL_PORTS.etcdPeer) };
  }
  const tablets: Record<string, TabletPorts> = { ...state.tablets };
  for (const { name } of tabletsOf(spec)) {
    const known = tablets[name];
    // mysqld may run on, waiting to be adopted; so its port stays whatever holds it.
    if (known !== undefined && (running.has(name) || (isFree(known.rpc) && isFree(known.http)))) {
      continue;
    }
    tablets[name] = {
      rpc: next(INTERNAL_PORTS.tabletRpc),
      http: next(INTERNAL_PORTS.tabletHttp),
      mysql: known?.mysql ?? next(INTERNAL_PORTS.tabletMysql),
    };
  }
  return { ...state, etcd, tablets };
}
