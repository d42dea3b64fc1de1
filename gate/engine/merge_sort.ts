/**
 * Ordered merge of the rows of several shards, each of which comes sorted. Streams: it holds a
 * few chunks a shard, whatever the size of the result.
 */
import type { KeyedRow, RowOrder } from "./row_order.ts";
import type { RowQueue } from "./row_queue.ts";
import type { RowOutput } from "./rows.ts";

/** Rows are handed on in batches of about this size. */
const BATCH_BYTES = 16 * 1024;

interface Source {
  readonly queue: RowQueue;
  readonly row: KeyedRow;
  /** Ties keep the order of the shards, so that a result is the same each time. */
  readonly rank: number;
}

/** Runs until every queue is closed and empty. Throws the first error of a shard. */
export async function mergeRows(
  queues: readonly RowQueue[],
  order: RowOrder,
  output: RowOutput,
): Promise<void> {
  const heap: Source[] = [];
  for (const [rank, queue] of queues.entries()) {
    if (!(await queue.ready())) continue;
    const source = { queue, row: order.row(), rank };
    order.load(source.row, queue.head);
    heap.push(source);
  }
  const before = (a: Source, b: Source) => {
    const by = order.compare(a.row, b.row);
    return by < 0 || (by === 0 && a.rank < b.rank);
  };
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(heap, i, before);
  await drain(heap, order, before, output);
}

type Before = (a: Source, b: Source) => boolean;

async function drain(
  heap: Source[],
  order: RowOrder,
  before: Before,
  output: RowOutput,
): Promise<void> {
  const batch = new Batch(output);
  for (let first = heap[0]; first !== undefined; first = heap[0]) {
    if (batch.add(first.row.packet)) await batch.send();
    first.queue.next();
    // Waiting only when the queue is empty: a promise a row would cost more than the merge.
    if (first.queue.hasHead || await readyAfterSending(first.queue, batch)) {
      order.load(first.row, first.queue.head);
    } else {
      const last = heap.pop();
      if (last === undefined || heap.length === 0) break;
      heap[0] = last;
    }
    sink(heap, 0, before);
  }
  await batch.send();
}

/** What is merged already goes out before the merge waits for a slow shard. */
async function readyAfterSending(queue: RowQueue, batch: Batch): Promise<boolean> {
  await batch.send();
  return await queue.ready();
}

class Batch {
  readonly #output: RowOutput;
  #bytes = new Uint8Array(2 * BATCH_BYTES);
  #length = 0;

  constructor(output: RowOutput) {
    this.#output = output;
  }

  /** Copies a packet. True when it is time to send. */
  add(packet: Uint8Array): boolean {
    if (this.#length + packet.length > this.#bytes.length) {
      const grown = new Uint8Array(2 * (this.#length + packet.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(packet, this.#length);
    this.#length += packet.length;
    return this.#length >= BATCH_BYTES;
  }

  async send(): Promise<void> {
    if (this.#length === 0) return;
    const packets = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    await this.#output.rows(packets);
  }
}

/** Moves the source at `index` down to its place. */
function sink(heap: Source[], index: number, before: Before): void {
  const source = heap[index];
  if (source === undefined) return;
  let at = index;
  for (;;) {
    const child = smallerChild(heap, at, before);
    const other = heap[child];
    if (other === undefined || !before(other, source)) break;
    heap[at] = other;
    at = child;
  }
  heap[at] = source;
}

function smallerChild(heap: readonly Source[], at: number, before: Before): number {
  const left = 2 * at + 1;
  const a = heap[left];
  const b = heap[left + 1];
  return a !== undefined && b !== undefined && before(b, a) ? left + 1 : left;
}
