/**
 * The tables that a stored program's statements write to, told from its tokens. Words that begin
 * such statements are reserved (all but TRUNCATE), so they are looked for wherever they stand, but
 * for the places where they are known to be something else. Where a statement's targets can't be
 * told, each name in it is taken for one.
 *
 * What PREPARE and EXECUTE IMMEDIATE run isn't seen: their statement is a text, or is made when it
 * runs. Neither are programs of other databases that a program calls.
 */
import type { SqlOptions } from "../../shared/sql/options.ts";
import { type JoinedTable, readJoin, standsFor } from "./joined_tables.ts";
import { type NamedTable, TokenReader } from "./token_reader.ts";

/** Reads behind the verb; undefined when it can't tell. */
type ReadTargets = (reader: TokenReader) => readonly NamedTable[] | undefined;

interface Verb {
  /** It isn't one behind or before these. */
  readonly notAfter: ReadonlySet<string>;
  readonly notBefore: ReadonlySet<string>;
  readonly read: ReadTargets;
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" ").filter((word) => word !== ""));
}

/** TRUNCATE is an operand behind these: a column or a variable. */
const OPERAND_BEFORE =
  "select distinct by and or not where having when return declare set as = := ,";

/**
 * `insert(` and `replace(` are functions, `on update cascade` a foreign key's, `after insert on` and
 * MariaDB's `after insert or update of a on` a trigger's. A table made by a query has `replace select`.
 */
const VERBS: ReadonlyMap<string, Verb> = new Map([
  ["insert", verb(readInsert, "", "( on or")],
  ["replace", verb(readInsert, "or", "( as select with values table")],
  ["update", verb(readUpdate, "key for on", "on of or")],
  ["delete", verb(readDelete, "on", "on or")],
  ["truncate", verb(readTruncate, OPERAND_BEFORE, "( .")],
  ["load", verb(readLoad)],
  ["create", verb(readCreate)],
  ["alter", verb(readAlter)],
  ["drop", verb(readDrop)],
  ["rename", verb(readRename)],
  ["show", verb(skip)],
  ["grant", verb(skip)],
  ["revoke", verb(skip)],
]);

function verb(read: ReadTargets, notAfter = "", notBefore = ""): Verb {
  return { read, notAfter: words(`. @@ ${notAfter}`), notBefore: words(notBefore) };
}

/** In the order they are found. Throws ER_PARSE_ERROR at a text that isn't SQL. */
export function writtenTables(text: string, options: SqlOptions): readonly NamedTable[] {
  const reader = new TokenReader(text, options);
  const found: NamedTable[] = [];
  while (!reader.atEnd()) {
    const before = reader.peek(-1).text;
    const start = reader.position;
    const known = VERBS.get(reader.next().text);
    if (known === undefined || known.notAfter.has(before)) continue;
    if (known.notBefore.has(reader.peek().text)) continue;
    found.push(...known.read(reader) ?? reader.allNames(start));
  }
  return found;
}

const INSERT_WORDS = words("low_priority delayed high_priority ignore");
const UPDATE_WORDS = words("low_priority ignore");

function readInsert(reader: TokenReader): readonly NamedTable[] | undefined {
  reader.acceptAny(INSERT_WORDS);
  reader.accept("into");
  return readOne(reader);
}

function readOne(reader: TokenReader): readonly NamedTable[] | undefined {
  const table = reader.readTable();
  return table === undefined ? undefined : [table];
}

/** A join's columns tell which of its tables are written to. */
function readUpdate(reader: TokenReader): readonly NamedTable[] | undefined {
  reader.acceptAny(UPDATE_WORDS);
  const joined = readJoin(reader);
  if (joined === undefined || !reader.accept("set")) return undefined;
  if (joined.length === 1) return joined;
  const found: NamedTable[] = [];
  do {
    const names = reader.readNames();
    const table = names.at(-2);
    if (table === undefined) return joined;
    const tables = standsFor({ database: names.at(-3) ?? "", table }, joined);
    if (tables.length === 0) return joined;
    found.push(...tables);
    skipValue(reader);
  } while (reader.accept(","));
  return found;
}

const VALUE_ENDS = words(", where order limit returning");

function skipValue(reader: TokenReader): void {
  while (!reader.atStatementEnd() && !VALUE_ENDS.has(reader.peek().text)) {
    if (reader.peek().text === "(") reader.skipParentheses();
    else reader.next();
  }
}

const DELETE_WORDS = words("low_priority ignore quick");

function readDelete(reader: TokenReader): readonly NamedTable[] | undefined {
  while (DELETE_WORDS.has(reader.peek().text) && ![".", ","].includes(reader.peek(1).text)) {
    reader.next();
  }
  const isFirst = reader.accept("from");
  const targets = readList(reader);
  if (targets === undefined) return undefined;
  const isJoin = reader.accept(isFirst ? "using" : "from");
  if (!isJoin) return isFirst && targets.length === 1 ? targets : undefined;
  const joined = readJoin(reader);
  return joined === undefined ? undefined : targets.flatMap((one) => deletedBy(one, joined));
}

function deletedBy(target: NamedTable, joined: readonly JoinedTable[]): readonly NamedTable[] {
  const tables = standsFor(target, joined);
  return tables.length === 0 ? [target, ...joined] : tables;
}

/** `a, b.*`: those of DROP TABLE and of a DELETE of several tables. */
function readList(reader: TokenReader): readonly NamedTable[] | undefined {
  const found: NamedTable[] = [];
  do {
    const table = reader.readTable();
    if (table === undefined) return undefined;
    if (reader.accept(".")) reader.accept("*");
    found.push(table);
  } while (reader.accept(","));
  return found;
}

/** Nothing unless a table and the end of the statement follow: it is a name then. */
function readTruncate(reader: TokenReader): readonly NamedTable[] | undefined {
  if (reader.accept("table")) return readOne(reader);
  const table = reader.readTable();
  const isWhole = reader.atStatementEnd() || TRUNCATE_ENDS.has(reader.peek().text);
  return table !== undefined && isWhole ? [table] : [];
}

const TRUNCATE_ENDS = words("wait nowait drop reuse");

function readLoad(reader: TokenReader): readonly NamedTable[] | undefined {
  if (!reader.accept("data") && !reader.accept("xml")) return [];
  while (!reader.atStatementEnd()) {
    if (reader.accept("into") && reader.accept("table")) return readOne(reader);
    reader.next();
  }
  return undefined;
}

const IF_EXISTS = words("if not exists");

function readCreate(reader: TokenReader): readonly NamedTable[] | undefined {
  if (reader.accept("or")) reader.accept("replace");
  if (!reader.accept("table")) return [];
  reader.acceptAny(IF_EXISTS);
  return readOne(reader);
}

function readDrop(reader: TokenReader): readonly NamedTable[] | undefined {
  if (!reader.accept("table") && !reader.accept("tables")) return [];
  reader.acceptAny(IF_EXISTS);
  return readList(reader);
}

const ALTER_WORDS = words("online offline ignore");
const RENAME_WORDS = words("to as =");

/** The table, what it is renamed to, and one that it changes a partition with. */
function readAlter(reader: TokenReader): readonly NamedTable[] | undefined {
  reader.acceptAny(ALTER_WORDS);
  if (!reader.accept("table")) return [];
  reader.acceptAny(IF_EXISTS);
  const first = reader.readTable();
  if (first === undefined) return undefined;
  const found = [first];
  while (!reader.atStatementEnd()) {
    const { text } = reader.next();
    if (text === "rename") reader.acceptAny(RENAME_WORDS);
    else if (text !== "table") continue;
    const table = reader.readTable();
    if (table !== undefined) found.push(table);
  }
  return found;
}

function readRename(reader: TokenReader): readonly NamedTable[] | undefined {
  if (!reader.accept("table") && !reader.accept("tables")) return [];
  const found: NamedTable[] = [];
  do {
    reader.acceptAny(IF_EXISTS);
    const table = reader.readTable();
    if (table === undefined) return undefined;
    found.push(table);
    while (!reader.atStatementEnd() && ![",", "to"].includes(reader.peek().text)) reader.next();
  } while (reader.accept(",") || reader.accept("to"));
  return found;
}

/** They only name what others do. */
function skip(reader: TokenReader): readonly NamedTable[] {
  reader.skipStatement();
  return [];
}
