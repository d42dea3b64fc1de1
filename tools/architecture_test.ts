import assert from "node:assert/strict";

const ROOT = new URL("../", import.meta.url);

Deno.test("ARCHITECTURE.md, README.md and the decisions name files that exist", async () => {
  const pages = ["ARCHITECTURE.md", "README.md"];
  for await (const { name } of Deno.readDir(new URL("docs/decisions/", ROOT))) {
    pages.push(`docs/decisions/${name}`);
  }
  const missing: string[] = [];
  for (const page of pages) {
    const text = await Deno.readTextFile(new URL(page, ROOT));
    // `gate/plan/x_test.ts`, `shared/*/y.ts`, (shared/rpc/frame.ts): paths with a folder and an ending.
    for (const [path] of text.matchAll(/[\w.-]+(?:\/[\w.-]+)+\.(?:ts|sql|yaml|md)\b/g)) {
      const there = await Deno.stat(new URL(path, ROOT)).then(() => true, () => false);
      if (!there) missing.push(`${page}: ${path}`);
    }
  }
  assert.deepEqual(missing, []);
});
