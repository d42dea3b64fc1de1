/**
 * The store behind the topology: a small tree of versioned values. Two implementations, etcd and
 * memory, pass one suite (conformance.ts). Errors are VT21001 ... VT21010.
 *
 * A write that ends with VT21004, VT21005 or the signal's reason may have been carried out: the
 * answer is what was lost. Writers read again before they repeat it.
 *
 * Paths are relative to the store's root, with no slash at either end: "keyspaces/commerce/Keyspace".
 * Versions are opaque; a version compares only with another of the same path.
 */

export type Version = string & { readonly __version: unique symbol };

export interface Entry {
  readonly path: string;
  readonly value: Uint8Array;
  readonly version: Version;
}

export interface Call {
  /** Ends the call; every call has a deadline of its own besides (VT21004). */
  readonly signal: AbortSignal;
}

export type WatchEvent =
  /** Complete state at one revision. Comes first, and again whenever events could have been missed. */
  | { readonly on: "snapshot"; readonly entries: readonly Entry[] }
  | { readonly on: "put"; readonly entry: Entry }
  | { readonly on: "delete"; readonly path: string };

/** Holds until disposed or lost. `lost` aborts no later than the lease's expiry, by our own clock. */
export interface Lock extends AsyncDisposable {
  readonly path: string;
  /** Greater than that of every holder before: who has seen one refuses what comes with a lesser. */
  readonly token: number;
  readonly lost: AbortSignal;
  /** Throws VT21007 when the lock is gone. Call before each write that it guards. */
  check(): void;
}

/** Who holds a lock, as a person reads it (go/vt/topo/locks.go). */
export interface LockContents {
  readonly action: string;
  readonly hostName: string;
  readonly userName: string;
  /** RFC 3339. */
  readonly time: string;
  /** What tells whether the holder lives (shared/host/process_identity.ts); "" for nothing. */
  readonly process: string;
}

export interface Leadership extends AsyncDisposable {
  /** Aborts when the leadership ends, at the latest when the lease does. */
  readonly lost: AbortSignal;
}

export interface Store extends AsyncDisposable {
  /** VT21001 when absent. */
  get(path: string, call: Call): Promise<Entry>;
  /** All entries whose path starts with `prefix` (a folder with its slash, or ""), sorted by path. */
  list(prefix: string, call: Call): Promise<readonly Entry[]>;
  /** VT21002 when there. */
  create(path: string, value: Uint8Array, call: Call): Promise<Version>;
  /** With a version: VT21003 unless unchanged. Without: creates or replaces. */
  put(path: string, value: Uint8Array, version: Version | undefined, call: Call): Promise<Version>;
  /** With a version: VT21003 unless unchanged. VT21001 when absent. */
  delete(path: string, version: Version | undefined, call: Call): Promise<void>;
  /** Starts with a snapshot; no change after it is lost, whatever happens to the connection. Ends with the signal. */
  watch(prefix: string, call: Call): AsyncIterable<WatchEvent>;
  /** Waits for the lock on a folder; keys as Vitess's: PATH/locks/LEASE. */
  lock(path: string, contents: LockContents, call: Call): Promise<Lock>;
  /** VT21006, naming the holder, when somebody has it. */
  tryLock(path: string, contents: LockContents, call: Call): Promise<Lock>;
  /**
   * Takes the lock from its holder, whose lease ends at once, when `isGone` says so of him; true
   * when it did. Who waits behind him is next.
   */
  evict(
    path: string,
    isGone: (holder: LockContents) => Promise<boolean>,
    call: Call,
  ): Promise<boolean>;
  /** Waits until `id` leads elections/NAME. */
  campaign(name: string, id: string, call: Call): Promise<Leadership>;
  /** The current leader's id, or undefined. */
  leader(name: string, call: Call): Promise<string | undefined>;
}
