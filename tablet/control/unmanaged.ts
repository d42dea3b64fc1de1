/**
 * How a tablet stands to a mysqld that somebody else runs: its role, read_only, replication and
 * semi-sync are looked at, never changed. A tablet whose server isn't what the topology says does
 * not serve, and says why.
 */
import { vtError } from "../../shared/error/errors.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import type { CallOptions } from "../mysqld/dba.ts";
import { isReadOnly, readReplicaStatus, type Server } from "../mysqld/replication.ts";
import { ensureSidecar } from "../mysqld/sidecar.ts";
import type { Desired } from "../serve/desired.ts";
import type { Convergence } from "./convergence.ts";
import type { Tablet } from "./tablet.ts";

/** Makes `_vt`, and checks the rest. VT22002 when the server is not what it should be. */
export async function convergeUnmanaged(
  { server, databases }: Convergence,
  { role }: Desired,
  options: CallOptions,
): Promise<void> {
  if (role.is === "primary") await requireWritable(server, options);
  await ensureSidecar(server, databases, options);
}

export async function requireWritable(server: Server, options: CallOptions): Promise<void> {
  if (!await isReadOnly(server, options)) return;
  throw vtError(
    "VT22002",
    "this unmanaged mysqld is read-only, so it can't be a primary: make it writable there, or " +
      "tell the topology which one is, with TabletExternallyReparented",
  );
}

/** VT20036 when the server's role isn't ours to change. */
export function refuseUnmanaged({ options }: Tablet, what: string): void {
  if (options.convergence.managed) return;
  throw vtError("VT20036", what, printTabletAlias(options.view.alias));
}

/** The same unless it replicates from there already. */
export async function refuseOtherSource(
  tablet: Tablet,
  source: { readonly host: string; readonly port: number },
  options: CallOptions,
): Promise<void> {
  const { managed, server } = tablet.options.convergence;
  if (managed) return;
  const status = await readReplicaStatus(server, options);
  const same = status?.sourceHost === source.host && status.sourcePort === source.port;
  if (!same) refuseUnmanaged(tablet, "SetReplicationSource");
}
