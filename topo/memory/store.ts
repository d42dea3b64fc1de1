/** A store in this process, for tests and for tools that need no etcd. Its leases never expire. */
import { vtError } from "../../shared/error/errors.ts";
import { parseLockContents, printLockContents, printLockHolder } from "../lock_contents.ts";
import { electionFolder } from "../paths.ts";
import type {
  Call,
  Entry,
  Leadership,
  Lock,
  LockContents,
  Store,
  Version,
  WatchEvent,
} from "../store.ts";
import { type Change, MemoryTree, type Node } from "./tree.ts";

/** Changes that a slow watcher may lag behind before it gets a snapshot instead. */
const WATCH_QUEUE_MAX = 10_000;

export class MemoryStore implements Store {
  readonly #tree: MemoryTree;
  readonly #root: string;

  /** Stores of one tree see each other's keys, as those of one etcd do. */
  constructor(tree: MemoryTree = new MemoryTree(), root = "") {
    this.#tree = tree;
    this.#root = root === "" ? "" : `${root}/`;
  }

  async get(path: string, call: Call): Promise<Entry> {
    await proceed(call);
    const node = this.#tree.get(this.#root + path);
    if (node === undefined) throw vtError("VT21001", this.#root + path);
    return this.#entry(node);
  }

  async list(prefix: string, call: Call): Promise<readonly Entry[]> {
    await proceed(call);
    return this.#snapshot(prefix);
  }

  async create(path: string, value: Uint8Array, call: Call): Promise<Version> {
    await proceed(call);
    return versionOf(this.#tree.put(this.#root + path, value, 0));
  }

  async put(
    path: string,
    value: Uint8Array,
    version: Version | undefined,
    call: Call,
  ): Promise<Version> {
    await proceed(call);
    return versionOf(this.#tree.put(this.#root + path, value, revisionOf(version)));
  }

  async delete(path: string, version: Version | undefined, call: Call): Promise<void> {
    await proceed(call);
    this.#tree.delete(this.#root + path, revisionOf(version));
  }

  async *watch(prefix: string, call: Call): AsyncIterable<WatchEvent> {
    const { signal } = call;
    let queue: WatchEvent[] = [{ on: "snapshot", entries: this.#snapshot(prefix) }];
    let wake = () => {};
    const push = (change: Change) => {
      const event = this.#event(prefix, change);
      if (event === undefined) return;
      if (queue.length < WATCH_QUEUE_MAX) queue.push(event);
      else queue = [{ on: "snapshot", entries: this.#snapshot(prefix) }];
      wake();
    };
    const end = () => wake();
    const unlisten = this.#tree.listen(push);
    signal.addEventListener("abort", end);
    try {
      while (!signal.aborted) {
        const event = queue.shift();
        if (event !== undefined) yield event;
        else await new Promise<void>((resolve) => wake = resolve);
      }
    } finally {
      unlisten();
      signal.removeEventListener("abort", end);
    }
  }

  async lock(path: string, contents: LockContents, call: Call): Promise<Lock> {
    return await this.#queue(path, printLockContents(contents), call);
  }

  async tryLock(path: string, contents: LockContents, call: Call): Promise<Lock> {
    await proceed(call);
    const [holder] = this.#waiting(path);
    if (holder !== undefined) {
      throw vtError("VT21006", this.#root + path, printLockHolder(parseLockContents(holder.value)));
    }
    return await this.#queue(path, printLockContents(contents), call);
  }

  async evict(
    path: string,
    isGone: (holder: LockContents) => Promise<boolean>,
    call: Call,
  ): Promise<boolean> {
    await proceed(call);
    const [first] = this.#waiting(path);
    const holder = first && parseLockContents(first.value);
    if (first === undefined || holder === undefined || !await isGone(holder)) return false;
    if (this.#tree.get(first.path) !== undefined) this.#tree.delete(first.path, undefined);
    return true;
  }

  async campaign(name: string, id: string, call: Call): Promise<Leadership> {
    return await this.#queue(electionFolder(name), new TextEncoder().encode(id), call);
  }

  async leader(name: string, call: Call): Promise<string | undefined> {
    await proceed(call);
    const [first] = this.#waiting(electionFolder(name));
    return first === undefined ? undefined : new TextDecoder().decode(first.value);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** Those who hold or wait for a lock, the holder first. */
  #waiting(path: string): readonly Node[] {
    const nodes = this.#tree.list(`${this.#root}${path}/locks/`);
    return [...nodes].sort((a, b) => a.created - b.created);
  }

  /** Stands in line with a key of its own until it is the first. */
  async #queue(path: string, value: Uint8Array, call: Call): Promise<MemoryLock> {
    await proceed(call);
    const lease = crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
    const key = `${this.#root}${path}/locks/${lease >> 1n}`;
    this.#tree.put(key, value, 0);
    const first = () => this.#waiting(path)[0]?.path === key;
    try {
      await this.#until(first, call);
    } catch (error) {
      this.#tree.delete(key, undefined);
      throw error;
    }
    const token = this.#tree.get(key)?.created ?? 0;
    return new MemoryLock(this.#tree, this.#root + path, key, token);
  }

  #until(condition: () => boolean, { signal }: Call): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        unlisten();
        signal.removeEventListener("abort", onAbort);
        end();
      };
      const onAbort = () => settle(() => reject(signal.reason));
      const unlisten = this.#tree.listen(() => {
        if (condition()) settle(resolve);
      });
      signal.addEventListener("abort", onAbort);
    });
  }

  #snapshot(prefix: string): readonly Entry[] {
    return this.#tree.list(this.#root + prefix).map((node) => this.#entry(node));
  }

  #event(prefix: string, change: Change): WatchEvent | undefined {
    const path = change.on === "put" ? change.node.path : change.path;
    if (!path.startsWith(this.#root + prefix)) return undefined;
    if (change.on === "put") return { on: "put", entry: this.#entry(change.node) };
    return { on: "delete", path: path.slice(this.#root.length) };
  }

  #entry(node: Node): Entry {
    const path = node.path.slice(this.#root.length);
    return { path, value: node.value.slice(), version: versionOf(node) };
  }
}

class MemoryLock implements Lock {
  readonly path: string;
  readonly token: number;
  readonly #tree: MemoryTree;
  readonly #key: string;
  readonly #lost = new AbortController();

  constructor(tree: MemoryTree, path: string, key: string, token: number) {
    this.#tree = tree;
    this.path = path;
    this.token = token;
    this.#key = key;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  check(): void {
    if (this.lost.aborted || this.#tree.get(this.#key) === undefined) {
      throw vtError("VT21007", this.path);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#lost.abort();
    if (this.#tree.get(this.#key) !== undefined) this.#tree.delete(this.#key, undefined);
    return Promise.resolve();
  }
}

/** Gives way once, so that callers see the order of a real store, and honours the signal. */
async function proceed({ signal }: Call): Promise<void> {
  await Promise.resolve();
  signal.throwIfAborted();
}

function versionOf(node: Node): Version {
  return String(node.modified) as Version;
}

function revisionOf(version: Version | undefined): number | undefined {
  return version === undefined ? undefined : Number(version);
}
