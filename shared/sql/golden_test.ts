/** Cases of testdata/golden: normaliser, syntax trees, errors, splitting, splicing. */
import { Buffer } from "node:buffer";
import { type Case, golden } from "../../tests/golden/golden.ts";
import { normalize } from "./normalize.ts";
import { DEFAULT_OPTIONS, type SqlOptions } from "./options.ts";
import { parseStatement } from "./parser.ts";
import { printTree } from "./sexpr.ts";
import { splitStatements } from "./split.ts";
import { directivesOf } from "./directives.ts";

golden(new URL("testdata/golden/", import.meta.url), (c) => run(c));

function run(c: Case): string {
  const options = optionsOf(c);
  const sql = Buffer.from(c.input, "utf8").toString("latin1");
  switch (c.command) {
    case "normalize":
      return printNormalized(sql, options);
    case "parse":
      return printTree(sql, parseStatement(sql, normalize(sql, options), options));
    case "split":
      return splitStatements(sql, options).map(({ start, end }) => sql.slice(start, end))
        .join("\n~\n");
    case "directives":
      return JSON.stringify(Object.fromEntries(directivesOf(sql, options)));
    default:
      throw new Error(`unknown command ${c.command}`);
  }
}

function optionsOf(c: Case): SqlOptions {
  const flags: Record<string, true> = {};
  for (const flag of c.args.get("mode")?.split(",") ?? []) flags[flag] = true;
  return { ...DEFAULT_OPTIONS, ...flags };
}

function printNormalized(sql: string, options: SqlOptions): string {
  const { key, slots, params, firstWord, next } = normalize(sql, options);
  const lines = [`key: ${key}`];
  for (const [number, slot] of slots.entries()) {
    const text = sql.slice(slot.start, slot.end);
    const what = slot.kind === "list" ? `list of ${slot.items.length}` : slot.kind;
    lines.push(`${number}: ${slot.type} ${what} ${text}`);
  }
  lines.push(`first word: ${firstWord}, parameters: ${params}`);
  if (next >= 0) lines.push(`next: ${sql.slice(next)}`);
  return lines.join("\n");
}
