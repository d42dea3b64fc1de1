/** Runs pieces of work one after the other, in the order in which they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    // The next one's turn comes whatever became of this one; its caller hears of it.
    this.#last = result.catch(() => {});
    return result;
  }
}
