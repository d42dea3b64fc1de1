/**
 * What a stream brought and nobody has applied yet. While one batch is being written the next one
 * gathers here, so that batches grow with the load and a lone change waits for nothing.
 */
import type { Row, StreamItem } from "../../shared/binlog/change.ts";

/** Above these the source is held back; one delivery may go beyond: a row is never cut. */
const CHANGES_MAX = 20_000;
const BYTES_MAX = 32 * 1024 * 1024;
const DELIVERIES_MAX = 32;

export class ItemQueue {
  #items: StreamItem[] = [];
  #changes = 0;
  #bytes = 0;
  #deliveries = 0;
  #failure: { readonly error: unknown } | undefined;
  #wakeTaker: (() => void) | undefined;
  #wakeGiver: (() => void) | undefined;
  #closed = false;

  /** Waits when there is enough already. */
  put(items: readonly StreamItem[]): void | Promise<void> {
    if (this.#closed) return;
    for (const item of items) {
      this.#items.push(item);
      if (item.kind !== "transaction") continue;
      this.#changes += item.changes.length;
      this.#bytes += bytesOf(item);
    }
    this.#deliveries++;
    this.#wakeTaker?.();
    const isFull = this.#changes >= CHANGES_MAX || this.#bytes >= BYTES_MAX ||
      this.#deliveries >= DELIVERIES_MAX;
    if (!isFull) return;
    return new Promise((resolve) => this.#wakeGiver = resolve);
  }

  /** The stream ended. What it brought before is still taken. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wakeTaker?.();
  }

  /** Nobody takes any more: what comes is dropped, and nobody waits for room. */
  close(): void {
    this.#closed = true;
    this.#items = [];
    this.#wakeGiver?.();
  }

  /** All that is there, at least one item. Throws what the stream ended with. */
  async take(): Promise<readonly StreamItem[]> {
    while (this.#items.length === 0) {
      if (this.#failure !== undefined) throw this.#failure.error;
      await new Promise<void>((resolve) => this.#wakeTaker = resolve);
      this.#wakeTaker = undefined;
    }
    const items = this.#items;
    this.#items = [];
    this.#changes = 0;
    this.#bytes = 0;
    this.#deliveries = 0;
    const wake = this.#wakeGiver;
    this.#wakeGiver = undefined;
    wake?.();
    return items;
  }
}

function bytesOf({ changes }: Extract<StreamItem, { readonly kind: "transaction" }>): number {
  let bytes = 0;
  for (const change of changes) {
    if (change.kind !== "insert") bytes += rowBytes(change.before);
    if (change.kind !== "delete") bytes += rowBytes(change.after);
  }
  return bytes;
}

function rowBytes(row: Row): number {
  let bytes = 0;
  for (const value of row) bytes += value?.length ?? 0;
  return bytes;
}
