/** Our parser beside the servers' own: what one accepts the other accepts, and offsets hold. */
import { deepEqual } from "node:assert/strict";
import { type Connection, createConnection } from "mysql2/promise";
import type { Expr, Span } from "../../shared/sql/ast.ts";
import { VtError } from "../../shared/error/errors.ts";
import { DEFAULT_OPTIONS } from "../../shared/sql/options.ts";
import { parseSql } from "../../shared/sql/parser.ts";
import { quoteString } from "../../shared/sql/print.ts";
import { insertAt, spliceText } from "../../shared/sql/splice.ts";
import { readCorpus } from "../../shared/sql/testdata/corpus.ts";
import { isExpr, walk } from "../../shared/sql/walk.ts";
import { startTestMysqld, type TestMysqld, whyNoMysql } from "../harness/mysqld.ts";

const ER_PARSE_ERROR = 1064;

/** A connection whose database is `d`: without one, servers stop at the first table. */
async function connect(server: TestMysqld): Promise<Connection> {
  const { signal } = new AbortController();
  await server.root.query("CREATE DATABASE d", { signal });
  // mysql2 sets IGNORE_SPACE unless told; DEFAULT_OPTIONS does not have it.
  const flags = ["-IGNORE_SPACE"];
  const { socketPath } = server;
  return await createConnection({ socketPath, user: "root", database: "d", flags });
}

/** The server's errno, or 0. */
async function errnoOf(connection: Connection, sql: string): Promise<number> {
  try {
    await connection.query(sql);
    return 0;
  } catch (error) {
    if (error instanceof Error && "errno" in error) return Number(error.errno);
    throw error;
  }
}

/** True when the server's parser takes it; that the tables are missing does not matter. */
async function serverAccepts(connection: Connection, sql: string): Promise<boolean> {
  return await errnoOf(connection, `PREPARE s FROM ${quoteString(sql)}`) !== ER_PARSE_ERROR;
}

function weAccept(sql: string): boolean {
  try {
    parseSql(sql, DEFAULT_OPTIONS);
    return true;
  } catch (error) {
    if (error instanceof VtError && error.errno === ER_PARSE_ERROR) return false;
    throw error;
  }
}

async function mislabelled(
  connection: Connection,
  statements: readonly string[],
  accepted: boolean,
): Promise<void> {
  const wrong: string[] = [];
  for (const sql of statements) {
    if (await serverAccepts(connection, sql) !== accepted) wrong.push(`server: ${sql}`);
    if (weAccept(sql) !== accepted) wrong.push(`parser: ${sql}`);
  }
  if (wrong.length > 0) throw new Error(`\n${wrong.join("\n")}`);
}

Deno.test("parser and MariaDB accept and refuse the same statements", async () => {
  await using server = await startTestMysqld({ server: "mariadb" });
  const connection = await connect(server);
  try {
    await mislabelled(connection, readCorpus("corpus.txt"), true);
    await mislabelled(connection, readCorpus("invalid.txt"), false);
  } finally {
    await connection.end();
  }
});

Deno.test({
  name: `parser and MySQL accept and refuse the same statements${skipReason()}`,
  ignore: whyNoMysql() !== undefined,
  fn: async () => {
    await using server = await startTestMysqld({ server: "mysql" });
    const connection = await connect(server);
    try {
      const all = readCorpus("only_mysql.txt");
      await mislabelled(
        connection,
        all.slice(0, all.findIndex((sql) => sql.startsWith("use "))),
        true,
      );
    } finally {
      await connection.end();
    }
  },
});

function skipReason(): string {
  const reason = whyNoMysql();
  return reason === undefined ? "" : ` (skipped: ${reason})`;
}

// Offsets: parentheses around every operator must not change what a statement means.

const ROWS = "create table n (a int, b int, c varchar(9), d date) as " +
  "select 1 a, 2 b, 'x' c, date '2020-01-31' d union select 3, null, '12', '2021-02-28' " +
  "union select -5, 7, null, null union select 0, 0, '', '1999-12-31'";

const OPERANDS: readonly string[] = [
  ...["a", "b", "n.c", "1", "-2", "0", "3.5", "'x'", "'7'", "null", "true", "1e1", "0x41"],
  ...["(a + 1)", "abs(a)", "coalesce(b, 4)", "case when a then b else 2 end", "cast(a as char)"],
  ...["(select max(b) from n m)", "if(a > b, 1, 0)", "char_length(c)", "- a", "~ b", "! a"],
];
const ARITHMETIC: readonly string[] = "+ - * / % div mod | & ^ << >>".split(" ");
const COMPARISONS: readonly string[] = "= <=> <> < <= > >=".split(" ");
const LOGICAL: readonly string[] = "and or xor && ||".split(" ");

type Random = (below: number) => number;

function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

function pick(random: Random, from: readonly string[]): string {
  return from[random(from.length)] ?? "";
}

// One function a level of MySQL's grammar: chains of predicates (`a like b like c`) are a syntax
// error in MySQL, and MariaDB reads them in its own way.

function randomBits(random: Random, depth: number): string {
  if (depth === 0 || random(3) === 0) return pick(random, OPERANDS);
  const [left, right] = [randomBits(random, depth - 1), randomBits(random, depth - 1)];
  return `${left} ${pick(random, ARITHMETIC)} ${right}`;
}

function randomPredicate(random: Random): string {
  const bits = randomBits(random, 2);
  switch (random(7)) {
    case 0:
      return `${bits} in (1, 2, ${randomBits(random, 1)})`;
    case 1:
      return `${bits} not in (1, 2)`;
    case 2:
      return `${bits} between ${randomBits(random, 1)} and ${randomBits(random, 1)}`;
    case 3:
      return `${bits} ${pick(random, ["like", "not like"])} ${pick(random, OPERANDS)}`;
    case 4:
      return `${bits} ${pick(random, ["regexp", "sounds like"])} ${randomBits(random, 1)}`;
    default:
      return bits;
  }
}

function randomComparison(random: Random): string {
  const left = randomPredicate(random);
  switch (random(5)) {
    case 0:
      return `${left} is ${pick(random, ["null", "not null", "true", "not false", "unknown"])}`;
    case 1:
      return `d + interval ${random(9)} day ${pick(random, COMPARISONS)} d`;
    case 2:
      return left;
    default:
      return `${left} ${pick(random, COMPARISONS)} ${randomPredicate(random)}`;
  }
}

function randomExpr(random: Random, depth: number): string {
  if (depth === 0) return `${random(4) === 0 ? "not " : ""}${randomComparison(random)}`;
  const [left, right] = [randomExpr(random, depth - 1), randomExpr(random, depth - 1)];
  return `${left} ${pick(random, LOGICAL)} ${right}`;
}

const WRAPPED: ReadonlySet<Expr["kind"]> = new Set([
  ...["binary", "unary", "between", "in", "is", "like", "case", "call", "subquery"] as const,
]);

/** Parentheses around every operator that stands where an expression may. */
function parenthesise(sql: string): string {
  const edits: { readonly at: number; readonly text: string }[] = [];
  walk(parseSql(sql, DEFAULT_OPTIONS), (node: Span) => {
    if (!isExpr(node) || !WRAPPED.has(node.kind)) return;
    edits.push({ at: node.start, text: "(" }, { at: node.end, text: ")" });
  });
  return spliceText(sql, edits.map(({ at, text }) => insertAt(at, text)));
}

async function answer(connection: Connection, sql: string): Promise<unknown> {
  try {
    const [rows] = await connection.query({ sql, rowsAsArray: true });
    return rows;
  } catch (error) {
    if (error instanceof Error && "errno" in error) return { errno: error.errno };
    throw error;
  }
}

Deno.test("parentheses spliced around every operator leave the answers as they are", async () => {
  const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1_000_000);
  // deno-lint-ignore no-console -- whoever sees it fail needs it to see it again
  console.log(`SEED=${seed}`);
  const random = randomFrom(seed);
  await using server = await startTestMysqld({ server: "mariadb" });
  const connection = await connect(server);
  try {
    await connection.query(ROWS);
    for (let round = 0; round < 600; round++) {
      const sql = `select ${randomExpr(random, 1 + random(3))} as x from n order by a`;
      if (!await serverAccepts(connection, sql)) continue;
      const spliced = parenthesise(sql);
      const [plain, wrapped] = [await answer(connection, sql), await answer(connection, spliced)];
      deepEqual(wrapped, plain, `${sql}\n${spliced}`);
    }
  } finally {
    await connection.end();
  }
});
