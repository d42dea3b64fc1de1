/** Finds what a command names, or says what there is instead. */
import { VtError, vtError } from "../../shared/error/errors.ts";
import { sameShard } from "../../shared/key/range.ts";
import type { KeyspaceRecord, ShardRecord, TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias, type TabletAlias } from "../../shared/model/tablet.ts";
import { getCell, listCells } from "../../topo/cells.ts";
import { getKeyspace, listKeyspaces } from "../../topo/keyspaces.ts";
import { getShards } from "../../topo/shards.ts";
import { getTablet, listAllTablets, listTabletsOfShard } from "../../topo/tablets.ts";
import type { CellInfo } from "../../shared/model/records.ts";
import type { CommandContext } from "./context.ts";
import type { KeyspaceShard } from "./positional.ts";

export interface FoundShard extends KeyspaceShard {
  readonly record: ShardRecord;
}

export function isAbsent(error: unknown): boolean {
  return error instanceof VtError && error.id === "VT21001";
}

function names(list: readonly string[]): string {
  return list.length === 0 ? "none" : list.join(", ");
}

/** VT22003 when there is none. */
export async function findKeyspace(context: CommandContext, name: string): Promise<KeyspaceRecord> {
  try {
    return await getKeyspace(context.topo, name, context);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    const known = names(await listKeyspaces(context.topo, context));
    throw vtError("VT22003", `keyspace ${name} doesn't exist; there are: ${known}`);
  }
}

/** VT22003 when there is none. */
export async function findCell(context: CommandContext, name: string): Promise<CellInfo> {
  try {
    return await getCell(context.topo, name, context);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    const known = names(await listCells(context.topo, context));
    throw vtError("VT22003", `cell ${name} doesn't exist; there are: ${known}`);
  }
}

/** The cells that were named, checked; all when none were. */
export async function findCells(
  context: CommandContext,
  named: readonly string[],
): Promise<readonly string[]> {
  if (named.length === 0) return await listCells(context.topo, context);
  for (const cell of named) await findCell(context, cell);
  return named;
}

/** By its name or another spelling of it: "0" is "-". VT22003 when there is none. */
export async function findShard(
  context: CommandContext,
  { keyspace, shard }: KeyspaceShard,
): Promise<FoundShard> {
  await findKeyspace(context, keyspace);
  const shards = await getShards(context.topo, keyspace, context);
  for (const [name, record] of shards) {
    if (name === shard || isSame(name, shard)) return { keyspace, shard: name, record };
  }
  throw vtError(
    "VT22003",
    `shard ${keyspace}/${shard} doesn't exist; keyspace ${keyspace} has: ${
      names([...shards.keys()])
    }`,
  );
}

function isSame(name: string, shard: string): boolean {
  try {
    return sameShard(name, shard);
  } catch {
    // A word as a name is the same as itself only.
    return false;
  }
}

/** VT22003 when there is none. */
export async function findTablet(
  context: CommandContext,
  alias: TabletAlias,
): Promise<TabletRecord> {
  await findCell(context, alias.cell);
  try {
    return await getTablet(context.topo, alias, context);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    const all = await listAllTablets(context.topo, context);
    const known = names(all.map((tablet) => printTabletAlias(tablet.alias)).slice(0, 50));
    throw vtError(
      "VT22003",
      `tablet ${printTabletAlias(alias)} doesn't exist; there are: ${known}`,
    );
  }
}

export function tabletsOf(
  context: CommandContext,
  shard: KeyspaceShard,
): Promise<readonly TabletRecord[]> {
  return listTabletsOfShard(context.topo, shard.keyspace, shard.shard, context);
}

/** The primary that the shard's record names. VT22002, with the way out, when it has none. */
export async function findPrimary(
  context: CommandContext,
  { keyspace, shard, record }: FoundShard,
): Promise<TabletRecord> {
  if (record.primaryAlias === undefined) {
    throw vtError(
      "VT22002",
      `shard ${keyspace}/${shard} has no primary; PlannedReparentShard ${keyspace}/${shard} --new-primary <alias> makes one`,
    );
  }
  return await findTablet(context, record.primaryAlias);
}
