/**
 * Views and programs that a server keeps: what they write to a table is refused by nobody when the
 * table has moved, since a client's statement names the view, and not the table.
 *
 * Not seen is what a program makes up when it runs (see `writtenTables`), and what the user who
 * asks may not see: information_schema then shows fewer rows, or programs without a text.
 */
import { VtError } from "../../shared/error/errors.ts";
import { DEFAULT_OPTIONS, type SqlOptions } from "../../shared/sql/options.ts";
import { sameName } from "./joined_tables.ts";
import { type NamedTable, TokenReader } from "./token_reader.ts";
import { writtenTables } from "./written_tables.ts";

export interface StoredProgram {
  /** "view", "trigger", "procedure", "function", "event". */
  readonly kind: string;
  readonly name: string;
  /** A view's as the server prints it: all names with their database, in backticks. */
  readonly text: string;
  /** The table that a trigger is of; "" for others. */
  readonly of: string;
  /** The sql_mode that its text is read by; "" for views. */
  readonly sqlMode: string;
}

export interface StoredUse {
  readonly program: StoredProgram;
  readonly table: string;
}

/**
 * The first that writes to one of the tables, a view also by way of other views. Triggers of the
 * tables themselves are none: nobody writes there any more. Names count without regard to case.
 */
export function findUse(
  database: string,
  programs: readonly StoredProgram[],
  tables: readonly string[],
): StoredUse | undefined {
  const named = shownBy(database, programs, tables);
  for (const program of programs) {
    if (tables.includes(program.of)) continue;
    const table = program.kind === "view"
      ? named.get(program.name)
      : usedBy(database, program, named, writtenTables);
    if (table !== undefined) return { program, table };
  }
  return undefined;
}

/**
 * Those whose text, however it is printed, may name one of the tables or a view: no other can be
 * a use. A name with a quote in it can be printed in many ways.
 */
export function mayUse(
  programs: readonly StoredProgram[],
  tables: readonly string[],
): readonly StoredProgram[] {
  const views = programs.filter(({ kind }) => kind === "view").map(({ name }) => name);
  const names = [...tables, ...views];
  return programs.filter(({ kind, text, of }) =>
    kind !== "view" && !tables.includes(of) &&
    names.some((name) => /[`"]/.test(name) || mentions(text, name))
  );
}

function mentions(text: string, name: string): boolean {
  return text.toLowerCase().includes(name.toLowerCase());
}

/** Table by the name of what stands for it: its own, or a view's that shows it. */
function shownBy(
  database: string,
  programs: readonly StoredProgram[],
  tables: readonly string[],
): ReadonlyMap<string, string> {
  const views = programs.filter(({ kind }) => kind === "view");
  const named = new Map<string, string>(tables.map((table) => [table, table]));
  for (let before = -1; before < named.size;) {
    before = named.size;
    for (const view of views) {
      if (named.has(view.name)) continue;
      const table = usedBy(database, view, named, shownTables);
      if (table !== undefined) named.set(view.name, table);
    }
  }
  return named;
}

function usedBy(
  database: string,
  program: StoredProgram,
  named: ReadonlyMap<string, string>,
  read: (text: string, options: SqlOptions) => readonly NamedTable[],
): string | undefined {
  let used: readonly NamedTable[];
  try {
    used = read(program.text, optionsOf(program.sqlMode));
  } catch (error) {
    if (!(error instanceof VtError)) throw error;
    // Another language, or a text that the lexer can't follow: what it mentions may be written to.
    return [...named].find(([name]) => mentions(program.text, name))?.[1];
  }
  const ours = used.filter((one) => one.database === "" || sameName(one.database, database));
  return [...named].find(([name]) => ours.some(({ table }) => sameName(table, name)))?.[1];
}

const FROM_ENDS: ReadonlySet<string> = new Set(["where", "group", "having", "order", "limit"]);

/**
 * The tables in a view's FROM, which are all that is written to by way of it; those of its other
 * subqueries are only read. Subqueries inside FROM count: MariaDB merges some of them.
 */
function shownTables(text: string, options: SqlOptions): readonly NamedTable[] {
  const reader = new TokenReader(text, options);
  const isWith = reader.peek().text === "with";
  const found: NamedTable[] = [];
  let depth = 0;
  for (let isFrom = isWith; !reader.atEnd();) {
    const names = reader.readNames();
    const [database = "", table] = names;
    if (isFrom && table !== undefined && names.length === 2) found.push({ database, table });
    if (names.length > 0) continue;
    const token = reader.next();
    if (token.text === "(") depth++;
    else if (token.text === ")") depth--;
    else if (depth === 0 && token.text === "from") isFrom = true;
    else if (depth === 0 && FROM_ENDS.has(token.text)) isFrom = isWith;
  }
  return found;
}

/** Comments of any version are read as SQL: a server leaves the others out of what it keeps. */
function optionsOf(sqlMode: string): SqlOptions {
  const modes = new Set(sqlMode.split(","));
  return {
    ...DEFAULT_OPTIONS,
    ansiQuotes: modes.has("ANSI_QUOTES"),
    noBackslashEscapes: modes.has("NO_BACKSLASH_ESCAPES"),
    mysqlVersion: 999_999,
    mariadbVersion: 999_999,
  };
}
