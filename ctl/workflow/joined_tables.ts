/** The tables that an UPDATE or a DELETE joins, and which of them it writes to. */
import type { NamedTable, TokenReader } from "./token_reader.ts";

export interface JoinedTable extends NamedTable {
  /** What stands for it in the statement: its alias or its name. */
  readonly shownAs: string;
  readonly hasAlias: boolean;
}

const JOINS: ReadonlySet<string> = new Set([",", "join", "straight_join"]);
const ENDS: ReadonlySet<string> = new Set(["set", "where", "order", "limit", ")", ";"]);
const SUBQUERIES: ReadonlySet<string> = new Set(["select", "with", "values", "table"]);
/** No alias, though not reserved by both servers. */
const NO_ALIAS: ReadonlySet<string> = new Set(["returning", "lateral"]);

/**
 * Table references up to the clause behind them. Subqueries show none, since nobody writes to them.
 * Undefined where something stands that isn't known.
 */
export function readJoin(reader: TokenReader): readonly JoinedTable[] | undefined {
  const found: JoinedTable[] = [];
  let depth = 0;
  // `{ oj a join b }` is a join as without the braces.
  for (let isTable = true; !reader.atEnd();) {
    const { text } = reader.peek();
    if (text === ")" && depth > 0) {
      reader.next();
      depth--;
    } else if (ENDS.has(text)) return isTable || depth > 0 ? undefined : found;
    else if (isTable) {
      if (text === "{") {
        reader.next();
        reader.next();
      } else if (text === "(" && !SUBQUERIES.has(reader.peek(1).text)) {
        reader.next();
        depth++;
      } else if (!readFactor(reader, found)) return undefined;
      else isTable = false;
    } else if (text === "(") reader.skipParentheses();
    else isTable = JOINS.has(reader.next().text) && reader.peek(-2).text !== "for";
  }
  return found;
}

/** One table, or what stands in place of one; false at neither. */
function readFactor(reader: TokenReader, found: JoinedTable[]): boolean {
  if (reader.accept("dual")) return true;
  const isFunction = reader.peek(1).text === "(" && reader.peek().kind === "word";
  if (isFunction) reader.next();
  if (reader.peek().text === "(") {
    reader.skipParentheses();
    return true;
  }
  const table = reader.readTable();
  if (table === undefined) return false;
  if (reader.accept("partition")) reader.skipParentheses();
  const hasAs = reader.accept("as");
  const hasAlias = reader.atName() && (hasAs || !NO_ALIAS.has(reader.peek().text));
  found.push({ ...table, hasAlias, shownAs: hasAlias ? reader.next().name : table.table });
  return true;
}

/** The tables that a name of the statement stands for: its alias, or its own. */
export function standsFor(
  { database, table }: NamedTable,
  joined: readonly JoinedTable[],
): readonly NamedTable[] {
  return joined.filter((one) =>
    sameName(one.shownAs, table) &&
    (database === "" || one.hasAlias || one.database === "" || sameName(one.database, database))
  );
}

/** Without regard to case: whether it matters is a setting of the server (lower_case_table_names). */
export function sameName(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}
