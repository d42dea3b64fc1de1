/** The store on a real etcd that is killed, stopped, compacted and cut off. */
import assert from "node:assert/strict";
import { VtError } from "../../shared/error/errors.ts";
import { sleep } from "../../shared/host/clock.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import { type Etcd, startEtcd } from "../../tests/harness/etcd.ts";
import { TcpProxy } from "../../tests/harness/tcp_proxy.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import type { Call, LockContents } from "../store.ts";
import { Gateway } from "./gateway.ts";
import { EtcdStore } from "./store.ts";

const ROOT = "/vitess/test";
const HOLDER: LockContents = {
  action: "test",
  hostName: "h",
  userName: "u",
  time: "now",
  process: "",
};

interface Bench {
  readonly etcd: Etcd;
  readonly proxy: TcpProxy;
  /** Talks to etcd directly. */
  readonly direct: EtcdStore;
  /** Talks through the proxy. */
  readonly store: EtcdStore;
  readonly call: Call;
  /** Another store of the root, closed with the test. */
  readonly open: (addresses: readonly string[], leaseTtlSeconds?: number) => EtcdStore;
}

function faultTest(name: string, run: (bench: Bench) => Promise<void>): void {
  Deno.test(`etcd store: ${name}`, async () => {
    await using scope = new AsyncDisposableStack();
    const etcd = scope.use(await startEtcd());
    const proxy = scope.use(TcpProxy.to(etcd.address));
    const stop = new AbortController();
    const open = (addresses: readonly string[], leaseTtlSeconds = 2) => {
      const gateway = new Gateway({ addresses, log: SILENT_LOG, callMs: 2000 });
      const options = { root: ROOT, leaseTtlSeconds, ownsGateway: true };
      return scope.use(new EtcdStore(gateway, options));
    };
    const direct = open([etcd.url]);
    const store = open([`http://${proxy.address}`]);
    scope.defer(() => stop.abort());
    await run({ etcd, proxy, direct, store, call: { signal: stop.signal }, open });
  });
}

/** What a watch has told: the present values, and how often each was told. */
class Follower implements AsyncDisposable {
  readonly values = new Map<string, string>();
  snapshots = 0;
  changes = 0;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(store: EtcdStore, prefix: string) {
    this.#done = this.#follow(store, prefix);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #follow(store: EtcdStore, prefix: string): Promise<void> {
    const decode = (value: Uint8Array) => new TextDecoder().decode(value);
    for await (const event of store.watch(prefix, { signal: this.#stop.signal })) {
      if (event.on === "snapshot") {
        this.snapshots++;
        this.values.clear();
        for (const entry of event.entries) this.values.set(entry.path, decode(entry.value));
        continue;
      }
      this.changes++;
      if (event.on === "put") this.values.set(event.entry.path, decode(event.entry.value));
      else this.values.delete(event.path);
    }
  }
}

async function write(store: EtcdStore, from: number, to: number, call: Call): Promise<void> {
  for (let i = from; i < to; i += 20) {
    const batch = Array.from({ length: Math.min(20, to - i) }, (_, j) => i + j);
    await Promise.all(batch.map((n) => store.put(`n/${n}`, text(String(n)), undefined, call)));
  }
}

faultTest("a watch whose connection is cut again and again loses no event", async (bench) => {
  const { proxy, direct, store, call } = bench;
  await using follower = new Follower(store, "n/");
  await waitFor("the snapshot", () => follower.snapshots === 1);
  const total = 2000;
  const writing = write(direct, 0, total, call);
  let cuts = 0;
  await waitFor("all events", () => {
    if (cuts < 8 && follower.changes > cuts * 150) {
      proxy.cut();
      cuts++;
    }
    return follower.changes >= total;
  }, { everyMs: 5 });
  await writing;
  assert.deepEqual([follower.snapshots, follower.changes, follower.values.size], [1, total, total]);
  assert.ok(cuts >= 5, `${cuts} cuts`);
});

faultTest("a watch that was away catches up on many events, cut while it does", async (bench) => {
  const { proxy, direct, store, call } = bench;
  await using follower = new Follower(store, "n/");
  await waitFor("the snapshot", () => follower.snapshots === 1);
  proxy.refuse();
  const total = 4000;
  await write(direct, 0, total, call);
  assert.equal(follower.changes, 0);
  proxy.accept();
  await waitFor("the first events", () => follower.changes > 0, { everyMs: 1 });
  proxy.cut();
  await waitFor("all events", () => follower.changes >= total);
  assert.deepEqual([follower.snapshots, follower.changes, follower.values.size], [1, total, total]);
});

faultTest("a watch goes on after etcd was killed and started again", async (bench) => {
  const { etcd, direct, call } = bench;
  await using follower = new Follower(direct, "n/");
  await waitFor("the snapshot", () => follower.snapshots === 1);
  await write(direct, 0, 100, call);
  await etcd.kill();
  await assert.rejects(direct.get("n/1", call), { id: "VT21005" });
  await etcd.start();
  const upMs = performance.now();
  await waitFor("a write after the restart", async () => {
    await direct.put("n/100", text("100"), undefined, call);
    return true;
  });
  await waitFor("its event", () => follower.values.has("n/100"));
  reportMs("watch resumed after etcd was up", performance.now() - upMs);
  assert.deepEqual([follower.snapshots, follower.values.size], [1, 101]);
});

faultTest("a watch survives a compaction beyond its revision with a snapshot", async (bench) => {
  const { etcd, proxy, direct, store, call } = bench;
  await direct.create("n/old", text("old"), call);
  await using follower = new Follower(store, "n/");
  await waitFor("the snapshot", () => follower.values.has("n/old"));
  proxy.refuse();
  await write(direct, 0, 50, call);
  await direct.delete("n/old", undefined, call);
  const revision = (await direct.get("n/49", call)).version;
  await etcd.ctl("compact", String(Number(revision) + 1));
  proxy.accept();
  await waitFor("the second snapshot", () => follower.snapshots === 2);
  assert.deepEqual([follower.values.size, follower.values.has("n/old")], [50, false]);
  await direct.create("n/new", text("new"), call);
  await waitFor("an event after it", () => follower.values.has("n/new"));
});

faultTest("a watch starts anew when etcd has lost its data", async (bench) => {
  const { etcd, direct, call } = bench;
  await write(direct, 0, 100, call);
  await using follower = new Follower(direct, "n/");
  await waitFor("the snapshot", () => follower.values.size === 100);
  await etcd.kill();
  await etcd.wipe();
  await etcd.start();
  await waitFor("a write after the loss", async () => {
    await direct.put("n/0", text("0"), undefined, call);
    return true;
  });
  await waitFor("the loss to show", () => follower.values.size === 1);
  await direct.put("n/1", text("1"), undefined, call);
  await waitFor("an event after it", () => follower.values.size === 2);
});

faultTest("a watch moves to another endpoint when its etcd is stopped", async (bench) => {
  const { etcd, proxy, direct, call, open } = bench;
  const both = open([`http://${proxy.address}`, etcd.url]);
  await using follower = new Follower(both, "n/");
  await waitFor("the snapshot", () => follower.snapshots === 1);
  // To the watch this is what a stopped server is: connections stay, nothing comes.
  proxy.freeze();
  const frozenMs = performance.now();
  await write(direct, 0, 10, call);
  await waitFor("the events, elsewhere", () => follower.changes === 10);
  reportMs("watch moved away from a silent etcd", performance.now() - frozenMs);
  assert.equal(follower.snapshots, 1);
});

faultTest(
  "calls to a stopped etcd end by their deadline, and work again after it",
  async (bench) => {
    const { etcd, direct, call } = bench;
    await direct.create("p", text("1"), call);
    await using follower = new Follower(direct, "p");
    await waitFor("the snapshot", () => follower.values.get("p") === "1");
    await etcd.pause();
    const startMs = performance.now();
    const outcomes = await Promise.allSettled([
      direct.get("p", call),
      direct.list("", call),
      direct.put("p", text("2"), undefined, call),
      direct.tryLock("p", HOLDER, call),
      direct.leader("e", call),
    ]);
    const tookMs = performance.now() - startMs;
    const ids = outcomes.map((o) =>
      o.status === "rejected" && o.reason instanceof VtError && o.reason.id
    );
    assert.deepEqual(ids, ids.map(() => "VT21004"));
    assert.ok(tookMs < 3500, `took ${tookMs} ms`);
    etcd.resume();
    await waitFor("a write to go through", async () => {
      await direct.put("p", text("3"), undefined, call);
      return true;
    });
    await waitFor("the watch to tell it", () => follower.values.get("p") === "3");
  },
);

faultTest("nobody believes in a lock longer than the server keeps it", async (bench) => {
  const { proxy, direct, store, call } = bench;
  const lock = await store.lock("p", HOLDER, call);
  await sleep(2500, call);
  // The keepalives carried it over its TTL of 2 s.
  lock.check();
  let lostMs = 0;
  lock.lost.addEventListener("abort", () => lostMs = performance.now());
  const waiting = direct.lock("p", HOLDER, call);
  proxy.freeze();
  const frozenMs = performance.now();
  const next = await waiting;
  const grantedMs = performance.now();
  assert.ok(lock.lost.aborted && lostMs > 0, "the first holder must know");
  assert.throws(() => lock.check(), { id: "VT21007" });
  assert.ok(lostMs <= grantedMs, `lost at ${lostMs}, granted to the next at ${grantedMs}`);
  assert.ok(lostMs - frozenMs <= 2300, `believed for ${lostMs - frozenMs} ms`);
  next.check();
  proxy.thaw();
  await next[Symbol.asyncDispose]();
  await lock[Symbol.asyncDispose]();
  assert.deepEqual(await direct.list("", call), []);
});

faultTest("a lock is lost by our clock also while nothing runs here", async (bench) => {
  const { proxy, store, call } = bench;
  const lock = await store.lock("p", HOLDER, call);
  proxy.freeze();
  // The thread is blocked: no timer can fire before check() looks at the clock.
  const endMs = performance.now() + 2100;
  while (performance.now() < endMs);
  assert.throws(() => lock.check(), { id: "VT21007" });
  assert.equal(lock.lost.aborted, true);
  proxy.thaw();
  await lock[Symbol.asyncDispose]();
});

faultTest("a lock that the server dropped is lost at the next keepalive", async (bench) => {
  const { etcd, open, call } = bench;
  const store = open([etcd.url], 6);
  await using lock = await store.lock("p", HOLDER, call);
  const [entry] = await store.list("p/locks/", call);
  const lease = BigInt(entry?.path.split("/").at(-1) ?? "0").toString(16);
  await etcd.ctl("lease", "revoke", lease);
  await waitFor("the loss", () => lock.lost.aborted, { timeoutMs: 5000 });
});

faultTest("there is one leader at a time while etcd is killed, stopped and cut", async (bench) => {
  const { etcd, proxy, direct, store, open, call } = bench;
  const stop = new AbortController();
  const terms: Term[] = [];
  const candidates = [store, direct, open([etcd.url])].map((candidate, i) =>
    stand(candidate, `ctl-${i}`, i === 0 ? 3000 : 200, terms, stop.signal)
  );
  const led = (count: number) => waitFor(`${count} terms`, () => terms.length >= count);
  await led(2);
  await etcd.restart();
  await led(terms.length + 3);
  await etcd.pause();
  await waitFor("all leaders to step down", () => terms.every((term) => term.endMs !== undefined));
  etcd.resume();
  await led(terms.length + 3);
  // The one behind the proxy leads for longer than its lease lasts.
  const last = () => terms.at(-1);
  await waitFor("its term", () => last()?.id === "ctl-0" && last()?.endMs === undefined);
  proxy.freeze();
  await led(terms.length + 3);
  proxy.thaw();
  stop.abort();
  await Promise.all(candidates);
  assertOneAtATime(terms);
  await waitFor("no key left", async () => (await direct.list("", call)).length === 0);
});

interface Term {
  readonly id: string;
  readonly startMs: number;
  endMs: number | undefined;
}

/** Leads for a moment again and again, until the signal. */
async function stand(
  store: EtcdStore,
  id: string,
  holdMs: number,
  terms: Term[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await using leadership = await store.campaign("vtctld", id, { signal });
      const term: Term = { id, startMs: performance.now(), endMs: undefined };
      leadership.lost.addEventListener("abort", () => term.endMs ??= performance.now());
      terms.push(term);
      await sleep(holdMs, { signal: AbortSignal.any([signal, leadership.lost]) }).catch(() => {});
      term.endMs ??= performance.now();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

function assertOneAtATime(terms: readonly Term[]): void {
  const sorted = [...terms].sort((a, b) => a.startMs - b.startMs);
  sorted.forEach((term, i) => {
    const next = sorted[i + 1];
    if (next === undefined) return;
    assert.ok((term.endMs ?? Infinity) <= next.startMs, `${term.id} and ${next.id} led together`);
  });
}

faultTest("calls go to the endpoint that answers", async (bench) => {
  const { etcd, proxy, call, open } = bench;
  const store = open([`http://${proxy.address}`, etcd.url]);
  await store.create("p", text("1"), call);
  proxy.refuse();
  await store.put("p", text("2"), undefined, call);
  proxy.accept();
  proxy.freeze();
  const both = open([`http://${proxy.address}`, etcd.url]);
  assert.equal((await both.get("p", call)).value.length, 1);
  proxy.thaw();
});

function reportMs(what: string, ms: number): void {
  if (Deno.env.get("VT_REPORT") === "1") {
    Deno.stderr.writeSync(text(`${what}: ${Math.round(ms)} ms\n`));
  }
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}
