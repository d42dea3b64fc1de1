/**
 * Values by small integer ids that are used again: 1, 2, ...
 *
 * Not a Map: one with many inserts and deletes is rebuilt all the time, and V8 links each old
 * table, with the values in it, to the next. A dead table in old space then keeps all that came
 * after it alive until the next full collection: 4 MB survived each scavenge, 5 us a query.
 */
export class SlotTable<T> {
  /** Index 0 stays empty. */
  readonly #slots: (T | undefined)[] = [undefined];
  readonly #free: number[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The id that `add` takes next. */
  get nextId(): number {
    return this.#free.at(-1) ?? this.#slots.length;
  }

  add(value: T): number {
    const id = this.#free.pop() ?? this.#slots.length;
    this.#slots[id] = value;
    this.#size++;
    return id;
  }

  get(id: number): T | undefined {
    return this.#slots[id];
  }

  delete(id: number): void {
    if (this.#slots[id] === undefined) return;
    this.#slots[id] = undefined;
    this.#free.push(id);
    this.#size--;
  }

  /** A copy of what is there now. */
  values(): T[] {
    return this.#slots.filter((value) => value !== undefined);
  }
}
