/** May this request be answered now? Asked before each statement (tablet/query). */
import { vtError } from "../../shared/error/errors.ts";
import { sameShard } from "../../shared/key/range.ts";
import { printTarget, type Target } from "../../shared/model/tablet.ts";
import { typeOf } from "./desired.ts";
import { isServing, type State, stateName } from "./state.ts";

/** Where a tablet belongs; fixed for its life. */
export interface Place {
  readonly keyspace: string;
  readonly shard: string;
}

export type Access = "read_write" | "read_only";

/**
 * What a statement for `target` may do. Throws VT20001 (not serving), VT20002 (other type), VT20003
 * (other keyspace or shard) or VT20004 (denied table); the gate refreshes and retries on each.
 */
export function admit(
  state: State,
  place: Place,
  target: Target,
  tables: readonly string[],
): Access {
  if (target.keyspace !== place.keyspace || !isSameShard(target.shard, place.shard)) {
    throw vtError("VT20003", printTarget(target), `${place.keyspace}:${place.shard}`);
  }
  if (!isServing(state)) throw vtError("VT20001", stateName(state));
  const type = typeOf(state.desired.role);
  if (target.tabletType !== type) throw vtError("VT20002", target.tabletType, type);
  checkTables(state, tables);
  return type === "primary" ? "read_write" : "read_only";
}

/**
 * Throws VT20004 for a denied table. A transaction that was open before asks this alone: it ends
 * where it began, but must not write to what has moved.
 */
export function checkTables({ desired }: State, tables: readonly string[]): void {
  const { deniedTables } = desired;
  if (deniedTables.length === 0) return;
  const denied = tables.find((table) => deniedTables.includes(table));
  if (denied !== undefined) throw vtError("VT20004", denied);
}

function isSameShard(a: string, b: string): boolean {
  return a === b || sameShard(a, b);
}
