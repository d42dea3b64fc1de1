import assert from "node:assert/strict";

const ROOT = new URL("../", import.meta.url);

Deno.test("README names every task that deno.json describes, and no other", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const config: { tasks: Record<string, string | { description?: string }> } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const described = Object.entries(config.tasks)
    .filter(([, task]) => typeof task === "object" && task.description !== undefined)
    .map(([name]) => name);
  const rows = readme.split("\n").filter((line) => line.startsWith("| `"));
  const named = rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`([a-z:]+)`/g)].map((match) => match[1] ?? "")
  );
  assert.deepEqual(named.sort(), described.sort());
});

Deno.test("README fits one screen of a reader's patience", async () => {
  const lines = (await Deno.readTextFile(new URL("README.md", ROOT))).split("\n");
  assert.ok(lines.length <= 75, `${lines.length} lines`);
});
