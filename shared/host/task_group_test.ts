import assert from "node:assert/strict";
import { sleep } from "./clock.ts";
import { SILENT_LOG } from "./log.ts";
import { TaskGroup } from "./task_group.ts";

Deno.test("TaskGroup cancels and awaits its tasks when the scope ends", async () => {
  const ends: string[] = [];
  {
    await using tasks = new TaskGroup({ log: SILENT_LOG });
    tasks.start("endless", async (signal) => {
      try {
        await sleep(1e6, { signal });
      } finally {
        ends.push("endless");
      }
    });
    tasks.start("short", () => Promise.resolve());
  }
  assert.deepEqual(ends, ["endless"]);
});

Deno.test("TaskGroup reports an error and ends with the outer signal", async () => {
  const outer = new AbortController();
  const errors: string[] = [];
  await using tasks = new TaskGroup({
    log: SILENT_LOG,
    signal: outer.signal,
    onError: (task, error) => errors.push(`${task}: ${String(error)}`),
  });
  tasks.start("broken", () => Promise.reject(new Error("no")));
  await tasks.idle();
  assert.deepEqual(errors, ["broken: Error: no"]);
  tasks.start("waits", (signal) => sleep(1e6, { signal }));
  assert.equal(tasks.size, 1);
  outer.abort();
  await tasks.idle();
  assert.equal(tasks.size, 0);
});
