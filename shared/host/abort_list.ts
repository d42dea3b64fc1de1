/**
 * Calls that a signal's abort ends. A listener each would be two costly calls into the event target
 * for every statement: here a signal has one listener for its life, and calls come and go on a list.
 */
export interface Abortable {
  /** The signal aborts. Called once, while it is on the list. */
  onAbort(): void;
}

export class AbortList {
  /** Of signals that may abort one day; they go with their signal. */
  static readonly #ofSignal = new WeakMap<AbortSignal, AbortList>();
  readonly #calls: Abortable[] = [];

  /** The list of a signal that hasn't aborted yet. */
  static of(signal: AbortSignal): AbortList {
    const known = AbortList.#ofSignal.get(signal);
    if (known !== undefined) return known;
    const list = new AbortList();
    AbortList.#ofSignal.set(signal, list);
    signal.addEventListener("abort", () => list.#abort(), { once: true });
    return list;
  }

  #abort(): void {
    for (const call of this.#calls.splice(0)) call.onAbort();
  }

  add(call: Abortable): void {
    this.#calls.push(call);
  }

  /** Nothing happens when it isn't there. */
  remove(call: Abortable): void {
    // Nearly always the only one, or the last.
    if (this.#calls.at(-1) === call) {
      this.#calls.pop();
      return;
    }
    const at = this.#calls.indexOf(call);
    if (at >= 0) this.#calls.splice(at, 1);
  }
}
