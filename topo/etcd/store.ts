/** The store on etcd: keys under one root, through the JSON gateway. */
import { vtError } from "../../shared/error/errors.ts";
import type { JsonReader } from "../../shared/model/json_reader.ts";
import type { JsonObject } from "../../shared/model/records.ts";
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
import type { Gateway } from "./gateway.ts";
import {
  decodeKeyValue,
  encodeKey,
  exactly,
  type KeyValue,
  revisionOf,
  startingWith,
} from "./keys.ts";
import { LEASE_TTL_SECONDS } from "./lease.ts";
import {
  evictFirst,
  firstInLine,
  type LineOptions,
  standInLine,
  standInLineForever,
  takeFirstPlace,
} from "./line.ts";
import { Pulse } from "./pulse.ts";
import { watchKeys } from "./watch.ts";

export interface EtcdStoreOptions {
  /** Absolute, without a slash at the end: "/vitess/example/global". */
  readonly root: string;
  /** LEASE_TTL_SECONDS when absent. */
  readonly leaseTtlSeconds?: number;
  /** Close the gateway with the store; otherwise it is shared, and whoever made it closes it. */
  readonly ownsGateway?: boolean;
}

export class EtcdStore implements Store {
  readonly #gateway: Gateway;
  readonly #root: string;
  readonly #ttlSeconds: number;
  readonly #pulse: Pulse;
  readonly #ownsGateway: boolean;

  constructor(gateway: Gateway, options: EtcdStoreOptions) {
    this.#gateway = gateway;
    this.#root = `${options.root.replace(/\/+$/, "")}/`;
    this.#ttlSeconds = options.leaseTtlSeconds ?? LEASE_TTL_SECONDS;
    this.#ownsGateway = options.ownsGateway ?? false;
    const probe = { ...exactly(this.#root), limit: "1", keys_only: true };
    this.#pulse = new Pulse(gateway, async (endpoint, signal) => {
      for await (const _ of gateway.stream(endpoint, "/v3/kv/range", probe, signal)) return;
    });
  }

  async get(path: string, call: Call): Promise<Entry> {
    const key = this.#root + path;
    const answer = await this.#read("/v3/kv/range", exactly(key), `get ${key}`, call);
    const [found] = answer.get("kvs").list(decodeKeyValue);
    if (found === undefined) throw vtError("VT21001", key);
    return this.#entry(found);
  }

  async list(prefix: string, call: Call): Promise<readonly Entry[]> {
    const key = this.#root + prefix;
    const answer = await this.#read("/v3/kv/range", startingWith(key), `list ${key}`, call);
    return answer.get("kvs").list(decodeKeyValue).map((found) => this.#entry(found));
  }

  async create(path: string, value: Uint8Array, call: Call): Promise<Version> {
    const key = this.#root + path;
    const absent = { target: "CREATE", key: encodeKey(key), create_revision: "0" };
    const answer = await this.#txn(absent, putOf(key, value), `create ${key}`, call);
    if (!answer.get("succeeded").toggle()) throw vtError("VT21002", key);
    return versionOf(revisionOf(answer));
  }

  async put(
    path: string,
    value: Uint8Array,
    version: Version | undefined,
    call: Call,
  ): Promise<Version> {
    const key = this.#root + path;
    const what = `put ${key}`;
    if (version === undefined) {
      const body = { key: encodeKey(key), value: value.toBase64() };
      return versionOf(revisionOf(await this.#write("/v3/kv/put", body, what, call)));
    }
    const answer = await this.#txn(unchanged(key, version), putOf(key, value), what, call);
    if (!answer.get("succeeded").toggle()) throw vtError("VT21003", key);
    return versionOf(revisionOf(answer));
  }

  async delete(path: string, version: Version | undefined, call: Call): Promise<void> {
    const key = this.#root + path;
    const what = `delete ${key}`;
    if (version === undefined) {
      const answer = await this.#write("/v3/kv/deleterange", exactly(key), what, call);
      if (answer.get("deleted").integer() === 0) throw vtError("VT21001", key);
      return;
    }
    const deletion = { request_delete_range: exactly(key) };
    const answer = await this.#txn(unchanged(key, version), deletion, what, call);
    if (answer.get("succeeded").toggle()) return;
    const [found] = answer.get("responses").list((response) =>
      response.get("response_range").get("kvs").list(decodeKeyValue)
    ).flat();
    throw found === undefined ? vtError("VT21001", key) : vtError("VT21003", key);
  }

  async *watch(prefix: string, call: Call): AsyncIterable<WatchEvent> {
    const what = this.#root + prefix;
    const events = watchKeys({
      gateway: this.#gateway,
      pulse: this.#pulse,
      range: startingWith(what),
      what,
      signal: call.signal,
    });
    for await (const event of events) {
      if (event.on === "snapshot") {
        yield { on: "snapshot", entries: event.keys.map((key) => this.#entry(key)) };
      } else if (event.on === "put") yield { on: "put", entry: this.#entry(event.key) };
      else yield { on: "delete", path: event.key.slice(this.#root.length) };
    }
  }

  lock(path: string, contents: LockContents, call: Call): Promise<Lock> {
    return standInLine(this.#line(path, printLockContents(contents), call));
  }

  async tryLock(path: string, contents: LockContents, call: Call): Promise<Lock> {
    const line = this.#line(path, printLockContents(contents), call);
    const place = await takeFirstPlace(line);
    if (place !== undefined) return place;
    const holder = await firstInLine(this.#gateway, line.folder, call.signal);
    const printed = printLockHolder(holder && parseLockContents(holder.value));
    throw vtError("VT21006", line.folder, printed);
  }

  async evict(
    path: string,
    isGone: (holder: LockContents) => Promise<boolean>,
    { signal }: Call,
  ): Promise<boolean> {
    const first = await firstInLine(this.#gateway, this.#root + path, signal);
    const holder = first && parseLockContents(first.value);
    if (first === undefined || holder === undefined || !await isGone(holder)) return false;
    await evictFirst(this.#gateway, first, signal);
    return true;
  }

  campaign(name: string, id: string, call: Call): Promise<Leadership> {
    return standInLineForever(this.#line(electionFolder(name), new TextEncoder().encode(id), call));
  }

  async leader(name: string, call: Call): Promise<string | undefined> {
    const folder = this.#root + electionFolder(name);
    const first = await firstInLine(this.#gateway, folder, call.signal);
    return first === undefined ? undefined : new TextDecoder().decode(first.value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pulse[Symbol.asyncDispose]();
    if (this.#ownsGateway) await this.#gateway[Symbol.asyncDispose]();
  }

  #line(path: string, value: Uint8Array, { signal }: Call): LineOptions {
    const folder = this.#root + path;
    const ttlSeconds = this.#ttlSeconds;
    return { gateway: this.#gateway, pulse: this.#pulse, ttlSeconds, folder, value, signal };
  }

  #read(path: string, body: JsonObject, what: string, { signal }: Call): Promise<JsonReader> {
    return this.#gateway.call(path, body, { signal, what, kind: "read" });
  }

  #write(path: string, body: JsonObject, what: string, { signal }: Call): Promise<JsonReader> {
    return this.#gateway.call(path, body, { signal, what, kind: "write" });
  }

  /** When the comparison fails, the answer holds what is there. */
  #txn(
    compare: JsonObject & { readonly key: string },
    success: JsonObject,
    what: string,
    call: Call,
  ): Promise<JsonReader> {
    const failure = [{ request_range: { key: compare.key } }];
    const body = { compare: [{ ...compare, result: "EQUAL" }], success: [success], failure };
    return this.#write("/v3/kv/txn", body, what, call);
  }

  #entry(found: KeyValue): Entry {
    const path = found.key.slice(this.#root.length);
    return { path, value: found.value, version: versionOf(found.modRevision) };
  }
}

function putOf(key: string, value: Uint8Array): JsonObject {
  return { request_put: { key: encodeKey(key), value: value.toBase64() } };
}

function unchanged(key: string, version: Version): JsonObject & { readonly key: string } {
  return { target: "MOD", key: encodeKey(key), mod_revision: version };
}

function versionOf(revision: number): Version {
  return String(revision) as Version;
}
