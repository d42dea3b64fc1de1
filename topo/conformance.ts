/** What every store must do. Each implementation's test registers the suite with its own opener. */
import assert from "node:assert/strict";
import { VtError } from "../shared/error/errors.ts";
import type { Call, Entry, Lock, LockContents, Store, Version, WatchEvent } from "./store.ts";

/** Stores of one fresh root; each call of `open` is another client of it. */
export interface Fixture extends AsyncDisposable {
  readonly open: () => Store;
}

interface Context {
  readonly store: Store;
  /** A second client. */
  readonly other: Store;
  readonly call: Call;
  readonly stop: AbortController;
}

type Case = (context: Context) => Promise<void>;

const HOLDER: LockContents = {
  action: "CreateShard -80",
  hostName: "host1",
  userName: "vitess",
  time: "2026-01-02T03:04:05Z",
  process: "",
};

/** Registers one test per case. */
export function registerConformance(name: string, start: () => Promise<Fixture>): void {
  for (const [title, run] of Object.entries(CASES)) {
    Deno.test(`${name} store: ${title}`, async () => {
      await using fixture = await start();
      await using store = fixture.open();
      await using other = fixture.open();
      const stop = new AbortController();
      await run({ store, other, stop, call: { signal: stop.signal } });
    });
  }
}

const CASES: Readonly<Record<string, Case>> = {
  "get, list, create, put and delete": reads,
  "a write with a version fails when somebody else wrote": versions,
  "concurrent writers by version lose nothing": counter,
  "values are bytes": bytes,
  "a call ends with its signal": signals,
  "watch gives a snapshot, then each change in order, and ends with its signal": watches,
  "watch sees every change of a busy prefix": watchesMany,
  "a lock excludes, is passed on in order and leaves no key": locks,
  "tryLock names the holder": triesLock,
  "a holder that has gone is evicted, and tokens grow": evicts,
  "whoever gives up waiting for a lock leaves the line": givesUpLock,
  "an election has one leader at a time": elects,
};

async function reads({ store, other, call }: Context): Promise<void> {
  await rejects(store.get("keyspaces/a/Keyspace", call), "VT21001");
  assert.deepEqual(await store.list("keyspaces/", call), []);
  const version = await store.create("keyspaces/b/Keyspace", text("b"), call);
  await store.create("keyspaces/a/Keyspace", text("a"), call);
  await store.create("keyspaces_of_others", text("x"), call);
  await rejects(store.create("keyspaces/a/Keyspace", text("z"), call), "VT21002");
  assert.deepEqual(show([await other.get("keyspaces/b/Keyspace", call)]), [
    "keyspaces/b/Keyspace=b",
  ]);
  assert.equal((await store.get("keyspaces/b/Keyspace", call)).version, version);
  const listed = await store.list("keyspaces/", call);
  assert.deepEqual(show(listed), ["keyspaces/a/Keyspace=a", "keyspaces/b/Keyspace=b"]);
  await store.put("keyspaces/a/Keyspace", text("a2"), undefined, call);
  await store.put("new", text("n"), undefined, call);
  assert.deepEqual(show(await store.list("", call)), [
    "keyspaces/a/Keyspace=a2",
    "keyspaces/b/Keyspace=b",
    "keyspaces_of_others=x",
    "new=n",
  ]);
  await store.delete("new", undefined, call);
  await rejects(store.delete("new", undefined, call), "VT21001");
}

async function versions({ store, other, call }: Context): Promise<void> {
  const first = await store.create("p", text("1"), call);
  const second = await other.put("p", text("2"), first, call);
  await rejects(store.put("p", text("3"), first, call), "VT21003");
  await rejects(store.delete("p", first, call), "VT21003");
  await store.delete("p", second, call);
  await rejects(store.put("p", text("4"), second, call), "VT21003");
  await rejects(store.delete("p", second, call), "VT21001");
}

async function counter({ store, other, call }: Context): Promise<void> {
  await store.create("n", text("0"), call);
  const add = async (client: Store) => {
    for (let done = 0; done < 10;) {
      const { value, version } = await client.get("n", call);
      const next = text(String(Number(decode(value)) + 1));
      done += await wins(client.put("n", next, version, call)) ? 1 : 0;
    }
  };
  await Promise.all([store, other, store, other].map(add));
  assert.equal(decode((await store.get("n", call)).value), "40");
}

async function wins(write: Promise<Version>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof VtError && error.id === "VT21003") return false;
    throw error;
  }
}

async function bytes({ store, other, call }: Context): Promise<void> {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  await store.create("all", all, call);
  await store.create("none", new Uint8Array(), call);
  const large = new Uint8Array(1_000_000).fill(7);
  await store.create("large", large, call);
  assert.deepEqual((await other.get("all", call)).value, all);
  assert.deepEqual((await other.get("none", call)).value, new Uint8Array());
  assert.equal((await other.get("large", call)).value.length, large.length);
}

async function signals({ store }: Context): Promise<void> {
  const reason = new Error("enough");
  const call = { signal: AbortSignal.abort(reason) };
  await assert.rejects(store.get("p", call), reason);
  await assert.rejects(store.put("p", text("1"), undefined, call), reason);
  await assert.rejects(store.lock("p", HOLDER, call), reason);
}

async function watches({ store, other, call, stop }: Context): Promise<void> {
  await store.create("tablets/a", text("1"), call);
  const events = store.watch("tablets/", call)[Symbol.asyncIterator]();
  assert.deepEqual(await next(events), "snapshot tablets/a=1");
  await other.create("elsewhere", text("x"), call);
  await other.put("tablets/a", text("2"), undefined, call);
  await store.create("tablets/b", text("1"), call);
  await store.delete("tablets/a", undefined, call);
  await store.create("tablets/a", text("3"), call);
  assert.deepEqual(
    [await next(events), await next(events), await next(events), await next(events)],
    ["put tablets/a=2", "put tablets/b=1", "delete tablets/a", "put tablets/a=3"],
  );
  const last = events.next();
  stop.abort();
  assert.equal((await last).done, true);
}

async function watchesMany({ store, other, call }: Context): Promise<void> {
  const changes = 1500;
  const writing = (async () => {
    for (let i = 1; i <= changes; i += 10) {
      const batch = Array.from({ length: 10 }, (_, j) => `n/${i + j}`);
      await Promise.all(batch.map((path) => other.create(path, text("x"), call)));
    }
  })();
  const seen = new Set<string>();
  for await (const event of store.watch("n/", call)) {
    if (event.on === "snapshot") { for (const entry of event.entries) seen.add(entry.path); }
    if (event.on === "put") {
      assert.equal(seen.has(event.entry.path), false, `${event.entry.path} came twice`);
      seen.add(event.entry.path);
    }
    if (seen.size === changes) break;
  }
  await writing;
  assert.equal(seen.size, changes);
}

async function locks({ store, other, call }: Context): Promise<void> {
  const first = await store.lock("keyspaces/a", HOLDER, call);
  const [key] = await store.list("", call);
  assert.match(key?.path ?? "", /^keyspaces\/a\/locks\/[0-9]+$/);
  assert.deepEqual(JSON.parse(decode(key?.value ?? new Uint8Array())), {
    Action: "CreateShard -80",
    HostName: "host1",
    UserName: "vitess",
    Time: "2026-01-02T03:04:05Z",
    Status: "Running",
  });
  const order: string[] = [];
  const wait = async (name: string, client: Store) => {
    await using lock = await client.lock("keyspaces/a", HOLDER, call);
    order.push(name);
    lock.check();
  };
  const second = wait("second", other);
  await inLine(store, 2, call);
  const third = wait("third", store);
  await inLine(store, 3, call);
  await using elsewhere = await other.lock("keyspaces/b", HOLDER, call);
  elsewhere.check();
  first.check();
  assert.deepEqual([order.length, first.lost.aborted], [0, false]);
  await first[Symbol.asyncDispose]();
  assert.throws(() => first.check(), { id: "VT21007" });
  await Promise.all([second, third]);
  assert.deepEqual(order, ["second", "third"]);
  assert.deepEqual(await store.list("keyspaces/a/", call), []);
}

async function triesLock({ store, other, call }: Context): Promise<void> {
  const lock: Lock = await store.tryLock("keyspaces/a", HOLDER, call);
  await assert.rejects(
    other.tryLock("keyspaces/a", HOLDER, call),
    /keyspaces\/a is locked by CreateShard -80 by vitess@host1 since 2026-01-02T03:04:05Z;/,
  );
  assert.equal((await store.list("", call)).length, 1);
  await lock[Symbol.asyncDispose]();
  const again = await other.tryLock("keyspaces/a", HOLDER, call);
  await again[Symbol.asyncDispose]();
  assert.deepEqual(await store.list("", call), []);
}

async function evicts({ store, other, call }: Context): Promise<void> {
  const gone: LockContents = { ...HOLDER, process: "1" };
  await using first = await store.lock("p", gone, call);
  const isGone = (holder: LockContents) => Promise.resolve(holder.process === "1");
  const waiting = other.lock("p", { ...HOLDER, process: "2" }, call);
  await inLine(store, 2, call, "p");
  assert.equal(await other.evict("p", isGone, call), true);
  await using second = await waiting;
  assert.ok(second.token > first.token);
  assert.equal(await store.evict("p", isGone, call), false);
  second.check();
  assert.equal(await store.evict("q", isGone, call), false);
}

async function givesUpLock({ store, other, call }: Context): Promise<void> {
  await using lock = await store.lock("p", HOLDER, call);
  const patience = new AbortController();
  const waiting = other.lock("p", HOLDER, { signal: patience.signal });
  void waiting.catch(() => {
    // Checked below; it may reject before that line is reached.
  });
  await inLine(store, 2, call, "p");
  const reason = new Error("no longer");
  patience.abort(reason);
  await assert.rejects(waiting, reason);
  await inLine(store, 1, call, "p");
  lock.check();
}

async function elects({ store, other, call }: Context): Promise<void> {
  assert.equal(await store.leader("vtctld", call), undefined);
  const first = await store.campaign("vtctld", "ctl-1", call);
  assert.equal(await other.leader("vtctld", call), "ctl-1");
  const candidate = other.campaign("vtctld", "ctl-2", call);
  await inLine(store, 2, call, "elections/vtctld");
  assert.equal(await store.leader("vtctld", call), "ctl-1");
  await first[Symbol.asyncDispose]();
  assert.equal(first.lost.aborted, true);
  const second = await candidate;
  assert.equal(await store.leader("vtctld", call), "ctl-2");
  await second[Symbol.asyncDispose]();
  assert.deepEqual(await store.list("", call), []);
}

/** Waits until so many hold or wait for a lock. */
async function inLine(
  store: Store,
  count: number,
  call: Call,
  path = "keyspaces/a",
): Promise<void> {
  for await (const _ of store.watch(`${path}/locks/`, call)) {
    if ((await store.list(`${path}/locks/`, call)).length === count) return;
  }
}

async function next(events: AsyncIterator<WatchEvent>): Promise<string> {
  const { value } = await events.next();
  const event: WatchEvent = value;
  if (event.on === "snapshot") return `snapshot ${show(event.entries).join(" ")}`;
  return event.on === "put" ? `put ${show([event.entry])}` : `delete ${event.path}`;
}

async function rejects(work: Promise<unknown>, id: string): Promise<void> {
  await assert.rejects(work, (error) => error instanceof VtError && error.id === id, `want ${id}`);
}

function show(entries: readonly Entry[]): string[] {
  return entries.map((entry) => `${entry.path}=${decode(entry.value)}`);
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function decode(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
