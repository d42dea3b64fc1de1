/**
 * Changing a statement without printing it: ranges of its text are replaced, all the rest stays
 * to the byte. The result is a text, or the pieces of one that slots still have to fill.
 */
import type { Span } from "./ast.ts";
import type { Slot } from "./slots.ts";

/** Replaces [start, end); an empty range inserts. */
export interface Edit extends Span {
  /** New text, or a slot whose value comes later. */
  readonly by: string | Piece;
}

/** As gate/plan's QueryPiece: text, the value of a slot, or the part of a list for one shard. */
export type Piece = string | { readonly slot: number } | { readonly shardList: number };

export function insertAt(offset: number, text: string): Edit {
  return { start: offset, end: offset, by: text };
}

export function replaceBy(span: Span, text: string): Edit {
  return { start: span.start, end: span.end, by: text };
}

/**
 * The text of `range` after the edits. Edits at the same place apply in the order given. Throws
 * RangeError when they overlap or leave the range: that is a bug of the caller.
 */
export function spliceText(sql: string, edits: readonly Edit[], range?: Span): string {
  const { start, end } = range ?? { start: 0, end: sql.length };
  let text = "";
  let at = start;
  for (const edit of inOrder(edits, start, end)) {
    if (typeof edit.by !== "string") {
      throw new TypeError("A slot has no text yet: use splicePieces");
    }
    text += sql.slice(at, edit.start) + edit.by;
    at = edit.end;
  }
  return text + sql.slice(at, end);
}

/**
 * The same as pieces: slots of the range that no edit covers become references. An edit may cover
 * whole slots only.
 */
export function splicePieces(
  sql: string,
  slots: readonly Slot[],
  edits: readonly Edit[],
  range: Span,
): readonly Piece[] {
  const ordered = inOrder(edits, range.start, range.end);
  const all = inOrder([...ordered, ...slotEdits(slots, ordered, range)], range.start, range.end);
  const pieces: Piece[] = [];
  let at = range.start;
  for (const edit of all) {
    push(pieces, sql.slice(at, edit.start));
    push(pieces, edit.by);
    at = edit.end;
  }
  push(pieces, sql.slice(at, range.end));
  return pieces;
}

/** Neighbouring texts become one. */
function push(pieces: Piece[], piece: Piece): void {
  const last = pieces.length - 1;
  const before = pieces[last];
  if (piece === "") return;
  if (typeof piece === "string" && typeof before === "string") pieces[last] = before + piece;
  else pieces.push(piece);
}

function slotEdits(slots: readonly Slot[], edits: readonly Edit[], range: Span): Edit[] {
  const found: Edit[] = [];
  let next = 0;
  for (const [number, slot] of slots.entries()) {
    if (slot.end <= range.start || slot.start >= range.end) continue;
    while (isBefore(edits[next], slot)) next++;
    const edit = edits[next];
    if (edit !== undefined && edit.start <= slot.start && edit.end >= slot.end) continue;
    found.push({ start: slot.start, end: slot.end, by: { slot: number } });
  }
  return found;
}

function isBefore(edit: Edit | undefined, slot: Slot): boolean {
  return edit !== undefined && edit.end <= slot.start;
}

/** Sorted by place; stable, so that insertions at one place keep their order. */
function inOrder(edits: readonly Edit[], start: number, end: number): readonly Edit[] {
  const sorted = edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let at = start;
  for (const edit of sorted) {
    if (edit.start < at || edit.end < edit.start || edit.end > end) {
      throw new RangeError(`Cannot edit [${edit.start}, ${edit.end}): it overlaps or lies outside`);
    }
    at = edit.end;
  }
  return sorted;
}
