import assert from "node:assert/strict";
import { AbortList } from "./abort_list.ts";

Deno.test("AbortList calls those that are on it when the signal aborts, once", () => {
  const abort = new AbortController();
  const list = AbortList.of(abort.signal);
  assert.equal(AbortList.of(abort.signal), list);
  const told: string[] = [];
  const [a, b, c] = ["a", "b", "c"].map((name) => ({ onAbort: () => void told.push(name) }));
  assert.ok(a !== undefined && b !== undefined && c !== undefined);
  for (const call of [a, b, c]) list.add(call);
  list.remove(b);
  list.remove(b);
  abort.abort();
  abort.abort();
  assert.deepEqual(told, ["a", "c"]);
  list.remove(a);
});
