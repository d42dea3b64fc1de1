import assert from "node:assert/strict";
import { vtError } from "../error/errors.ts";
import { Hono } from "hono";
import { createHttpApp, limitBody, readJsonBody, serveHttp } from "./http.ts";
import { SILENT_LOG } from "./log.ts";
import { Metrics } from "./metrics.ts";

Deno.test("the HTTP face answers status, variables, health, readiness and metrics", async () => {
  const metrics = new Metrics();
  metrics.counter("queries_total", "Queries.").add(2, { type: 'a"b' });
  let reason = "not yet";
  const app = createHttpApp({
    program: "vtgate",
    metrics,
    log: SILENT_LOG,
    status: () => ({ Tablets: [{ alias: "<zone1>", lag: 1 }] }),
    notReady: () => reason,
  });
  app.get("/fails", () => {
    throw vtError("VT05003", "x");
  });
  await using server = serveHttp(app, { hostname: "127.0.0.1", port: 0 });
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return [response.status, await response.text()] as const;
  };
  assert.deepEqual(await get("/healthz"), [200, "ok\n"]);
  assert.deepEqual(await get("/readyz"), [503, "not yet\n"]);
  reason = "";
  assert.deepEqual(await get("/readyz"), [200, "ok\n"]);
  assert.match((await get("/debug/status"))[1], /<h2>Tablets<\/h2>\n<table>.*&#60;zone1&#62;/);
  assert.equal(
    (await get("/debug/status?format=json"))[1],
    '{"Tablets":[{"alias":"<zone1>","lag":1}]}',
  );
  assert.match((await get("/metrics"))[1], /^queries_total\{type="a\\"b"\} 2$/m);
  assert.equal(JSON.parse((await get("/debug/vars"))[1]).queries_total['type="a\\"b"'], 2);
  const [status, body] = await get("/fails");
  assert.equal(status, 404);
  assert.deepEqual(JSON.parse(body), {
    id: "VT05003",
    message: "VT05003: unknown database 'x' in vschema",
    errno: 1049,
    sqlState: "42000",
  });
  assert.equal((await get("/nowhere"))[0], 404);
});

/** A request as bytes, since fetch sets Host itself. Answers the status line. */
async function statusOf(port: number, head: readonly string[]): Promise<string> {
  using socket = await Deno.connect({ hostname: "127.0.0.1", port });
  await socket.write(new TextEncoder().encode([...head, "connection: close", "", ""].join("\r\n")));
  const text = await new Response(socket.readable).text();
  return text.slice(0, text.indexOf("\r\n"));
}

Deno.test("a loopback server answers this machine's names alone", async () => {
  const app = new Hono();
  app.get("/", (context) => context.text("ok"));
  await using server = serveHttp(app, { hostname: "127.0.0.1", port: 0 });
  for (const host of ["localhost", "127.0.0.1", `LOCALHOST:${server.port}`, "[::1]:80"]) {
    assert.equal(
      await statusOf(server.port, ["GET / HTTP/1.1", `host: ${host}`]),
      "HTTP/1.1 200 OK",
      host,
    );
  }
  for (const host of ["evil.example", "127.0.0.1.evil.example:80", "localhost.evil.example"]) {
    assert.equal(
      await statusOf(server.port, ["GET / HTTP/1.1", `host: ${host}`]),
      "HTTP/1.1 403 Forbidden",
      host,
    );
  }
});

Deno.test("readJsonBody() takes JSON that says so, limitBody() what is small", async () => {
  const metrics = new Metrics();
  const face = { program: "vtgate", metrics, log: SILENT_LOG, status: () => ({}) };
  const app = createHttpApp({ ...face, notReady: () => "" });
  app.post("/", limitBody(100), async (context) => context.json(await readJsonBody(context)));
  const post = async (type: string, body: string | ReadableStream<Uint8Array>) => {
    const headers = { "content-type": type };
    const response = await app.request("/", { method: "POST", headers, body });
    return [response.status, await response.json()] as const;
  };
  assert.deepEqual(await post("application/json; charset=utf-8", '{"a":1}'), [200, { a: 1 }]);
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"]) {
    const [status, { message }] = await post(type, '{"a":1}');
    assert.deepEqual([status, /content-type: application\/json/.test(message)], [400, true], type);
  }
  assert.equal((await post("application/json", "{"))[0], 400);
  const long = JSON.stringify("x".repeat(100));
  for (const body of [long, new Blob([long]).stream()]) {
    const [status, { message }] = await post("application/json", body);
    assert.deepEqual([status, message], [
      400,
      "VT20013: malformed message: a request takes 100 bytes at most",
    ]);
  }
});
