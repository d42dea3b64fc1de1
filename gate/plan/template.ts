/** Makes the statement for the shards out of the client's text: ranges of it are replaced. */
import type { Span } from "../../shared/sql/ast.ts";
import type { StatementText } from "./context.ts";
import type { QueryPiece, QueryTemplate } from "./plan.ts";

/** Replaces [start, end) by pieces; an empty range inserts. */
export interface Edit extends Span {
  readonly by: readonly QueryPiece[];
}

export function replace(span: Span, ...by: readonly QueryPiece[]): Edit {
  return { start: span.start, end: span.end, by };
}

export function remove(start: number, end: number): Edit {
  return { start, end, by: [] };
}

export function insert(at: number, ...by: readonly QueryPiece[]): Edit {
  return { start: at, end: at, by };
}

/** The whole statement after the edits; without any it goes out as it came. */
export function templateOf(text: StatementText, edits: readonly Edit[]): QueryTemplate {
  if (edits.length === 0) return { verbatim: true, pieces: piecesOf(text, [], text) };
  return { verbatim: false, pieces: piecesOf(text, edits, text) };
}

/**
 * The pieces of a part of the statement. Slots that no edit covers stay references; edits outside
 * of the part are for others. RangeError when two edits overlap: a bug.
 */
export function piecesOf(
  text: StatementText,
  edits: readonly Edit[],
  range: Span,
): readonly QueryPiece[] {
  const inside = edits.filter(({ start, end }) => start >= range.start && end <= range.end);
  const ordered = inside.toSorted((a, b) => a.start - b.start || a.end - b.end);
  const pieces: QueryPiece[] = [];
  let at = range.start;
  for (const edit of mergeSlots(text, ordered, range)) {
    if (edit.start < at) throw new RangeError(`Edits overlap at offset ${edit.start}`);
    push(pieces, text.sql.slice(at, edit.start));
    for (const piece of edit.by) push(pieces, piece);
    at = edit.end;
  }
  push(pieces, text.sql.slice(at, range.end));
  return pieces;
}

/** The edits, and between them one for each slot that stays. */
function* mergeSlots(
  { slots }: StatementText,
  edits: readonly Edit[],
  range: Span,
): Generator<Edit> {
  let next = 0;
  for (let number = firstSlot(slots, range.start); number < slots.length; number++) {
    const slot = slots[number];
    if (slot === undefined || slot.end > range.end) break;
    for (let edit = edits[next]; edit !== undefined && edit.start <= slot.start;) {
      yield edit;
      edit = edits[++next];
    }
    const before = edits[next - 1];
    if (before !== undefined && before.end > slot.start) continue;
    yield { start: slot.start, end: slot.end, by: [{ slot: number }] };
  }
  yield* edits.slice(next);
}

/** Of the slots that start there or behind, in order of the text: an INSERT has thousands. */
function firstSlot(slots: StatementText["slots"], start: number): number {
  let from = 0;
  for (let to = slots.length; from < to;) {
    const middle = (from + to) >> 1;
    if ((slots[middle]?.start ?? start) < start) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Neighbouring texts become one. */
function push(pieces: QueryPiece[], piece: QueryPiece): void {
  if (piece === "") return;
  const before = pieces.at(-1);
  if (typeof piece === "string" && typeof before === "string") {
    pieces[pieces.length - 1] = before + piece;
  } else pieces.push(piece);
}
