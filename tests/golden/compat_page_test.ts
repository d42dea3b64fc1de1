import assert from "node:assert/strict";
import { compatPage, PAGE } from "./compat_page.ts";

// With "golden" in its name `deno task golden` runs it too, after the planner's files.
Deno.test("golden docs/compat.md is what the planner's golden files say", async () => {
  const page = await compatPage();
  if (Deno.env.get("GOLDEN_UPDATE") === "1") await Deno.writeTextFile(PAGE, page);
  assert.equal(await Deno.readTextFile(PAGE), page, "run deno task golden, then read the diff");
});

Deno.test("the page names what is refused as well as what runs", async () => {
  const page = await compatPage();
  assert.match(page, /refused: VT12001: unsupported/);
  assert.match(page, /\| `Route EqualUnique customer hash\(:0\) integer` \|/);
});
