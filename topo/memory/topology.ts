import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import type { Log } from "../../shared/io/log.ts";
import { Topology } from "../topology.ts";
import { MemoryStore } from "./store.ts";
import type { MemoryTree } from "./tree.ts";

/** A topology in this process; those of one tree see the same keys. */
export function openMemoryTopology(
  tree: MemoryTree,
  options: { readonly globalRoot?: string; readonly log?: Log } = {},
): Topology {
  return new Topology({
    global: new MemoryStore(tree, options.globalRoot ?? "/vitess/example/global"),
    openCell: (cell) => new MemoryStore(tree, cell.root),
    clock: HOST_CLOCK,
    log: options.log ?? SILENT_LOG,
    holder: { hostName: "localhost", userName: "vitess", process: "" },
  });
}
