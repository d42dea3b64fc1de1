import assert from "node:assert/strict";
import { SlotTable } from "./slot_table.ts";

Deno.test("SlotTable gives low ids again and keeps apart what is there", () => {
  const table = new SlotTable<string>();
  assert.deepEqual(["a", "b", "c"].map((value) => table.add(value)), [1, 2, 3]);
  table.delete(2);
  table.delete(2);
  table.delete(99);
  assert.equal(table.size, 2);
  assert.equal(table.nextId, 2);
  assert.equal(table.add("d"), 2);
  assert.equal(table.add("e"), 4);
  assert.deepEqual([1, 2, 3, 4, 0, 5].map((id) => table.get(id)), [
    "a",
    "d",
    "c",
    "e",
    undefined,
    undefined,
  ]);
  assert.deepEqual(table.values(), ["a", "d", "c", "e"]);
});
