/**
 * What `USE`, COM_INIT_DB and the handshake's database select: a keyspace, and perhaps a tablet
 * type, a shard, a key range, a keyspace id or one tablet.
 *
 *     customer                    customer@replica           @replica
 *     customer:-80@rdonly         customer/-80               customer:-80@replica|zone1-101
 *     customer[-80]               customer[8b]@replica
 *
 * Syntax and texts: go/vt/topo/topoproto/destination.go.
 */
import { vtError } from "../../shared/error/errors.ts";
import { type KeyRange, parseShardName, printKeyRange } from "../../shared/key/range.ts";
import {
  parseTabletAlias,
  parseTabletType,
  printTabletAlias,
  SERVING_TYPES,
  type TabletAlias,
  type TabletType,
} from "../../shared/model/tablet.ts";

export type Destination =
  | { readonly kind: "shard"; readonly shard: string }
  | { readonly kind: "key_range"; readonly range: KeyRange }
  | { readonly kind: "keyspace_id"; readonly id: Uint8Array };

export interface SessionTarget {
  /** "" when none is selected. */
  readonly keyspace: string;
  /** Undefined: the planner chooses the shards. */
  readonly destination: Destination | undefined;
  readonly tabletType: TabletType;
  /** One tablet of the destination's shard and no other. */
  readonly alias: TabletAlias | undefined;
}

export const NO_TARGET: SessionTarget = {
  keyspace: "",
  destination: undefined,
  tabletType: "primary",
  alias: undefined,
};

/** Reads a target. Throws VT24001. An unknown keyspace or shard is the catalog's to refuse. */
export function parseTarget(text: string): SessionTarget {
  const [path, tabletType, alias] = splitType(text);
  const [rest, shard] = splitShard(path);
  const [keyspace, inBrackets] = splitBrackets(rest);
  const destination = inBrackets ?? shard;
  if (alias !== undefined && destination?.kind !== "shard") {
    throw vtError("VT24001", "tablet alias must be used with a shard");
  }
  return { keyspace, destination, tabletType, alias };
}

function splitType(text: string): [string, TabletType, TabletAlias | undefined] {
  const at = text.lastIndexOf("@");
  if (at < 0) return [text, "primary", undefined];
  const suffix = text.slice(at + 1);
  const bar = suffix.indexOf("|");
  const typeText = bar < 0 ? suffix : suffix.slice(0, bar);
  if (typeText === "") throw vtError("VT24001", "empty tablet type after @");
  const alias = bar < 0 ? undefined : readAlias(suffix.slice(bar + 1));
  return [text.slice(0, at), readType(typeText), alias];
}

function readType(text: string): TabletType {
  try {
    const type = parseTabletType(text);
    if (SERVING_TYPES.has(type)) return type;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw vtError("VT24001", `invalid tablet type in target: ${text}`);
}

function readAlias(text: string): TabletAlias {
  try {
    return parseTabletAlias(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw vtError("VT24001", `invalid tablet alias in target: ${text}`);
  }
}

function splitShard(text: string): [string, Destination | undefined] {
  const cut = Math.max(text.lastIndexOf("/"), text.lastIndexOf(":"));
  if (cut < 0) return [text, undefined];
  return [text.slice(0, cut), { kind: "shard", shard: text.slice(cut + 1) }];
}

function splitBrackets(text: string): [string, Destination | undefined] {
  const open = text.lastIndexOf("[");
  if (open < 0) return [text, undefined];
  const close = text.lastIndexOf("]");
  if (close < open) {
    throw vtError("VT24001", "invalid key range provided. Couldn't find range end ']'");
  }
  const inside = text.slice(open + 1, close);
  return [text.slice(0, open), inside.includes("-") ? readRange(inside) : readId(inside)];
}

function readRange(text: string): Destination {
  try {
    return { kind: "key_range", range: parseShardName(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw vtError("VT24001", `single keyrange expected in ${text}`);
  }
}

function readId(text: string): Destination {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) {
    throw vtError("VT24001", `expected valid hex in keyspace id ${text}`);
  }
  return { kind: "keyspace_id", id: Uint8Array.fromHex(text) };
}

/** As `SHOW VITESS_TARGET` prints it: "customer:-80@replica"; the primary type is left out. */
export function printSessionTarget(target: SessionTarget): string {
  const type = target.tabletType === "primary" && target.alias === undefined
    ? ""
    : `@${target.tabletType}`;
  const alias = target.alias === undefined ? "" : `|${printTabletAlias(target.alias)}`;
  return `${target.keyspace}${printDestination(target.destination)}${type}${alias}`;
}

function printDestination(destination: Destination | undefined): string {
  if (destination === undefined) return "";
  switch (destination.kind) {
    case "shard":
      return `:${destination.shard}`;
    case "key_range":
      return `[${printKeyRange(destination.range)}]`;
    case "keyspace_id":
      return `[${destination.id.toHex()}]`;
  }
}
