import assert from "node:assert/strict";
import { vtError } from "../error/errors.ts";
import { createHttpApp, serveHttp } from "./http.ts";
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
