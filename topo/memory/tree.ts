/** The keys of a memory store, of all its roots, with revisions as etcd counts them. */
import { vtError } from "../../shared/error/errors.ts";

export interface Node {
  readonly path: string;
  readonly value: Uint8Array;
  /** Revision of the last write. */
  readonly modified: number;
  /** Revision of the first write since it last was absent. */
  readonly created: number;
}

export type Change =
  | { readonly on: "put"; readonly node: Node }
  | { readonly on: "delete"; readonly path: string };

export class MemoryTree {
  readonly #nodes = new Map<string, Node>();
  readonly #listeners = new Set<(change: Change) => void>();
  #revision = 0;

  get(path: string): Node | undefined {
    return this.#nodes.get(path);
  }

  /** Nodes under a prefix, in the order of their paths. */
  list(prefix: string): readonly Node[] {
    return [...this.#nodes.values()]
      .filter((node) => node.path.startsWith(prefix))
      .sort((a, b) => a.path < b.path ? -1 : 1);
  }

  /** `expected`: the revision it must have, 0 for absent, undefined for any. */
  put(path: string, value: Uint8Array, expected: number | undefined): Node {
    const before = this.#nodes.get(path);
    if (expected !== undefined && (before?.modified ?? 0) !== expected) {
      throw expected === 0 ? vtError("VT21002", path) : vtError("VT21003", path);
    }
    const modified = ++this.#revision;
    const created = before?.created ?? modified;
    const node = { path, value: value.slice(), modified, created };
    this.#nodes.set(path, node);
    this.#tell({ on: "put", node });
    return node;
  }

  delete(path: string, expected: number | undefined): void {
    const before = this.#nodes.get(path);
    if (before === undefined) throw vtError("VT21001", path);
    if (expected !== undefined && before.modified !== expected) throw vtError("VT21003", path);
    this.#revision++;
    this.#nodes.delete(path);
    this.#tell({ on: "delete", path });
  }

  /** Calls `listener` at each change until the result is called. */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(change: Change): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}
