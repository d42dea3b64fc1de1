import assert from "node:assert/strict";
import { runWorkers } from "./workers.ts";

const NEVER = { signal: new AbortController().signal };

Deno.test("the failure of one worker ends the others, and is what is thrown", async () => {
  const log: string[] = [];
  const work = (place: number, { signal }: { readonly signal: AbortSignal }): Promise<void> => {
    if (place === 2) return Promise.reject(new Error("disk full"));
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        log.push(`${place} ended`);
        reject(signal.reason);
      });
    });
  };
  await assert.rejects(runWorkers(3, work, NEVER), /disk full/);
  assert.deepEqual(log, ["1 ended", "3 ended"]);
});

Deno.test("workers end when their caller leaves, and what has ended stays so", async () => {
  const stop = new AbortController();
  const running = runWorkers(2, (place, { signal }) => {
    if (place === 1) return Promise.resolve();
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  }, stop);
  stop.abort(new Error("stopped"));
  await assert.rejects(running, /stopped/);
  await runWorkers(3, () => Promise.resolve(), NEVER);
});
