/**
 * Locks and elections: keys FOLDER/locks/LEASE under a lease each; whoever's key was created first
 * holds, the others wait for the key before theirs to go (go/vt/topo/etcd2topo/lock.go).
 */
import { VtError, vtError } from "../../shared/error/errors.ts";
import { sleep } from "../../shared/host/clock.ts";
import type { Gateway } from "./gateway.ts";
import {
  decodeKeyValue,
  encodeKey,
  exactly,
  type KeyValue,
  revisionOf,
  startingWith,
} from "./keys.ts";
import { Lease } from "./lease.ts";
import type { Pulse } from "./pulse.ts";
import { watchKeys } from "./watch.ts";

export interface LineOptions {
  readonly gateway: Gateway;
  readonly pulse: Pulse;
  readonly ttlSeconds: number;
  /** Full key of what is locked. */
  readonly folder: string;
  readonly value: Uint8Array;
  readonly signal: AbortSignal;
}

/** The first place in a line. */
export class Place implements AsyncDisposable {
  readonly path: string;
  /** The revision at which our key was created: etcd's only grow. */
  readonly token: number;
  readonly #lease: Lease;

  constructor(path: string, token: number, lease: Lease) {
    this.path = path;
    this.token = token;
    this.#lease = lease;
  }

  get lost(): AbortSignal {
    return this.#lease.lost;
  }

  check(): void {
    if (!this.#lease.held) throw vtError("VT21007", this.path);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lease[Symbol.asyncDispose]();
  }
}

/** Waits for the first place. Throws VT21004/VT21005 when etcd can't be reached to begin with. */
export async function standInLine(options: LineOptions): Promise<Place> {
  for (;;) {
    const place = await joinLine(
      options,
      (lease, revision) => waitForTurn(options, lease, revision),
    );
    if (place !== undefined) return place;
  }
}

/** The first place if nobody is in line; undefined otherwise. */
export function takeFirstPlace(options: LineOptions): Promise<Place | undefined> {
  return joinLine(options, async (_, revision) => {
    return await predecessor(options, revision, options.signal) === undefined;
  });
}

/** As standInLine, but outages are waited out: for candidates, which have nothing else to do. */
export async function standInLineForever(options: LineOptions): Promise<Place> {
  for (;;) {
    try {
      return await standInLine(options);
    } catch (error) {
      options.signal.throwIfAborted();
      const passing = error instanceof VtError &&
        (error.status === "unavailable" || error.status === "deadline_exceeded");
      if (!passing) throw error;
      await sleep(CAMPAIGN_RETRY_MS, options);
    }
  }
}

const CAMPAIGN_RETRY_MS = 500;

/** Who is first. */
export async function firstInLine(
  gateway: Gateway,
  folder: string,
  signal: AbortSignal,
): Promise<KeyValue | undefined> {
  const body = {
    ...startingWith(`${folder}/locks/`),
    sort_order: "ASCEND",
    sort_target: "CREATE",
    limit: "1",
  };
  const call = { signal, what: `list ${folder}/locks`, kind: "read" } as const;
  const answer = await gateway.call("/v3/kv/range", body, call);
  return answer.get("kvs").list(decodeKeyValue)[0];
}

/** Ends the lease of the first in line, if it is still this one: its key goes with it. */
export async function evictFirst(
  gateway: Gateway,
  { key }: KeyValue,
  signal: AbortSignal,
): Promise<void> {
  const what = `evict ${key}`;
  const lease = key.slice(key.lastIndexOf("/") + 1);
  await gateway.call("/v3/lease/revoke", { ID: lease }, { signal, what, kind: "read" });
}

/** Gets a lease and a key; `turn` says whether the place is ours. Undefined when it isn't. */
async function joinLine(
  options: LineOptions,
  turn: (lease: Lease, revision: number) => Promise<boolean>,
): Promise<Place | undefined> {
  const { gateway, folder, signal } = options;
  const what = `lock ${folder}`;
  const lease = await Lease.grant(gateway, options.ttlSeconds, { signal, what });
  try {
    const revision = await putKey(options, lease);
    if (await turn(lease, revision) && lease.held) return new Place(folder, revision, lease);
  } catch (error) {
    // Also when the answer to our put was lost: without the lease there is no key.
    await lease[Symbol.asyncDispose]();
    throw error;
  }
  await lease[Symbol.asyncDispose]();
  return undefined;
}

async function putKey(options: LineOptions, lease: Lease): Promise<number> {
  const { gateway, folder, signal } = options;
  const body = {
    key: encodeKey(`${folder}/locks/${lease.id}`),
    value: options.value.toBase64(),
    lease: lease.id,
  };
  const call = { signal, what: `lock ${folder}`, kind: "write" } as const;
  return revisionOf(await gateway.call("/v3/kv/put", body, call));
}

/** False when our lease ended while we waited. */
async function waitForTurn(
  options: LineOptions,
  lease: Lease,
  revision: number,
): Promise<boolean> {
  const signal = AbortSignal.any([options.signal, lease.lost]);
  try {
    for (;;) {
      const before = await predecessor(options, revision, signal);
      if (before === undefined) return lease.held;
      await gone(options, before, signal);
    }
  } catch (error) {
    options.signal.throwIfAborted();
    if (lease.lost.aborted) return false;
    throw error;
  }
}

/** The key that was created last before `revision`. */
async function predecessor(
  options: LineOptions,
  revision: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { gateway, folder } = options;
  const body = {
    ...startingWith(`${folder}/locks/`),
    max_create_revision: String(revision - 1),
    sort_order: "DESCEND",
    sort_target: "CREATE",
    limit: "1",
    keys_only: true,
  };
  const call = { signal, what: `list ${folder}/locks`, kind: "read" } as const;
  const answer = await gateway.call("/v3/kv/range", body, call);
  return answer.get("kvs").list(decodeKeyValue)[0]?.key;
}

/** Resolves when the key is deleted. */
async function gone(options: LineOptions, key: string, signal: AbortSignal): Promise<void> {
  const { gateway, pulse } = options;
  for await (const event of watchKeys({ gateway, pulse, range: exactly(key), what: key, signal })) {
    if (event.on === "delete" || (event.on === "snapshot" && event.keys.length === 0)) return;
  }
  throw signal.reason;
}
