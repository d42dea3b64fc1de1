/** Which tables a stream's rules choose, and how each is copied. */
import { vtError } from "../../shared/error/errors.ts";
import { type FilterRule, parseRule } from "../../shared/filter/rule.ts";

/** VT26007 and VT12001 for rules that no stream can serve; a table's columns show later. */
export function demandRules(rules: readonly FilterRule[]): void {
  for (const rule of rules) {
    const parsed = parseRule(rule);
    if (parsed.kind !== "select" || parsed.select.groupBy === undefined) continue;
    throw vtError(
      "VT12001",
      `GROUP BY in the filter of a stream, which gives single rows: ${rule.filter}`,
    );
  }
}

/** The rule that rows of the table are copied by; undefined when none pass. VT12001 for several. */
export function copyRule(rules: readonly FilterRule[], table: string): FilterRule | undefined {
  const found: FilterRule[] = [];
  for (const rule of rules) {
    const parsed = parseRule(rule);
    if (!parsed.matches(table)) continue;
    if (parsed.kind === "exclude") break;
    found.push(parsed.kind === "select" ? rule : { match: table, filter: rule.filter });
  }
  const [first] = found;
  const names = new Set(found.map(({ match }) => match));
  if (names.size <= 1) return first;
  throw vtError(
    "VT12001",
    `copying table ${table} as ${[...names].join(" and ")}: give each a stream of its own`,
  );
}
