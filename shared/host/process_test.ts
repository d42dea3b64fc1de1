import assert from "node:assert/strict";
import { waitFor } from "../../tests/harness/wait.ts";
import { tempDir } from "../../tests/harness/temp_dir.ts";

const HERE = new URL("./", import.meta.url);
const PROGRAM = `
import { PROGRAM_FLAGS } from "${HERE}../flags/common.ts";
import { runProgram } from "${HERE}process.ts";
const usage = { program: "vttest", summary: "a program", flags: PROGRAM_FLAGS };
await runProgram(usage, async ({ signal, flags, log }) => {
  if (flags.cell === "forgets") {
    void Promise.reject(new Error("forgotten"));
    await new Promise((resolve) => setTimeout(resolve, 10));
    return;
  }
  if (flags.cell === "broken") throw new Error("it broke");
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  if (flags.cell === "stuck") await new Promise(() => setInterval(() => {}, 1000));
  log.info("cleaned up");
});
`;

async function withProgram(
  args: readonly string[],
  use: (child: Deno.ChildProcess, log: () => string) => void | Promise<void>,
): Promise<{ readonly code: number; readonly out: string; readonly log: string }> {
  await using folder = await tempDir("program");
  const file = `${folder.path}/main.ts`;
  await Deno.writeTextFile(file, PROGRAM);
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", `--config=${config}`, file, ...args],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let log = "";
  const reading = (async () => {
    for await (const chunk of child.stderr) log += new TextDecoder().decode(chunk);
  })();
  const [out] = await Promise.all([new Response(child.stdout).text(), use(child, () => log)]);
  await reading;
  return { code: (await child.status).code, out, log };
}

Deno.test("runProgram() ends in order on SIGTERM", async () => {
  const { code, log } = await withProgram([], async (child, log) => {
    await waitFor("start", () => log().includes("starting"));
    child.kill("SIGTERM");
  });
  assert.equal(code, 0);
  assert.match(log, /msg=stopping.*reason=signal[^]*msg="cleaned up"[^]*msg=stopped/);
});

Deno.test("runProgram() ends at once on the second signal", async () => {
  const { code } = await withProgram(["--cell=stuck"], async (child, log) => {
    await waitFor("start", () => log().includes("starting"));
    child.kill("SIGINT");
    await waitFor("stopping", () => log().includes("stopping"));
    child.kill("SIGINT");
  });
  assert.equal(code, 130);
});

Deno.test("runProgram() logs a forgotten promise and goes on", async () => {
  const { code, log } = await withProgram(["--cell=forgets"], () => {});
  assert.equal(code, 0);
  assert.match(log, /level=error msg="unhandled rejection".*forgotten[^]*msg=stopped/);
});

Deno.test("runProgram() says what failed, and refuses unknown flags", async () => {
  const broken = await withProgram(["--cell=broken"], () => {});
  assert.equal(broken.code, 1);
  assert.match(broken.log, /level=error msg=failed program=vttest error="Error: it broke/);
  const unknown = await withProgram(["--cel=x"], () => {});
  assert.deepEqual([unknown.code, unknown.log], [
    64,
    "vttest: VT23001: unknown flag --cel; did you mean --cell?; --help lists all\n",
  ]);
  const help = await withProgram(["--help"], () => {});
  assert.equal(help.code, 0);
  assert.match(help.out, /^vttest: a program\n\nUsage: vttest \[FLAGS\]\n/);
});
