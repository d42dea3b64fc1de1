/** What a statement refers to by name: columns and variables. */
import type { ColumnRef, SystemVariable, UserVariable, VariableScope } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { decodeName } from "./names.ts";

/** At a user variable: just that. */
export function userVariable(c: Cursor): UserVariable {
  const { kind, start, end } = c.lexer;
  if (kind !== "user_variable") throw c.error();
  c.next();
  const source = c.sql.slice(start + 1, end);
  const bytes = source.startsWith("'") ? source.slice(1, -1).replaceAll("''", "'") : source;
  const name = decodeName(bytes, c.options.charset).toLowerCase();
  return { kind: "user_variable", name, start, end };
}

const SCOPES: ReadonlySet<string> = new Set([
  ...["session", "local", "global", "persist", "persist_only"],
]);

/** `@@name`, `@@session.name`, `@@cache.key_buffer_size`. */
export function parseSystemVariable(c: Cursor): SystemVariable {
  const start = c.start;
  c.expect("@@");
  let scope: VariableScope | undefined;
  if (c.atAny(SCOPES) && c.peek() === ".") {
    scope = c.at("local") ? "session" : c.lexer.text as VariableScope;
    c.next();
    c.next();
  }
  let name = c.anyName().text;
  while (c.accept(".")) name += `.${c.anyName().text}`;
  return {
    kind: "system_variable",
    scope,
    name: name.toLowerCase(),
    start,
    end: c.previousEnd,
  };
}

/** `c`, `t.c`, `ks.t.c`. */
export function parseColumn(c: Cursor): ColumnRef {
  const start = c.start;
  // `.t.c` is an ODBC habit that the servers accept; `.c` they don't.
  const dotted = c.accept(".");
  const first = dotted ? c.anyName() : c.name();
  if (dotted && !c.at(".")) throw c.error();
  if (!c.accept(".")) return column(c, start, undefined, undefined, first);
  const second = c.anyName();
  if (!c.accept(".")) return column(c, start, undefined, first, second);
  return column(c, start, first, second, c.anyName());
}

function column(
  c: Cursor,
  start: number,
  schema: ColumnRef["schema"],
  table: ColumnRef["table"],
  name: ColumnRef["name"],
): ColumnRef {
  return { kind: "column", schema, table, name, start, end: c.previousEnd };
}
