import type { Expr } from "../../shared/sql/ast.ts";

/** The parts of `a AND b AND c`; an expression without AND is its only part. */
export function conjuncts(expr: Expr): readonly Expr[] {
  const out: Expr[] = [];
  // Left-deep chains may be thousands long: no recursion along them.
  const waiting: Expr[] = [expr];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.kind === "binary" && next.op === "and") waiting.push(next.right, next.left);
    else out.push(next);
  }
  return out;
}
