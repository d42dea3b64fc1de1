/** The normaliser beside a slow one that is made of the lexer, on corpora and on random texts. */
import { deepEqual, equal } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { VtError } from "../error/errors.ts";
import { isLiteralKind, Lexer, type TokenKind } from "./lexer.ts";
import { LIST_MARK, MARK, normalize, SIGN_WORDS } from "./normalize.ts";
import { DEFAULT_OPTIONS } from "./options.ts";
import type { Slot, SlotType, ValueSlot } from "./slots.ts";
import { readCorpus } from "./testdata/corpus.ts";

const CORPUS: readonly string[] = [
  ...readCorpus("corpus.txt"),
  ...readCorpus("only_mysql.txt"),
  ...readCorpus("clients.txt"),
];

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

function tokensOf(sql: string, start: number, end: number): readonly Token[] {
  const tokens: Token[] = [];
  const lexer = new Lexer(sql, DEFAULT_OPTIONS, [], start, end);
  for (; lexer.kind !== "end"; lexer.next()) {
    tokens.push({ kind: lexer.kind, text: lexer.text, start: lexer.start, end: lexer.end });
  }
  return tokens;
}

interface Slow {
  readonly key: string;
  readonly slots: readonly Slot[];
}

/** The rules of normalize.ts, each said once, on tokens. */
function slowNormalize(sql: string, start: number, end: number): Slow {
  const tokens = tokensOf(sql, start, end);
  if (tokens.some((token, at) => isString(token) && isString(tokens[at + 1]))) {
    return { key: sql.slice(start, end), slots: [] };
  }
  const slots: Slot[] = [];
  let params = 0;
  const slotAt = (at: number): readonly [ValueSlot, number] | undefined => {
    const token = tokens[at];
    if (token === undefined) return undefined;
    if (isSign(tokens, at)) {
      const number = tokens[at + 1];
      if (number === undefined || !isNumber(number)) return undefined;
      return [value(number.kind as SlotType, token.start, number.end, -1), at + 2];
    }
    if (token.kind === "param") return [value("param", token.start, token.end, params), at + 1];
    if (!isLiteralKind(token.kind) || (isString(token) && isWord(tokens, at - 1, "as"))) {
      return undefined;
    }
    return [value(token.kind as SlotType, token.start, token.end, -1), at + 1];
  };
  for (let at = 0; at < tokens.length;) {
    if (tokens[at - 1]?.text === "(" && isWord(tokens, at - 2, "in")) {
      const list = foldedList(sql, tokens, at, params);
      if (list !== undefined) {
        slots.push(list.slot);
        if (list.slot.type === "param") params += list.slot.items.length;
        at = list.next;
        continue;
      }
    }
    const found = slotAt(at);
    if (found === undefined) at++;
    else {
      slots.push(found[0]);
      if (found[0].type === "param") params++;
      at = found[1];
    }
  }
  return { key: keyOf(sql, slots, start, end), slots };
}

function value(type: SlotType, start: number, end: number, param: number): ValueSlot {
  return { kind: "value", type, start, end, param };
}

function isString(token: Token | undefined): boolean {
  return token?.kind === "string";
}

function isNumber(token: Token): boolean {
  return token.kind === "int" || token.kind === "decimal" || token.kind === "float";
}

function isWord(tokens: readonly Token[], at: number, word: string): boolean {
  const token = tokens[at];
  return token?.kind === "word" && token.text === word && !isBehindDot(tokens, at);
}

/** `t.in` is a name whatever comes behind the dot; `t. in` is a keyword. */
function isBehindDot(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1];
  return before?.text === "." && before.end === tokens[at]?.start;
}

function isSign(tokens: readonly Token[], at: number): boolean {
  const [before, token, after] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (token?.text !== "-" || before === undefined || after === undefined) return false;
  if (!isNumber(after) || after.start !== token.end) return false;
  if (before.kind === "op") return ![")", "}", "\\N"].includes(before.text);
  return before.kind === "word" && SIGN_WORDS.has(before.text) && !isBehindDot(tokens, at - 1);
}

interface FoldedList {
  readonly slot: Extract<Slot, { readonly kind: "list" }>;
  readonly next: number;
}

function foldedList(
  sql: string,
  tokens: readonly Token[],
  from: number,
  firstParam: number,
): FoldedList | undefined {
  const items: ValueSlot[] = [];
  let at = from;
  for (;; at++) {
    const sign = tokens[at]?.text === "-";
    const first = tokens[at];
    const token = tokens[sign ? at + 1 : at];
    if (first === undefined || token === undefined) return undefined;
    if (sign && (!isNumber(token) || first.end !== token.start)) return undefined;
    const folds = isNumber(token) || isString(token) || token.kind === "param";
    if (!folds || sql.charAt(sign ? token.start : first.start) === ".") return undefined;
    const param = token.kind === "param" ? firstParam + items.length : -1;
    const type = token.kind as SlotType;
    // Parts of a string make it one that does not fold.
    const text = sql.slice(token.start, token.end);
    if (
      isString(token) && /['"]\s*(\/\*.*?\*\/)?\s*['"]/s.test(text.replaceAll(/\\.|''|""/gs, ""))
    ) {
      if (text.length > 2 && new Lexer(text, DEFAULT_OPTIONS).end === text.length) {
        return undefined;
      }
    }
    items.push(value(type, first.start, token.end, param));
    if (type !== items[0]?.type) return undefined;
    at = sign ? at + 2 : at + 1;
    const next = tokens[at];
    if (next === undefined || !/^\s*$/.test(sql.slice(token.end, next.start))) return undefined;
    if (next.text === ")") break;
    const following = tokens[at + 1];
    if (next.text !== "," || following === undefined) return undefined;
    if (!/^\s*$/.test(sql.slice(next.end, following.start))) return undefined;
  }
  const start = items[0]?.start ?? 0;
  const end = items.at(-1)?.end ?? 0;
  const open = tokens[from - 1]?.end ?? 0;
  if (!/^\s*$/.test(sql.slice(open, start))) return undefined;
  return { slot: { kind: "list", type: items[0]?.type ?? "int", start, end, items }, next: at };
}

function keyOf(sql: string, slots: readonly Slot[], start: number, end: number): string {
  let key = "";
  let at = start;
  for (const slot of slots) {
    const marks = slot.kind === "list" ? LIST_MARK : MARK;
    key += sql.slice(at, slot.start) + marks[slot.type];
    at = slot.end;
  }
  return key + sql.slice(at, end);
}

/** Puts the slots' texts in the places of the marks, found by the lexer in the key. */
function putBack(sql: string, key: string, slots: readonly Slot[]): string {
  const lexer = new Lexer(key, DEFAULT_OPTIONS);
  let text = "";
  let at = 0;
  let next = 0;
  while (lexer.kind !== "end") {
    if (lexer.kind !== "param") {
      lexer.next();
      continue;
    }
    const slot = slots[next++];
    if (slot === undefined) throw new Error(`more marks than slots in ${key}`);
    text += key.slice(at, lexer.start) + sql.slice(slot.start, slot.end);
    at = lexer.start + 2;
    lexer.skipTo(at);
  }
  equal(next, slots.length, `marks and slots of ${key}`);
  return text + key.slice(at);
}

Deno.test("normalize() loses nothing: literals put back give the text", () => {
  for (const sql of CORPUS) {
    const { key, slots, start, end } = normalize(sql, DEFAULT_OPTIONS);
    if (slots.length > 0) equal(putBack(sql, key, slots), sql.slice(start, end));
  }
});

Deno.test("normalize() agrees with the slow normaliser on the corpora", () => {
  for (const sql of CORPUS) compare(sql);
});

function compare(sql: string): void {
  const { key, slots, start, end, next } = normalize(sql, DEFAULT_OPTIONS);
  if (next >= 0) return;
  deepEqual({ key, slots }, slowNormalize(sql, start, end), sql);
}

Deno.test("normalize() agrees with the slow normaliser on random texts", () => {
  const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1_000_000);
  // deno-lint-ignore no-console -- whoever sees it fail needs it to see it again
  console.log(`SEED=${seed}`);
  const random = randomFrom(seed);
  const pieces = [
    ...["select ", "from t ", "a", "t.", "1", "2.5", ".5", "1e3", "'x'", '"y"', "`n`", "?", "-"],
    ...["--", "- ", " in (", "in(", ")", ",", ", ", " as ", "@v", "@@s", "x'41'", "N'n'", "_utf8"],
    ...["/* c */", "/*!50000 ", "*/", "# c\n", "-- c\n", " ", "\n", "=", "and ", "''", "\\'"],
    ...[";", "0x1F", "b'1'", "1a", "(", "{", "}", ":=", "*", "values"],
  ];
  for (let round = 0; round < 5_000; round++) {
    const count = 1 + random(14);
    let sql = "";
    for (let at = 0; at < count; at++) sql += pieces[random(pieces.length)];
    if (!throwsSyntaxError(sql)) compare(sql);
  }
});

function throwsSyntaxError(sql: string): boolean {
  try {
    normalize(sql, DEFAULT_OPTIONS);
    return false;
  } catch (error) {
    if (error instanceof VtError && error.id === "ER_PARSE_ERROR") return true;
    throw error;
  }
}

function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

Deno.test("normalize() gives one key to statements that differ in slots only", () => {
  const key = (sql: string): string => normalize(sql, DEFAULT_OPTIONS).key;
  equal(key("select a from t where b in (1)"), key("select a from t where b in (1,2,  -3)"));
  equal(key("select 1"), key("/* x */ select -7 ;"));
  for (const other of ["select '1'", "select 1.0", "select  1", "select 1e0", "select ?"]) {
    if (key(other) === key("select 1")) throw new Error(other);
  }
});

Deno.test("normalize() takes any bytes", () => {
  const sql = Buffer.from([...Buffer.from("select '"), 0xff, 0x00, 0x80, 0x27]).toString("latin1");
  const { slots } = normalize(sql, DEFAULT_OPTIONS);
  deepEqual(slots, [{ kind: "value", type: "string", start: 7, end: 12, param: -1 }]);
});
