/** The rules of a stream as a person writes them. */
import type { FilterRule } from "../../shared/rpc/vreplication.ts";

/**
 * "customer:select id from customer; /^c/:-80; corder": tables or /patterns/, each with a filter
 * behind a colon or whole, with ";" between them; or JSON: {"rules": [{"match", "filter"}]}.
 * SyntaxError says what is wrong; whether a filter can be is said by who compiles it.
 */
export function parseFilterText(text: string): readonly FilterRule[] {
  const trimmed = text.trim();
  if (trimmed.startsWith("{") || trimmed.startsWith("[")) return readFilter(JSON.parse(trimmed));
  return trimmed.split(";").map((rule) => rule.trim()).filter((rule) => rule !== "").map(parseOne);
}

/** A pattern may have a colon: it ends at the last slash in front of one, or of the end. */
const RULE = /^(\/.*?\/(?=:|$)|[^/:][^:]*)(?::([\s\S]*))?$/;

function parseOne(rule: string): FilterRule {
  const [, match, filter = ""] = RULE.exec(rule) ?? [];
  if (match === undefined) {
    throw new SyntaxError(`"${rule}" is no rule: want table:filter or /pattern/:filter`);
  }
  return { match: match.trim(), filter: filter.trim() };
}

/** Vitess's binlogdata.Filter as JSON, or its rules alone. */
export function readFilter(value: unknown): readonly FilterRule[] {
  const rules = isRecord(value) ? value["rules"] : value;
  if (!Array.isArray(rules)) throw new SyntaxError('want {"rules": [{"match", "filter"}, ...]}');
  return rules.map((rule: unknown) => {
    const match = isRecord(rule) ? rule["match"] : undefined;
    const filter = isRecord(rule) ? rule["filter"] ?? "" : undefined;
    if (typeof match === "string" && match !== "" && typeof filter === "string") {
      return { match, filter };
    }
    throw new SyntaxError(`no rule with match and filter: ${JSON.stringify(rule)}`);
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
