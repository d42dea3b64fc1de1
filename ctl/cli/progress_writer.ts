/**
 * Progress for people: on a terminal a line that says how far a command is stands in the last row
 * and is drawn over; elsewhere each is a line of its own.
 */
import type { LineKind } from "../../shared/rpc/ctl_api.ts";

export interface ProgressScreen {
  readonly write: (text: string) => void;
  /** Undefined where nothing can be drawn over. */
  readonly columns: (() => number) | undefined;
}

/** To the row's start, and what stands there away. */
const CLEAR_ROW = "\r\x1b[K";

export class ProgressWriter {
  readonly #screen: ProgressScreen;
  /** A row is drawn that the next one may take. */
  #open = false;

  constructor(screen: ProgressScreen) {
    this.#screen = screen;
  }

  /** One of kind "progress" takes the place of the one before it, when that was such a one, too. */
  line(text: string, kind: LineKind | undefined): void {
    const { write, columns } = this.#screen;
    if (columns === undefined) return write(`${text}\n`);
    if (kind !== "progress") {
      this.close();
      return write(`${text}\n`);
    }
    // A row that is full may wrap, and then it can't be cleared.
    write(CLEAR_ROW + [...text].slice(0, Math.max(0, columns() - 1)).join(""));
    this.#open = true;
  }

  /** Before anything else is written: the last line stays where it is. */
  close(): void {
    if (this.#open) this.#screen.write("\n");
    this.#open = false;
  }
}
