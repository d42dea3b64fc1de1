import assert from "node:assert/strict";
import { createHttpApp } from "../../shared/host/http.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import { Metrics } from "../../shared/host/metrics.ts";
import { addAdminRpc, type Handlers } from "./admin_rpc.ts";
import { Fence } from "./fence.ts";

type Ping = Handlers["Ping"];

/** A tablet whose Ping is `ping`; each request is one. */
function tablet(ping: Ping, signal: AbortSignal): () => Promise<Response> {
  const log = SILENT_LOG;
  const app = createHttpApp({
    program: "vttablet",
    metrics: new Metrics(),
    log,
    status: () => ({}),
    notReady: () => "",
  });
  const noRows = { query: () => Promise.reject(new Error("no call here has a token")) };
  const handlers: Partial<Handlers> = { Ping: ping };
  addAdminRpc(app, handlers as Handlers, { log, signal, fence: new Fence(noRows, "vt_a") });
  const headers = { "content-type": "application/json" };
  return async () => await app.request("/rpc/Ping", { method: "POST", body: "{}", headers });
}

Deno.test("a call that stands when its tablet ends is answered, and ended", async () => {
  const stop = new AbortController();
  const call = tablet(async (_, { signal }) => {
    const aborted = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => aborted.reject(signal.reason), { once: true });
    return await aborted.promise;
  }, stop.signal);
  const answer = call();
  queueMicrotask(() => stop.abort(new DOMException("The tablet shuts down", "AbortError")));
  const { id, message } = await (await answer).json();
  assert.equal(id, "VT20014");
  assert.match(message, /Ping: The tablet shuts down/);
});

Deno.test("a call leaves no limit of time behind", async () => {
  const { timeout } = AbortSignal;
  const limits: number[] = [];
  // Such a signal is there until its time is over: minutes behind a call that took one of them.
  AbortSignal.timeout = (ms) => {
    limits.push(ms);
    return timeout.call(AbortSignal, ms);
  };
  try {
    const alias = { cell: "zone1", uid: 100 };
    const call = tablet(() => Promise.resolve({ alias }), new AbortController().signal);
    for (let i = 0; i < 3; i++) assert.deepEqual(await (await call()).json(), { alias });
  } finally {
    AbortSignal.timeout = timeout;
  }
  assert.deepEqual(limits, []);
});
