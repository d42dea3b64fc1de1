/**
 * Views and programs that a server keeps: what they write to a table is refused by nobody when the
 * table has moved, since a client's statement names the view, and not the table.
 */

export interface StoredProgram {
  /** "view", "trigger", "procedure", "function", "event". */
  readonly kind: string;
  readonly name: string;
  /** A view's as the server prints it: all names with their database, in backticks. */
  readonly text: string;
  /** The table that a trigger is of; "" for others. */
  readonly of: string;
}

export interface StoredUse {
  readonly program: StoredProgram;
  readonly table: string;
}

/** The first that names one of the tables, a view also by way of other views. */
export function findUse(
  database: string,
  programs: readonly StoredProgram[],
  tables: readonly string[],
): StoredUse | undefined {
  const views = programs.filter(({ kind }) => kind === "view");
  const named = new Map<string, string>(tables.map((table) => [table, table]));
  // A view that shows the table stands for it from then on.
  for (let before = -1; before < named.size;) {
    before = named.size;
    for (const view of views) {
      const found = [...named].find(([name]) => view.text.includes(qualified(database, name)));
      if (found !== undefined && !named.has(view.name)) named.set(view.name, found[1]);
    }
  }
  for (const program of programs) {
    if (tables.includes(program.of)) continue;
    const table = program.kind === "view"
      ? named.get(program.name)
      : [...named].find(([name]) => names(program.text, name))?.[1];
    if (table !== undefined) return { program, table };
  }
  return undefined;
}

function qualified(database: string, name: string): string {
  const quoted = [database, name].map((one) => `\`${one.replaceAll("`", "``")}\``);
  return quoted.join(".");
}

/** As the table of a statement; a column or a text of that name is none. */
function names(text: string, table: string): boolean {
  const name = table.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const before =
    "(?:into|update|from|join|table|ignore|replace|delete)\\s+(?:`?[\\w$]+`?\\s*\\.\\s*)?";
  return new RegExp(`\\b${before}\`?${name}\`?(?![\\w$\`])`, "i").test(text);
}
