/**
 * Compares one table between two moments that are the same: snapshots of the target and of each
 * source. Walks the target's key in chunks; digests first, and rows only of chunks that differ.
 * A chunk's end is the key of the target's last row in it, so that every row of either side falls
 * into exactly one chunk, whichever rows the other side lacks.
 */
import type { Row } from "../../shared/binlog/change.ts";
import type { KeySpan, RowDigest, SourceRead } from "../../shared/rpc/vdiff.ts";
import { compareUnkeyed, KeyedComparison } from "./compare_rows.ts";
import { withJson } from "./json_text.ts";
import type { Key, Span } from "./key_order.ts";
import type { ReportBuilder } from "./report.ts";
import { addDigests, EMPTY_DIGEST, sameDigest } from "./row_digest.ts";
import type { ReadOptions, TableSnapshot } from "./table_snapshot.ts";
import { ALL_ROWS } from "./table_snapshot.ts";
import type { TableSides } from "./table_sides.ts";

interface Call {
  readonly signal: AbortSignal;
}

/** A source's snapshot, wherever it is. */
export interface SourceReader {
  digest(read: Omit<SourceRead, "session">, call: Call): Promise<RowDigest>;
  rows(
    read: Omit<SourceRead, "session">,
    call: Call,
  ): Promise<{ readonly rows: readonly Row[]; readonly next: Key | undefined }>;
}

export interface TableDiffOptions {
  readonly sides: TableSides;
  readonly target: TableSnapshot;
  readonly sources: readonly SourceReader[];
  readonly report: ReportBuilder;
  /** Ends when so many rows were compared; 0: all. */
  readonly rowsMax: number;
  /**
   * After each chunk, with the key of its last row; undefined: the table is done. False ends it
   * there, to go on with another snapshot.
   */
  readonly onChunk: (last: Key | undefined) => Promise<boolean>;
}

const CHUNK_ROWS_MIN = 500;
const CHUNK_ROWS_MAX = 20_000;
/** Of a chunk's values: what the rows of one that differs take in memory. */
const CHUNK_BYTES_MAX = 8 * 1024 * 1024;
/** Rows of a table without a key that are fetched at once. */
const PART_ROWS = 2000;

/** Goes on behind `after`. True when the table is done. */
export async function diffTable(
  options: TableDiffOptions,
  after: Key | undefined,
  call: Call,
): Promise<boolean> {
  if (options.sides.targetKey.length === 0) return await diffUnkeyed(options, call);
  const { report, rowsMax } = options;
  let size = CHUNK_ROWS_MIN;
  let start = after;
  let first = await firstOf(options, start, size, call);
  for (;;) {
    const span = { after: start, upTo: first.last };
    const source = digestSources(options, span, undefined, call);
    size = nextSize(size, first.bytes);
    // The target reads the next chunk while the sources read this one.
    const ahead = first.last === undefined
      ? undefined
      : settled(firstOf(options, first.last, size, call));
    const wanted = await settled(source);
    const next = ahead === undefined ? undefined : unwrap(await ahead);
    if (sameDigest(unwrap(wanted), first.digest)) report.addMatching(first.digest.rows);
    else await compareSpan(options, span, call);
    const enough = rowsMax > 0 && report.report.processedRows >= rowsMax;
    const done = next === undefined || enough;
    const goOn = await options.onChunk(done ? undefined : first.last);
    if (done) return true;
    if (!goOn) return false;
    start = first.last;
    first = next;
  }
}

type Settled<T> = { readonly value: T } | { readonly error: unknown };

/** Both readers end before an error is thrown: their connections take one command at a time. */
async function settled<T>(promise: Promise<T>): Promise<Settled<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}

function unwrap<T>(outcome: Settled<T>): T {
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}

function nextSize(size: number, bytes: number): number {
  const perRow = bytes / size;
  const fitting = perRow > 0 ? Math.floor(CHUNK_BYTES_MAX / perRow) : CHUNK_ROWS_MAX;
  return Math.max(1, Math.min(size * 2, CHUNK_ROWS_MAX, fitting));
}

type First = Awaited<ReturnType<TableSnapshot["digestFirst"]>>;

function firstOf(
  options: TableDiffOptions,
  after: Key | undefined,
  size: number,
  call: Call,
): Promise<First> {
  const read = targetRead(options, { after, upTo: undefined }, undefined);
  return options.target.digestFirst(read, size, call);
}

type Part = NonNullable<SourceRead["part"]>;

function targetRead({ sides }: TableDiffOptions, span: Span, part: Part | undefined): ReadOptions {
  const { columns, targetKey, utf8 } = sides;
  const view = withJson(ALL_ROWS, sides.json);
  return { columns, view, key: targetKey, span, utf8, part };
}

function sourceRead(
  { sides }: TableDiffOptions,
  span: Span,
  part: Part | undefined,
): Omit<SourceRead, "session"> {
  const { sourceKey: key, utf8, json } = sides;
  return { key, span: encodeSpan(span), utf8, json, part: part ?? null };
}

function encodeSpan({ after, upTo }: Span): KeySpan {
  const encode = (key: Key | undefined) => key?.map((value) => value.toBase64()) ?? null;
  return { after: encode(after), upTo: encode(upTo) };
}

async function digestSources(
  options: TableDiffOptions,
  span: Span,
  part: Part | undefined,
  call: Call,
): Promise<RowDigest> {
  const read = sourceRead(options, span, part);
  const digests = await Promise.all(options.sources.map((source) => source.digest(read, call)));
  return digests.reduce(addDigests, EMPTY_DIGEST);
}

/** Row by row: the target's rows are a chunk's at most, the sources' come in pages. */
async function compareSpan(options: TableDiffOptions, span: Span, call: Call): Promise<void> {
  const { target, sides, report, sources } = options;
  const limits = { rowsMax: CHUNK_ROWS_MAX, bytesMax: Infinity };
  const { rows } = await target.rows(targetRead(options, span, undefined), limits, call);
  const comparison = new KeyedComparison(rows.map(({ row }) => row), sides.keyPlaces, report);
  for (const source of sources) {
    let after = span.after;
    for (;;) {
      const page = await source.rows(sourceRead(options, { ...span, after }, undefined), call);
      comparison.addSource(page.rows);
      if (page.next === undefined) break;
      after = page.next;
    }
  }
  comparison.finish();
}

/** By the hash of the whole row: all at once, then the parts that differ. */
async function diffUnkeyed(options: TableDiffOptions, call: Call): Promise<boolean> {
  const { target, report, sources } = options;
  const whole: Span = { after: undefined, upTo: undefined };
  const digests = await Promise.allSettled([
    target.digest(targetRead(options, whole, undefined), call),
    digestSources(options, whole, undefined, call),
  ]);
  const [own, theirs] = digests.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
  if (own === undefined || theirs === undefined) throw new TypeError("two digests were asked for");
  if (sameDigest(own, theirs)) {
    report.addMatching(own.rows);
  } else {
    const of = Math.max(1, Math.ceil(Math.max(own.rows, theirs.rows) / PART_ROWS));
    for (let index = 0; index < of; index++) {
      const part = { index, of };
      const limits = { rowsMax: Infinity, bytesMax: Infinity };
      const found = await target.rows(targetRead(options, whole, part), limits, call);
      const rows: Row[] = [];
      for (const source of sources) {
        rows.push(...(await source.rows(sourceRead(options, whole, part), call)).rows);
      }
      compareUnkeyed(rows, found.rows.map(({ row }) => row), report);
    }
  }
  await options.onChunk(undefined);
  return true;
}
