/** What the files of the single records share: optional reads, updates by version, listings. */
import { VtError } from "../shared/error/errors.ts";
import type { Codec } from "../shared/model/json_reader.ts";
import { nameIn } from "./paths.ts";
import type { Call, Store } from "./store.ts";
import { readRecord, type Versioned } from "./topology.ts";

/** Writers that may collide on one record before an update gives up with VT21003. */
const UPDATE_ATTEMPTS_MAX = 20;

/** Undefined when absent. */
export async function readOptional<T>(
  store: Store,
  path: string,
  codec: Codec<T>,
  call: Call,
): Promise<Versioned<T> | undefined> {
  try {
    return await readRecord(store, path, codec, call);
  } catch (error) {
    if (hasId(error, "VT21001")) return undefined;
    throw error;
  }
}

/** Creates the record unless it exists. True when this call created it. */
export async function ensureRecord<T>(
  store: Store,
  path: string,
  codec: Codec<T>,
  record: T,
  call: Call,
): Promise<boolean> {
  try {
    await store.create(path, codec.encode(record), call);
    return true;
  } catch (error) {
    if (hasId(error, "VT21002")) return false;
    throw error;
  }
}

/**
 * Reads, changes and writes a record, again from the start when somebody else wrote it meanwhile.
 * `change` must be free of side effects; undefined from it means that nothing needs to change.
 * `absent` is what it gets when there is no record; without it that is VT21001. Gives the record
 * that is there in the end.
 */
export async function updateRecord<T>(
  store: Store,
  path: string,
  codec: Codec<T>,
  change: (record: T) => T | undefined,
  call: Call,
  absent?: T,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    const found = absent === undefined
      ? await readRecord(store, path, codec, call)
      : await readOptional(store, path, codec, call);
    const before = found?.record ?? absent;
    if (before === undefined) {
      throw new TypeError(`Cannot update ${path}: no record and no default`);
    }
    const after = change(before);
    if (after === undefined) return before;
    try {
      const bytes = codec.encode(after);
      if (found === undefined) await store.create(path, bytes, call);
      else await store.put(path, bytes, found.version, call);
      return after;
    } catch (error) {
      const collided = hasId(error, "VT21003") || hasId(error, "VT21002");
      if (!collided || attempt === UPDATE_ATTEMPTS_MAX) throw error;
    }
  }
}

/** The names of a folder's records, sorted: "zone1" of "cells/zone1/CellInfo". */
export async function listNames(
  store: Store,
  folder: string,
  leaf: string,
  call: Call,
): Promise<readonly string[]> {
  const entries = await store.list(folder, call);
  return entries.flatMap((entry) => nameIn(folder, entry.path, leaf) ?? []);
}

/** The records of a folder by name, in the order of the names. */
export async function listRecords<T>(
  store: Store,
  folder: string,
  leaf: string,
  codec: Codec<T>,
  call: Call,
): Promise<ReadonlyMap<string, T>> {
  const records = new Map<string, T>();
  for (const entry of await store.list(folder, call)) {
    const name = nameIn(folder, entry.path, leaf);
    if (name !== undefined) records.set(name, codec.decode(entry.path, entry.value));
  }
  return records;
}

/** No error when the key is gone already. */
export async function deleteIfThere(store: Store, path: string, call: Call): Promise<void> {
  try {
    await store.delete(path, undefined, call);
  } catch (error) {
    if (!hasId(error, "VT21001")) throw error;
  }
}

export function hasId(error: unknown, id: VtError["id"]): boolean {
  return error instanceof VtError && error.id === id;
}
