import assert from "node:assert/strict";
import { isProcessGone, ownProcess, startTicks } from "./process_identity.ts";

Deno.test("a process is gone when its number is free or another's, and only then", async () => {
  const own = await ownProcess();
  const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
  const ticks = await startTicks(child.pid);
  const of = (pid: number, started: string | undefined, space = own) =>
    [...space.split("/").slice(0, 2), pid, started].join("/");
  assert.equal(await isProcessGone(own), false);
  assert.equal(await isProcessGone(of(child.pid, ticks)), false);
  assert.equal(await isProcessGone(of(child.pid, `${ticks}0`)), true, "the number is another's");
  child.kill("SIGKILL");
  await child.status;
  assert.equal(await isProcessGone(of(child.pid, ticks)), true);
  // Nothing can be said of another machine, or of text that nobody here wrote.
  assert.equal(await isProcessGone(of(child.pid, ticks, "boot/space")), false);
  for (const text of ["", "a/b", "a/b/c/d", "///"]) assert.equal(await isProcessGone(text), false);
});
