import assert from "node:assert/strict";
import { sleep } from "./clock.ts";
import { DeadlineError, withDeadline } from "./deadline.ts";

Deno.test("withDeadline() ends late work, and work whose caller has gone", async () => {
  const outer = new AbortController();
  const work = (signal: AbortSignal) => sleep(1e6, { signal });
  await assert.rejects(withDeadline(10, outer.signal, work), DeadlineError);
  const reason = new Error("gone");
  const ended = assert.rejects(withDeadline(1e6, outer.signal, work), reason);
  outer.abort(reason);
  await ended;
  await assert.rejects(withDeadline(1e6, outer.signal, work), reason);
});

Deno.test("withDeadline() gives the result and leaves no timer", async () => {
  const { signal } = new AbortController();
  assert.equal(await withDeadline(1e6, signal, () => Promise.resolve(7)), 7);
  await assert.rejects(withDeadline(1e6, signal, () => Promise.reject(new Error("own"))), /own/);
});
