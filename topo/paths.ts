/**
 * One function per key, relative to its root (Vitess, go/vt/topo). Records of the first group lie
 * under the global root, those of the second under a cell's root (CellInfo.root).
 *
 *     GLOBAL/cells/zone1/CellInfo                      CELL/tablets/zone1-0000000100/Tablet
 *     GLOBAL/cells_aliases/region1/CellsAlias          CELL/keyspaces/commerce/SrvKeyspace
 *     GLOBAL/keyspaces/commerce/Keyspace               CELL/keyspaces/commerce/shards/-/ShardReplication
 *     GLOBAL/keyspaces/commerce/VSchema                CELL/SrvVSchema
 *     GLOBAL/keyspaces/commerce/shards/-/Shard
 *     GLOBAL/RoutingRules
 *     GLOBAL/workflows/customer/cust2cust/Switch, .../Ended
 *     GLOBAL/elections/NAME/locks/LEASE
 */
import { printTabletAlias, type TabletAlias } from "../shared/model/tablet.ts";

export const CELLS = "cells/";
export const CELLS_ALIASES = "cells_aliases/";
export const KEYSPACES = "keyspaces/";
export const TABLETS = "tablets/";
export const WORKFLOWS = "workflows/";
export const ROUTING_RULES = "RoutingRules";
export const SRV_VSCHEMA = "SrvVSchema";

export function cellInfoPath(cell: string): string {
  return `${CELLS}${part(cell)}/CellInfo`;
}

export function cellsAliasPath(alias: string): string {
  return `${CELLS_ALIASES}${part(alias)}/CellsAlias`;
}

/** Folder of a keyspace; also what is locked. */
export function keyspaceFolder(keyspace: string): string {
  return `${KEYSPACES}${part(keyspace)}`;
}

export function keyspacePath(keyspace: string): string {
  return `${keyspaceFolder(keyspace)}/Keyspace`;
}

export function vschemaPath(keyspace: string): string {
  return `${keyspaceFolder(keyspace)}/VSchema`;
}

export function shardsFolder(keyspace: string): string {
  return `${keyspaceFolder(keyspace)}/shards/`;
}

/** Folder of a shard; also what is locked. */
export function shardFolder(keyspace: string, shard: string): string {
  return `${shardsFolder(keyspace)}${part(shard)}`;
}

export function shardPath(keyspace: string, shard: string): string {
  return `${shardFolder(keyspace, shard)}/Shard`;
}

export function tabletPath(alias: TabletAlias): string {
  part(alias.cell);
  return `${TABLETS}${printTabletAlias(alias)}/Tablet`;
}

export function srvKeyspacePath(keyspace: string): string {
  return `${keyspaceFolder(keyspace)}/SrvKeyspace`;
}

export function shardReplicationPath(keyspace: string, shard: string): string {
  return `${shardFolder(keyspace, shard)}/ShardReplication`;
}

/** A switch of writes under way, by the workflow that rows come into the keyspace by. */
export function switchPath(keyspace: string, workflow: string): string {
  return `${WORKFLOWS}${part(keyspace)}/${part(workflow)}/Switch`;
}

/** What became of a workflow of that name before. */
export function endedPath(keyspace: string, workflow: string): string {
  return `${WORKFLOWS}${part(keyspace)}/${part(workflow)}/Ended`;
}

/** What is locked for a thing that has no folder: a workflow, the routing rules. */
export function namedLockFolder(name: string): string {
  return `internal/named_locks/${part(name)}`;
}

export function electionFolder(name: string): string {
  return `elections/${part(name)}`;
}

/** The name between `folder` and `/leaf`, or undefined for keys of another kind (locks, for one). */
export function nameIn(folder: string, path: string, leaf: string): string | undefined {
  const tail = `/${leaf}`;
  if (!path.startsWith(folder) || !path.endsWith(tail)) return undefined;
  const name = path.slice(folder.length, -tail.length);
  return name.includes("/") ? undefined : name;
}

/** A name that fits into a path. Callers check what people typed before; this is the last guard. */
function part(name: string): string {
  if (!/^[^/\s]+$/.test(name) || name === "." || name === "..") {
    throw new RangeError(`Cannot use "${name}" in a path: want a name without slash or space`);
  }
  return name;
}
