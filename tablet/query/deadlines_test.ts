import assert from "node:assert/strict";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { type Deadline, Deadlines } from "./deadlines.ts";

function deadline(name: string, inMs: number, due: string[]): Deadline {
  return { dueAtMs: HOST_CLOCK.monotonicMs() + inMs, slot: -1, onDue: () => due.push(name) };
}

Deno.test("Deadlines: what is due comes in time, what was removed doesn't", async () => {
  using deadlines = new Deadlines(HOST_CLOCK);
  const due: string[] = [];
  const [late, soon, gone] = [
    deadline("late", 60, due),
    deadline("soon", 20, due),
    deadline("gone", 10, due),
  ];
  for (const item of [late, soon, gone]) deadlines.add(item);
  deadlines.add(soon);
  assert.equal(deadlines.size, 3);
  deadlines.remove(gone);
  deadlines.remove(gone);
  await waitFor("both", () => due.length === 2);
  assert.deepEqual(due, ["soon", "late"]);
  assert.equal(deadlines.size, 0);
});

Deno.test("Deadlines: one that was moved while it was set waits for its new time", async () => {
  using deadlines = new Deadlines(HOST_CLOCK);
  const due: string[] = [];
  const item = { ...deadline("moved", 10, due) };
  deadlines.add(item);
  item.dueAtMs += 60;
  const started = performance.now();
  await waitFor("it", () => due.length === 1);
  assert.ok(performance.now() - started > 50);
});
