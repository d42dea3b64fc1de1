/** OVER (...) and what stands in a window's parentheses. */
import type { Call, FrameBound, WindowFrame, WindowSpec } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseExpr, parseExprs } from "./parse_expr.ts";
import { parseOrderItems } from "./parse_clauses.ts";
import { parseInterval } from "./parse_simple.ts";

/** Behind the closing parenthesis of a call. */
export function parseOver(c: Cursor): Call["over"] {
  if (c.acceptAll("within", "group")) {
    c.parens((c) => {
      c.expectAll("order", "by");
      parseOrderItems(c);
    });
  }
  if (c.acceptAll("from", "first") || c.acceptAll("from", "last")) {
    /* NTH_VALUE(...) FROM FIRST */
  }
  if (!c.acceptAll("respect", "nulls")) c.acceptAll("ignore", "nulls");
  if (!c.accept("over")) return undefined;
  return c.at("(") ? parseWindowSpec(c) : c.name();
}

/** At the opening parenthesis; the span covers both. */
export function parseWindowSpec(c: Cursor): WindowSpec {
  const start = c.start;
  c.expect("(");
  const ends = c.at(")") || c.at("partition") || c.at("order") || FRAME_UNITS.has(c.lexer.text);
  const base = ends ? undefined : c.name();
  const partitionBy = c.acceptAll("partition", "by") ? parseExprs(c) : [];
  const orderBy = c.acceptAll("order", "by") ? parseOrderItems(c) : [];
  const frame = parseFrame(c);
  c.expect(")");
  return { kind: "window", base, partitionBy, orderBy, frame, start, end: c.previousEnd };
}

const FRAME_UNITS: ReadonlySet<string> = new Set(["rows", "range", "groups"]);

function parseFrame(c: Cursor): WindowFrame | undefined {
  const start = c.start;
  const unit = c.acceptOne("rows", "range", "groups");
  if (unit === undefined) return undefined;
  const between = c.accept("between");
  const from = parseBound(c);
  if (between) c.expect("and");
  const to = between ? parseBound(c) : undefined;
  if (c.accept("exclude")) {
    if (!c.acceptAll("no", "others") && !c.acceptAll("current", "row") && !c.accept("ties")) {
      c.expect("group");
    }
  }
  return { unit, from, to, start, end: c.previousEnd };
}

function parseBound(c: Cursor): FrameBound {
  const start = c.start;
  if (c.accept("unbounded")) {
    const which = c.expectOne("preceding", "following");
    return { bound: `unbounded_${which}`, value: undefined, start, end: c.previousEnd };
  }
  if (c.acceptAll("current", "row")) {
    return { bound: "current_row", value: undefined, start, end: c.previousEnd };
  }
  const value = (c.at("interval") ? parseInterval(c) : undefined) ?? parseExpr(c);
  const bound = c.expectOne("preceding", "following");
  return { bound, value, start, end: c.previousEnd };
}
