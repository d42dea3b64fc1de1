import assert from "node:assert/strict";
import { VtError } from "../error/errors.ts";
import { PROTOCOL_VERSION, writeHello } from "../rpc/frame.ts";
import { WireWriter } from "../rpc/wire.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { SILENT_LOG } from "./log.ts";
import { connectMux, type MuxClient, type Receiver } from "./mux_client.ts";
import { type MuxPeer, MuxServer, type ServerCall } from "./mux_server.ts";

const NEVER = new AbortController().signal;
const FAST = { pingMs: 20, deadMs: 100 };

interface Served {
  readonly calls: { readonly call: ServerCall; readonly request: Uint8Array }[];
  closed: number;
}

function serve(
  onCall: (call: ServerCall, request: Uint8Array, served: Served) => void,
  keepalive = FAST,
): { readonly server: MuxServer; readonly served: Served } {
  const served: Served = { calls: [], closed: 0 };
  const accept = (): MuxPeer => ({
    onCall: (call, request) => {
      served.calls.push({ call, request: request.slice() });
      onCall(call, request, served);
    },
    onClosed: () => served.closed++,
  });
  const name = "zone1-0000000100";
  const server = new MuxServer({
    hostname: "127.0.0.1",
    port: 0,
    name,
    log: SILENT_LOG,
    accept,
    keepalive,
  });
  return { server, served };
}

async function connect(port: number, keepalive = FAST): Promise<MuxClient> {
  return await connectMux({
    hostname: "127.0.0.1",
    port,
    name: "gate",
    peer: "zone1-0000000100",
    signal: NEVER,
    keepalive,
  });
}

/** Calls and gathers the whole answer. */
function ask(client: MuxClient, request: Uint8Array, signal = NEVER): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const receiver: Receiver = {
    data: (payload) => {
      parts.push(payload.slice());
    },
    end: (payload) => {
      parts.push(payload.slice());
      const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
      let at = 0;
      for (const part of parts) {
        whole.set(part, at);
        at += part.length;
      }
      resolve(whole);
    },
    fail: reject,
  };
  client.call((out) => out.raw(request), receiver, signal);
  return promise;
}

function hasId(id: string, text = /./): (error: unknown) => boolean {
  return (error) => error instanceof VtError && error.id === id && text.test(error.message);
}

/** The answer repeats the request, after `await`. */
function echo(call: ServerCall, request: Uint8Array): void {
  const copy = request.slice();
  queueMicrotask(() => void call.endBytes(copy));
}

Deno.test("mux: calls in flight at once each get their own answer, of any size", async () => {
  const { server } = serve(echo);
  await using _server = server;
  using client = await connect(server.port);
  assert.equal(client.peerName, "zone1-0000000100");
  const requests = [0, 1, 10, 1000, 100_000, 1 << 20, 5_000_000].map((bytes, index) =>
    new Uint8Array(bytes).fill(index + 1)
  );
  const answers = await Promise.all(requests.map((request) => ask(client, request)));
  for (const [index, request] of requests.entries()) {
    assert.equal(answers[index]?.length, request.length);
    assert.ok(answers[index]?.every((byte) => byte === index + 1));
  }
  assert.equal(client.load, 0);
});

Deno.test("mux: a slow reader holds the window and no more, and no neighbour", async () => {
  let written = 0;
  const total = 8 * 1024 * 1024;
  const { server } = serve(async (call, request) => {
    if (request[0] === 2) return call.end((out) => out.u8(2));
    const chunk = new Uint8Array(64 * 1024);
    while (written < total) {
      written += chunk.length;
      await call.write(chunk);
    }
    call.end(() => {});
  });
  await using _server = server;
  using client = await connect(server.port);
  let read = 0;
  const gates: (() => void)[] = [];
  const done = Promise.withResolvers<void>();
  client.call((out) => out.u8(1), {
    data: (payload) => {
      read += payload.length;
      return new Promise((resolve) => gates.push(resolve));
    },
    end: () => done.resolve(),
    fail: done.reject,
  }, NEVER);
  await waitFor("the first part", () => gates.length === 1);
  for (let round = 0; round < 20; round++) await ask(client, Uint8Array.of(2));
  assert.ok(written <= 512 * 1024, `${written} bytes were sent to a reader that took ${read}`);
  const open = setInterval(() => gates.splice(0).forEach((go) => go()), 0);
  await done.promise;
  clearInterval(open);
  assert.equal(read, total);
});

Deno.test("mux: one write far larger than the window waits for its reader too", async () => {
  const total = 20 * 1024 * 1024;
  const { server } = serve(async (call, request) => {
    if (request[0] === 2) return call.end((out) => out.u8(2));
    await call.write(new Uint8Array(total));
    call.end(() => {});
  });
  await using _server = server;
  using client = await connect(server.port);
  let read = 0;
  const pieces = { more: 0, last: 0 };
  const gates: (() => void)[] = [];
  const done = Promise.withResolvers<void>();
  client.call((out) => out.u8(1), {
    data: (payload, more) => {
      read += payload.length;
      pieces[more ? "more" : "last"]++;
      return new Promise((resolve) => gates.push(resolve));
    },
    end: () => done.resolve(),
    fail: done.reject,
  }, NEVER);
  await waitFor("the first piece", () => gates.length === 1);
  for (let round = 0; round < 20; round++) await ask(client, Uint8Array.of(2));
  assert.ok(read < 1024 * 1024);
  const open = setInterval(() => gates.splice(0).forEach((go) => go()), 0);
  await done.promise;
  clearInterval(open);
  assert.equal(read, total);
  assert.deepEqual(pieces, { more: 319, last: 1 });
});

Deno.test("mux: an abort reaches the tablet, whose last word decides", async () => {
  const { server, served } = serve((call, request) => {
    const kind = request[0];
    call.signal.addEventListener("abort", () => {
      if (kind === 1) call.fail(call.signal.reason);
      else call.end((out) => out.u8(7));
    });
  });
  await using _server = server;
  using client = await connect(server.port);
  const abort = new AbortController();
  const failing = ask(client, Uint8Array.of(1), abort.signal);
  const ending = ask(client, Uint8Array.of(2), abort.signal);
  await waitFor("the calls", () => served.calls.length === 2);
  abort.abort();
  await assert.rejects(failing, hasId("ER_QUERY_INTERRUPTED"));
  assert.deepEqual([...await ending], [7]);
  await assert.rejects(
    ask(client, Uint8Array.of(3), abort.signal),
    hasId("ER_QUERY_INTERRUPTED"),
  );
  assert.equal(served.calls.length, 2);
});

Deno.test("mux: an abort amid a large request stops it from running", async () => {
  const { server, served } = serve(echo);
  await using _server = server;
  using client = await connect(server.port);
  const abort = new AbortController();
  const large = ask(client, new Uint8Array(64 * 1024 * 1024), abort.signal);
  queueMicrotask(() => abort.abort());
  await assert.rejects(large, hasId("ER_QUERY_INTERRUPTED"));
  assert.equal((await ask(client, Uint8Array.of(1))).length, 1);
  assert.equal(served.calls.length, 1);
});

Deno.test("mux: a receiver that fails cancels its call and no other", async () => {
  const { server } = serve(async (call, request) => {
    if (request[0] === 2) return call.end((out) => out.u8(2));
    while (!call.signal.aborted) await call.write(new Uint8Array(100_000));
    call.fail(call.signal.reason);
  });
  await using _server = server;
  using client = await connect(server.port);
  const gone = new Error("the client is gone");
  const failed = Promise.withResolvers<unknown>();
  client.call((out) => out.u8(1), {
    data: () => Promise.reject(gone),
    end: () => failed.reject(new Error("ended")),
    fail: failed.resolve,
  }, NEVER);
  assert.equal(await failed.promise, gone);
  assert.deepEqual([...await ask(client, Uint8Array.of(2))], [2]);
});

Deno.test("mux: when the tablet goes, every call fails with VT20006; the tablet sees gates go", async () => {
  const { server, served } = serve(() => {});
  const client = await connect(server.port);
  const calls = [1, 2, 3].map((byte) => ask(client, Uint8Array.of(byte)));
  await waitFor("the calls", () => served.calls.length === 3);
  const outcome = Promise.allSettled(calls);
  await server[Symbol.asyncDispose]();
  for (const result of await outcome) {
    assert.ok(result.status === "rejected" && hasId("VT20006", /zone1-0000000100/)(result.reason));
  }
  await assert.rejects(ask(client, Uint8Array.of(1)), hasId("VT20001", /NOT_CONNECTED/));
  await waitFor("the tablet to notice", () => served.closed === 1);
  assert.ok(served.calls.every(({ call }) => call.signal.aborted));
});

Deno.test("mux: after GOAWAY new calls are refused as not started, those in flight end", async () => {
  const { server, served } = serve((call, request) => {
    if (request[0] === 2) call.end(() => {});
  });
  await using _server = server;
  using client = await connect(server.port);
  const inFlight = ask(client, Uint8Array.of(1));
  await waitFor("the call", () => served.calls.length === 1);
  server.goaway("SHUTTING_DOWN");
  await waitFor("the refusal", async () => {
    const result = await ask(client, Uint8Array.of(2)).catch((error: unknown) => error);
    return hasId("VT20001", /SHUTTING_DOWN/)(result);
  });
  served.calls[0]?.call.end((out) => out.u8(1));
  assert.equal((await inFlight).length, 1);
});

Deno.test("mux: a peer that falls silent counts as dead", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const connecting = connect(listener.addr.port);
  const socket = await accepted;
  const out = new WireWriter(64);
  writeHello(out, { name: "mute", windowBytes: 1000 });
  await socket.write(out.written());
  using client = await connecting;
  await assert.rejects(ask(client, Uint8Array.of(1)), hasId("VT20006", /no answer for/));
  socket.close();
  listener.close();
});

Deno.test("mux: keepalive holds an idle connection open", async () => {
  const { server } = serve(echo);
  await using _server = server;
  using client = await connect(server.port);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal((await ask(client, Uint8Array.of(1))).length, 1);
});

Deno.test("mux: another version, another program and nobody at all are told apart", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = listener.addr.port;
  const old = new WireWriter(64);
  writeHello(old, { name: "old", windowBytes: 1 }, PROTOCOL_VERSION + 1);
  for (
    const [bytes, id] of [
      [old.written(), "VT20015"],
      [new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"), "VT20013"],
    ] as const
  ) {
    const accepted = listener.accept();
    const refused = assert.rejects(connect(port), hasId(id));
    const socket = await accepted;
    await socket.write(bytes);
    await refused;
    socket.close();
  }
  listener.close();
  await assert.rejects(connect(port), hasId("VT20006", /refused/));
});

Deno.test("mux: garbage from one gate ends its connection and no other", async () => {
  const { server } = serve(echo);
  await using _server = server;
  using client = await connect(server.port);
  const socket = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  await socket.write(crypto.getRandomValues(new Uint8Array(5000)));
  const buffer = new Uint8Array(1000);
  try {
    while (await socket.read(buffer) !== null);
  } catch (error) {
    assert.ok(error instanceof Deno.errors.ConnectionReset);
  }
  socket.close();
  assert.equal((await ask(client, Uint8Array.of(1))).length, 1);
});
