import assert from "node:assert/strict";
import { claim, handOver, release } from "./claims.ts";

Deno.test("a name is claimed by one, until that ends or its time is up", async () => {
  const name = `test-${crypto.randomUUID()}`;
  assert.ok(claim(name));
  assert.ok(!claim(name));
  assert.ok(!claim(name, { maxMs: 60_000 }));
  assert.ok(claim(name, { maxMs: 0 }));
  const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  handOver(name, child.pid);
  assert.ok(!claim(name));
  child.kill("SIGKILL");
  await child.status;
  assert.ok(claim(name));
  release(name);
});
