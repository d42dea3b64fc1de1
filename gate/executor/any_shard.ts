/** Where statements run that no table ties to a shard. */
import { vtError } from "../../shared/error/errors.ts";
import type { SessionTarget } from "../session/target.ts";
import type { ShardName } from "../engine/world.ts";
import type { Catalog } from "./catalog.ts";

/** The target's own shard, else one of its keyspace, else one of an unsharded keyspace. VT20005. */
export function anyShard(catalog: Catalog, target: SessionTarget): ShardName {
  const keyspace = catalog.keyspaces.includes(target.keyspace)
    ? target.keyspace
    : catalog.keyspaces.find((name) => !catalog.isSharded(name)) ?? catalog.keyspaces[0];
  if (keyspace === undefined) throw vtError("VT20005", "any keyspace: there is none yet");
  if (keyspace === target.keyspace && target.destination?.kind === "shard") {
    return { keyspace, shard: target.destination.shard };
  }
  const [first] = catalog.shards(keyspace, target.tabletType);
  if (first === undefined) throw vtError("VT20005", keyspace);
  return { keyspace, shard: first.name };
}
