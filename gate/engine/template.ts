/** Puts a statement together from the pieces of its plan. */
import type { PlanValue, QueryPiece, QueryTemplate } from "../plan/plan.ts";
import type { Bindings } from "./bindings.ts";

/** The largest count that LIMIT takes. */
const LIMIT_MAX = 2n ** 64n - 1n;

/**
 * A byte string. `shardList` is the list of the shard that the statement goes to; with `binary`
 * the client's parameters stay parameters.
 */
export function renderPieces(
  pieces: readonly QueryPiece[],
  bindings: Bindings,
  shardList: string | undefined,
  binary = false,
): string {
  let sql = "";
  for (const piece of pieces) {
    const kept = binary && typeof piece !== "string" && "slot" in piece;
    sql += kept ? bindings.slotSource(piece.slot) : renderPiece(piece, bindings, shardList);
  }
  return sql;
}

/** The statement as one shard can prepare it: parameters stay, lists are whole. */
export function renderForPrepare(query: QueryTemplate, bindings: Bindings): string {
  return query.pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    if ("slot" in piece) return bindings.slotSource(piece.slot);
    if ("shardList" in piece) return bindings.slotSource(piece.shardList);
    if ("shardItems" in piece) return "NULL";
    return "session" in piece ? bindings.sessionText(piece.session) : "1";
  }).join("");
}

export function renderPiece(
  piece: QueryPiece,
  bindings: Bindings,
  shardList: string | undefined,
): string {
  if (typeof piece === "string") return piece;
  if ("slot" in piece) return bindings.slotText(piece.slot);
  if ("shardList" in piece) return shardList ?? bindings.slotText(piece.shardList);
  if ("shardItems" in piece) {
    return shardList ?? piece.shardItems.map((item) => bindings.text(item)).join(", ");
  }
  if ("session" in piece) return bindings.sessionText(piece.session);
  return String(upperLimit(bindings, piece.upperLimit.count, piece.upperLimit.offset));
}

function upperLimit(bindings: Bindings, count: PlanValue, offset: PlanValue): bigint {
  const sum = BigInt(bindings.value(count).text) + BigInt(bindings.value(offset).text);
  return sum < LIMIT_MAX ? sum : LIMIT_MAX;
}

/** The bytes of a byte string. */
export function bytesOf(sql: string): Uint8Array {
  const bytes = new Uint8Array(sql.length);
  for (let i = 0; i < sql.length; i++) bytes[i] = sql.charCodeAt(i);
  return bytes;
}
