import assert from "node:assert/strict";
import { ActionLock } from "./action_lock.ts";

const { signal } = new AbortController();

Deno.test("ActionLock runs one action at a time, in order, also after a failure", async () => {
  const lock = new ActionLock();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = lock.run("first", async () => {
    log.push("first begins");
    await gate.promise;
    throw new Error("first fails");
  }, { signal });
  const second = lock.run("second", () => {
    log.push("second");
    return Promise.resolve(2);
  }, { signal });
  assert.equal(await lock.tryRun(() => Promise.resolve(), { signal }), false);
  const gone = new AbortController();
  const third = lock.run("third", () => Promise.resolve(log.push("third")), gone);
  gone.abort(new Error("gave up"));
  await assert.rejects(third, /gave up/);
  gate.resolve();
  await assert.rejects(first, /first fails/);
  assert.equal(await second, 2);
  assert.deepEqual(log, ["first begins", "second"]);
  assert.equal(await lock.tryRun(() => Promise.resolve(), { signal }), true);
  assert.equal(lock.busy, false);
});
