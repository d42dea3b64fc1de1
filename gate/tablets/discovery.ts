/** Keeps a directory in step with the tablet records of the topology. */
import type { Log } from "../../shared/io/log.ts";
import type { Call } from "../../topo/store.ts";
import type { Topology } from "../../topo/topology.ts";
import { watchTablets } from "../../topo/watches.ts";
import type { TabletDirectory } from "./directory.ts";

/** Follows the cells until the signal aborts. While etcd is away the last records stay. */
export async function discoverTablets(
  topo: Topology,
  cells: readonly string[],
  directory: TabletDirectory,
  log: Log,
  call: Call,
): Promise<void> {
  await Promise.all(cells.map((cell) => followCell(topo, cell, directory, log, call)));
}

async function followCell(
  topo: Topology,
  cell: string,
  directory: TabletDirectory,
  log: Log,
  call: Call,
): Promise<void> {
  for await (const records of watchTablets(topo, cell, call)) {
    log.debug("tablet records", { cell, count: records.size });
    directory.update(cell, records);
  }
}
