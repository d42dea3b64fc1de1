/** USE, COM_INIT_DB and the database of the handshake. */
import { vtError } from "../../shared/error/errors.ts";
import { sameShard } from "../../shared/key/range.ts";
import { parseTarget, type SessionTarget } from "../session/target.ts";
import type { Catalog } from "./catalog.ts";
import type { LocalRun } from "./local_run.ts";

/** Databases of every mysqld, which are no keyspaces but can be selected. */
export const SYSTEM_DATABASES: readonly string[] = [
  "information_schema",
  "mysql",
  "sys",
  "performance_schema",
];

export function runUse(target: string, run: LocalRun): void {
  const { session, gate } = run.parts;
  session.apply({ on: "target", target: resolveTarget(target, gate.catalog()) });
  run.ok();
}

/**
 * A target whose keyspace and shard exist; the shard is named as the topology names it. VT05003,
 * VT24001.
 */
export function resolveTarget(text: string, catalog: Catalog): SessionTarget {
  const target = parseTarget(text);
  if (target.keyspace === "") {
    if (target.destination !== undefined) throw vtError("VT09005");
    return target;
  }
  if (SYSTEM_DATABASES.includes(target.keyspace.toLowerCase())) return target;
  if (!catalog.keyspaces.includes(target.keyspace)) throw vtError("VT05003", target.keyspace);
  const { destination } = target;
  if (destination?.kind !== "shard") return target;
  const shards = shardsOf(target, catalog);
  const shard = shards.find((name) => isSameShard(name, destination.shard));
  if (shard === undefined) {
    throw vtError(
      "VT24001",
      `keyspace ${target.keyspace} has no shard "${destination.shard}" (it has ${
        shards.join(", ")
      })`,
    );
  }
  return { ...target, destination: { kind: "shard", shard } };
}

/** Those that serve, and those that don't yet or any more: whoever names one wants to look at it. */
function shardsOf({ keyspace, tabletType }: SessionTarget, catalog: Catalog): readonly string[] {
  const others = catalog.tablets.map(({ health }) => health.target)
    .filter((target) => target.keyspace === keyspace).map(({ shard }) => shard).sort();
  return [...new Set([...catalog.shards(keyspace, tabletType).map(({ name }) => name), ...others])];
}

/** "0" and "-" are one shard. A name that is no key range is like no other. */
function isSameShard(name: string, given: string): boolean {
  try {
    return sameShard(name, given);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return false;
    throw error;
  }
}
