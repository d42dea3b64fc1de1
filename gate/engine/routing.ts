/** From a plan's routing and the statement's values to the shards that it goes to. */
import { vtError } from "../../shared/error/errors.ts";
import { contains, overlaps } from "../../shared/key/range.ts";
import { comparisonInput } from "../../shared/vindex/comparison.ts";
import type { Vindex } from "../../shared/vindex/vindex.ts";
import type { Value } from "../../shared/value/value.ts";
import type { Routing } from "../plan/plan.ts";
import type { Destination } from "../session/target.ts";
import type { Bindings } from "./bindings.ts";
import type { ShardRange } from "./shards.ts";

/** What the catalog knows about keyspaces, for the session's tablet type. */
export interface Placement {
  /** In order of their key ranges. VT05003 for an unknown keyspace. */
  shards(keyspace: string): readonly ShardRange[];
  /** TypeError when the plan names one that the VSchema hasn't. */
  vindex(keyspace: string, name: string): Vindex;
  readonly keyspaces: readonly string[];
  /** Where `use ks:-80` points; undefined: nowhere in particular. */
  readonly destination: Destination | undefined;
}

export interface ResolvedShard {
  readonly shard: string;
  /** The items of the statement's list that belong to this shard, as SQL text. */
  readonly list: string | undefined;
}

/** At least one shard. */
export function resolveRouting(
  routing: Routing,
  bindings: Bindings,
  placement: Placement,
): readonly ResolvedShard[] {
  const shards = placement.shards(routing.keyspace);
  switch (routing.opcode) {
    case "Unsharded":
    case "DBA":
      checkSchemas(routing, bindings, placement);
      return [anyOf(routing.keyspace, shards)];
    case "Reference":
    case "None":
      return [anyOf(routing.keyspace, shards)];
    case "Scatter":
      return shards.length === 0
        ? [anyOf(routing.keyspace, shards)]
        : shards.map(({ name }) => ({ shard: name, list: undefined }));
    case "ByDestination":
      return resolveDestination(routing.keyspace, shards, placement.destination);
    case "EqualUnique":
    case "Equal":
      return [equalShard(routing, bindings, placement, shards)];
    case "IN":
    case "MultiEqual":
      return listShards(routing, bindings, placement, shards);
  }
}

/** Schemas named by parameters: those of another keyspace are on a shard that isn't asked. */
function checkSchemas(routing: Routing, bindings: Bindings, placement: Placement): void {
  for (const from of routing.values) {
    const { text } = bindings.value(from);
    if (text === routing.keyspace || !placement.keyspaces.includes(text)) continue;
    throw vtError("VT12001", `schema ${text} as a parameter while ${routing.keyspace} is selected`);
  }
}

function anyOf(keyspace: string, shards: readonly ShardRange[]): ResolvedShard {
  const [first] = shards;
  if (first === undefined) throw vtError("VT20005", `${keyspace}: the keyspace has no shards`);
  return { shard: first.name, list: undefined };
}

function equalShard(
  routing: Routing,
  bindings: Bindings,
  placement: Placement,
  shards: readonly ShardRange[],
): ResolvedShard {
  const vindex = vindexOf(routing, placement);
  const inputs: Value[] = [];
  for (const from of routing.values) {
    const input = inputOf(routing, bindings.value(from));
    if (input === undefined) return anyOf(routing.keyspace, shards);
    inputs.push(input);
  }
  const id = vindex.map(inputs);
  if (id === undefined) return anyOf(routing.keyspace, shards);
  return { shard: shardOfId(routing.keyspace, shards, id), list: undefined };
}

function vindexOf(routing: Routing, placement: Placement): Vindex {
  if (routing.vindex === undefined) throw new TypeError(`${routing.opcode} without a vindex`);
  return placement.vindex(routing.keyspace, routing.vindex);
}

/** Undefined: no row has this value. */
function inputOf(routing: Routing, value: Value): Value | undefined {
  const input = comparisonInput(routing.comparison ?? "unknown", value);
  if (input === "none") return undefined;
  if (input !== "unroutable") return input;
  throw vtError(
    "VT12001",
    `comparing a column of vindex ${routing.vindex ?? ""} with a value of another type: ` +
      "write it in the column's type",
  );
}

function listShards(
  routing: Routing,
  bindings: Bindings,
  placement: Placement,
  shards: readonly ShardRange[],
): readonly ResolvedShard[] {
  const vindex = vindexOf(routing, placement);
  const lists = new Map<string, string[]>();
  for (const item of routing.values.flatMap((from) => bindings.items(from))) {
    const input = inputOf(routing, item.value);
    const id = input === undefined ? undefined : vindex.map([input]);
    if (id === undefined) continue;
    const shard = shardOfId(routing.keyspace, shards, id);
    const list = lists.get(shard);
    if (list === undefined) lists.set(shard, [item.sql]);
    else list.push(item.sql);
  }
  if (lists.size === 0) return [anyOf(routing.keyspace, shards)];
  return [...lists].map(([shard, items]) => ({ shard, list: items.join(", ") }));
}

/** The shard of a keyspace id. A binary search isn't worth it: keyspaces have few shards. */
export function shardOfId(
  keyspace: string,
  shards: readonly ShardRange[],
  id: Uint8Array,
): string {
  for (const shard of shards) {
    if (contains(shard.range, id)) return shard.name;
  }
  throw vtError("VT20005", `${keyspace}: no shard serves keyspace id ${id.toHex()}`);
}

function resolveDestination(
  keyspace: string,
  shards: readonly ShardRange[],
  destination: Destination | undefined,
): readonly ResolvedShard[] {
  if (destination === undefined) throw new TypeError("ByDestination without a destination");
  switch (destination.kind) {
    case "shard":
      // Also one that doesn't serve: the operator named it.
      return [{ shard: destination.shard, list: undefined }];
    case "keyspace_id":
      return [{ shard: shardOfId(keyspace, shards, destination.id), list: undefined }];
    case "key_range":
      return shards
        .filter(({ range }) => overlaps(range, destination.range))
        .map(({ name }) => ({ shard: name, list: undefined }));
  }
}
