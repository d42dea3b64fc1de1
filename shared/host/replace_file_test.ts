import assert from "node:assert/strict";
import { tempDir } from "../../tests/harness/temp_dir.ts";
import { replaceFile } from "./replace_file.ts";

Deno.test("replaceFile() replaces the content and the permissions, and leaves nothing beside", async () => {
  await using folder = await tempDir("replace");
  const path = `${folder.path}/state`;
  await Deno.writeTextFile(path, "a longer old text", { mode: 0o644 });
  await Deno.writeTextFile(`${path}.new`, "torn by a crash", { mode: 0o644 });
  await replaceFile(path, "new", { mode: 0o600 });
  assert.equal(await Deno.readTextFile(path), "new");
  assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  const names = await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name);
  assert.deepEqual(names, ["state"]);
});

Deno.test("replaceFile() that fails leaves the old content", async () => {
  await using folder = await tempDir("replace");
  const path = `${folder.path}/state`;
  await Deno.writeTextFile(path, "old");
  await Deno.mkdir(`${path}.new`);
  await Deno.writeTextFile(`${path}.new/in_the_way`, "");
  await assert.rejects(replaceFile(path, "new"));
  assert.equal(await Deno.readTextFile(path), "old");
});
