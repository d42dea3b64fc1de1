/** Filter rules: which rows of a source shard a target shard takes. */
import { RESERVED } from "../../shared/sql/keywords.ts";
import { quoteName } from "../../shared/sql/print.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import type { KeyspaceDocument } from "../../shared/vschema/document.ts";
import { FULL_RANGE, printKeyRange } from "../../shared/key/range.ts";
import { rangeOf } from "./serving.ts";

/** A keyspace and its VSchema. */
export interface ShardedBy {
  readonly keyspace: string;
  readonly document: KeyspaceDocument;
}

/** How rows of a table find their shard. */
export type Placement =
  | { readonly is: "everywhere" }
  | { readonly is: "by_vindex"; readonly columns: readonly string[]; readonly vindex: string }
  /** The VSchema doesn't say. */
  | { readonly is: "unknown" };

/** In the keyspace whose VSchema it is; unsharded ones have everything in their one shard. */
export function placementOf({ keyspace, document }: ShardedBy, table: string): Placement {
  if (!document.sharded) return { is: "everywhere" };
  const entry = document.tables.get(table);
  if (entry?.type === "reference") return { is: "everywhere" };
  const [primary] = entry?.columnVindexes ?? [];
  if (primary === undefined) return { is: "unknown" };
  const vindex = document.vindexes.get(primary.name);
  if (vindex === undefined) return { is: "unknown" };
  // A type alone says it all, unless the vindex has parameters that stand in the VSchema.
  const bare = Object.keys(vindex.params).length === 0;
  const name = bare ? vindex.type : `${keyspace}.${primary.name}`;
  return { is: "by_vindex", columns: primary.columns, vindex: name };
}

/** The rule that takes the table's rows of one shard of `target`. */
export function ruleFor(table: string, target: ShardedBy, shard: string): FilterRule {
  const placement = placementOf(target, table);
  const select = `select * from ${quoteTable(table)}`;
  const isWhole = printKeyRange(rangeOf(shard)) === printKeyRange(FULL_RANGE);
  if (placement.is !== "by_vindex" || isWhole) return { match: table, filter: select };
  const columns = placement.columns.map(quoteTable).join(", ");
  return {
    match: table,
    filter: `${select} where in_keyrange(${columns}, '${placement.vindex}', '${
      printKeyRange(rangeOf(shard))
    }')`,
  };
}

/** Bare where SQL allows it, as the seeds print it: "select * from customer". */
export function quoteTable(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_$]*$/.test(name) && !RESERVED.has(name.toLowerCase())
    ? name
    : quoteName(name);
}
