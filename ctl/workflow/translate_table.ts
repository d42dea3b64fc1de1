/**
 * The definition of a table, as SHOW CREATE TABLE of one server prints it, in the words of another.
 * What has no equal there is refused, with what to do instead.
 */
import { vtError } from "../../shared/error/errors.ts";
import { mariadbCollation, mysqlCollation } from "../../shared/mysql/collation_pairs.ts";
import type { NewTable } from "./effect.ts";
import type { ColumnFacts, ServerFacts, TableFacts } from "./servers.ts";

const SERVER_NAMES = { mariadb: "MariaDB", mysql: "MySQL" } as const;

/** What is not code: texts, names and comments in its way. */
const PIECES = /'(?:[^'\\]|\\[^]|'')*'|`(?:[^`]|``)*`|\/\*[^]*?\*\//g;

/** VT22002 when the target's server has no such table. */
export function translateTable(
  table: NewTable,
  facts: TableFacts,
  source: ServerFacts,
  target: ServerFacts,
): NewTable {
  const refuse = (what: string): never => {
    throw vtError(
      "VT22002",
      `table ${table.name} of ${source.at} has ${what}, which ${
        SERVER_NAMES[target.kind]
      } of ${target.at} has not; create the table there yourself as it shall be (ApplySchema), or change it at the source, and run this again`,
    );
  };
  for (const column of facts.columns) checkType(column, target, refuse);
  const name = (collation: string): string => {
    const found = translateCollation(collation, facts, target);
    return found ?? refuse(`the collation ${collation}`);
  };
  const comment = (text: string): string =>
    source.kind === target.kind ? text : translateComment(text, target.kind, refuse);
  const code = (text: string): string => {
    const collated = text.replace(
      /\b(COLLATE[ =])(\w+)/gi,
      (_, word: string, collation: string) => word + name(collation),
    );
    return source.kind === target.kind ? collated : translateCode(collated, target.kind);
  };
  return { name: table.name, sql: mapPieces(table.sql, code, comment) };
}

function mapPieces(
  sql: string,
  code: (text: string) => string,
  comment: (text: string) => string,
): string {
  let result = "";
  let at = 0;
  for (const { 0: piece, index } of sql.matchAll(PIECES)) {
    result += code(sql.slice(at, index)) + (piece.startsWith("/*") ? comment(piece) : piece);
    at = index + piece.length;
  }
  return result + code(sql.slice(at));
}

/** MariaDB's types that MySQL lacks, and what can hold their texts. */
const MARIADB_TYPES: Readonly<Record<string, string>> = {
  uuid: "CHAR(36)",
  inet4: "VARCHAR(15)",
  inet6: "VARCHAR(39)",
};

function checkType(
  { name, type }: ColumnFacts,
  target: ServerFacts,
  refuse: (what: string) => never,
): void {
  const instead = MARIADB_TYPES[type.toLowerCase()];
  if (target.kind === "mariadb" || instead === undefined) return;
  refuse(`the column ${name} of type ${type.toUpperCase()} (${instead} holds its text)`);
}

/** The same collation by the name that the target has for it; undefined where there is none. */
function translateCollation(
  name: string,
  { columns }: TableFacts,
  { kind, collations }: ServerFacts,
): string | undefined {
  if (collations.has(name)) return name;
  const other = kind === "mariadb" ? mariadbCollation(name) : mysqlCollation(name);
  if (other === undefined || !collations.has(other)) return undefined;
  // There, "a" and "a " are two values of a unique key: they could not come back.
  const padded = kind === "mysql" && !name.includes("_nopad_");
  if (padded && columns.some(({ collation, unique }) => unique && collation === name)) {
    return undefined;
  }
  return other;
}

/** Comments with code in them: each server runs its own, and MariaDB skips MySQL's of 8.0 on. */
function translateComment(
  comment: string,
  to: ServerFacts["kind"],
  refuse: (what: string) => never,
): string {
  if (to === "mysql") return comment;
  const found = /^\/\*!(\d{5,6}) ([^]*?) *\*\/$/.exec(comment);
  const [, since = "0", text = ""] = found ?? [];
  if (Number(since) < 80_000) return comment;
  if (text === "INVISIBLE") return Number(since) === 80_000 ? "IGNORED" : "INVISIBLE";
  // The id of its coordinates is in each value, too.
  if (/^SRID \d+$/.test(text)) return "";
  return refuse(text);
}

function translateCode(text: string, to: ServerFacts["kind"]): string {
  if (to === "mariadb") return text.replace(/ geomcollection\b/gi, " geometrycollection");
  return text
    .replace(/\) IGNORED\b/g, ") INVISIBLE")
    // MySQL wants parentheses around all but these.
    .replace(/ DEFAULT (?!current_timestamp\()(\w+\(\))/gi, " DEFAULT ($1)");
}
