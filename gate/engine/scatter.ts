/**
 * One statement on several shards at once: rows in any order, or merged. The column definitions
 * are those of the shard that answers first; shards of one keyspace have one schema.
 */
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";
import type { Options } from "../../shared/rpc/query_service.ts";
import type { MergeKey } from "../plan/plan.ts";
import { mergeRows } from "./merge_sort.ts";
import { ResultReader } from "./result_reader.ts";
import { RowOrder } from "./row_order.ts";
import { RowQueue } from "./row_queue.ts";
import type { RowOutput } from "./rows.ts";
import type { ShardCall, Shards } from "./shards.ts";

/** Shards of one statement that run at the same time; more would only queue in their pools. */
const PARALLEL_MAX = 64;

export interface ScatterOptions extends Options {
  readonly deprecateEof: boolean;
  /** An error on one shard ends the others. Not inside a transaction: its connections live on. */
  readonly cancelOthers: boolean;
  /** Shards at the same time; PARALLEL_MAX unless told. */
  readonly parallelMax?: number;
}

/** Rows of all shards in any order. Resolves to the sum of their warnings. */
export async function concatenate(
  calls: readonly ShardCall[],
  shards: Shards,
  output: RowOutput,
  options: ScatterOptions,
): Promise<number> {
  let started = false;
  const handler = {
    onColumns: (definitions: readonly Uint8Array[]) => {
      if (!started) output.columns(definitions);
      started = true;
    },
    onRows: (packets: Uint8Array) => output.rows(packets),
  };
  const warnings = await runAll(calls, options, async (call, signal) => {
    const reader = new ResultReader(handler, options);
    return warningsOf(await shards.execute(call, reader.sink, { signal }), options);
  });
  return sum(warnings);
}

/** Rows of all shards in the order of the keys, in which each shard sends its own. */
export async function merge(
  calls: readonly ShardCall[],
  keys: readonly MergeKey[],
  shards: Shards,
  output: RowOutput,
  options: ScatterOptions,
): Promise<number> {
  const queues = calls.map(() => new RowQueue());
  const order = Promise.withResolvers<RowOrder>();
  // A shard's failure is thrown below; here it only ends the wait for columns.
  void order.promise.catch(() => {});
  let started = false;
  const onColumns = (definitions: readonly Uint8Array[]) => {
    if (started) return;
    started = true;
    order.resolve(new RowOrder(definitions, keys));
    output.columns(definitions);
  };
  // All at once: the merge waits for the head of each.
  const all = { ...options, parallelMax: calls.length };
  const reading = runAll(calls, all, async (call, signal) => {
    const queue = queueOf(queues, calls.indexOf(call));
    const handler = { onColumns, onRows: (packets: Uint8Array) => queue.push(packets) };
    const reader = new ResultReader(handler, options);
    const terminal = await shards.execute(call, reader.sink, { signal });
    queue.close();
    return warningsOf(terminal, options);
  });
  const failed = reading.catch((error) => {
    order.reject(error);
    for (const queue of queues) queue.fail(error);
    throw error;
  });
  const merged = order.promise.then((rows) => mergeRows(queues, rows, output)).catch((error) => {
    for (const queue of queues) queue.abandon();
    throw error;
  });
  const [warnings] = await Promise.all([failed, merged]);
  return sum(warnings);
}

function queueOf(queues: readonly RowQueue[], index: number): RowQueue {
  const queue = queues[index];
  if (queue === undefined) throw new RangeError(`No queue ${index}`);
  return queue;
}

/** Runs a task for each call, a bounded number at a time. The first error wins, after all ended. */
export async function runAll<Result>(
  calls: readonly ShardCall[],
  options: Pick<ScatterOptions, "signal" | "cancelOthers" | "parallelMax">,
  run: (call: ShardCall, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const others = new AbortController();
  const signal = options.cancelOthers
    ? AbortSignal.any([options.signal, others.signal])
    : options.signal;
  const results: Result[] = [];
  let failure: { readonly error: unknown } | undefined;
  let next = 0;
  const worker = async () => {
    for (let index = next++; failure === undefined; index = next++) {
      const call = calls[index];
      if (call === undefined) return;
      try {
        results[index] = await run(call, signal);
      } catch (error) {
        failure ??= { error };
        others.abort(error);
      }
    }
  };
  const workers = Math.min(calls.length, options.parallelMax ?? PARALLEL_MAX);
  await Promise.all(Array.from({ length: workers }, worker));
  if (failure !== undefined) throw failure.error;
  return results;
}

const EOF_HEADER = 0xfe;

/** The warning count of an EOF packet, or of the OK packet that stands in its place. */
export function warningsOf(
  terminal: Uint8Array,
  options: { readonly deprecateEof: boolean },
): number {
  if (terminal[FRAME_HEADER_BYTES] !== EOF_HEADER) return 0;
  // With DEPRECATE_EOF: header, two integers of one byte (rows have none), flags, warnings.
  const at = FRAME_HEADER_BYTES + (options.deprecateEof ? 5 : 1);
  return (terminal[at] ?? 0) | ((terminal[at + 1] ?? 0) << 8);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
