import assert from "node:assert/strict";
import { tempDir } from "../../tests/harness/temp_dir.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { findProgram, isAlive, startChild } from "./child.ts";

function shell(folder: string, script: string, graceMs = 5000) {
  const logFile = `${folder}/log`;
  return startChild({ command: "sh", args: ["-c", script], logFile, graceMs });
}

Deno.test("startChild() appends both outputs to the log and reports the exit code", async () => {
  await using folder = await tempDir("child");
  await using child = shell(folder.path, "echo out; echo err >&2; exit 3");
  assert.deepEqual(await child.exited, { code: 3, signal: undefined });
  assert.equal(child.running, false);
  assert.equal(await Deno.readTextFile(`${folder.path}/log`), "out\nerr\n");
});

Deno.test("stop() ends a polite child by SIGTERM, also a stopped one", async () => {
  await using folder = await tempDir("child");
  await using child = shell(
    folder.path,
    "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done",
  );
  await waitFor("ready", async () => (await Deno.readTextFile(`${folder.path}/log`)) !== "");
  child.kill("SIGSTOP");
  assert.deepEqual(await child.stop(), { code: 7, signal: undefined });
  assert.equal(isAlive(child.pid), false);
});

Deno.test("stop() kills a child that ignores SIGTERM when the grace time is over", async () => {
  await using folder = await tempDir("child");
  const child = shell(folder.path, "trap '' TERM; echo ready; while :; do sleep 0.05; done", 100);
  await waitFor("ready", async () => (await Deno.readTextFile(`${folder.path}/log`)) !== "");
  assert.equal((await child.stop()).signal, "SIGKILL");
});

Deno.test("startChild() says when there is no such program", () => {
  assert.throws(
    () => startChild({ command: "no-such-program", args: [], logFile: "/dev/null" }),
    /Cannot start no-such-program: not found in PATH/,
  );
  assert.equal(findProgram("/bin/sh"), "/bin/sh");
});
