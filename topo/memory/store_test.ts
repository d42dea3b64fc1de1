import { registerConformance } from "../conformance.ts";
import { MemoryStore } from "./store.ts";
import { MemoryTree } from "./tree.ts";

registerConformance("memory", () => {
  const tree = new MemoryTree();
  return Promise.resolve({
    open: () => new MemoryStore(tree, "/vitess/test"),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
});
