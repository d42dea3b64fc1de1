/** Arguments of a command that are no flags: "CreateShard <keyspace/shard>". */
import { vtError } from "../../shared/error/errors.ts";
import { parseShardName } from "../../shared/key/range.ts";
import {
  parseTabletAlias,
  parseTabletType,
  type TabletAlias,
  type TabletType,
} from "../../shared/model/tablet.ts";

export interface Positional<T> {
  /** How the usage line shows it: "<keyspace/shard>". */
  readonly label: string;
  readonly arity: "one" | "rest";
  /** Takes the texts that fell to it. Throws SyntaxError or RangeError that says what is wanted. */
  readonly parse: (texts: readonly string[]) => T;
  /** How few texts it takes. */
  readonly min: 0 | 1;
}

export type PositionalSet = Readonly<Record<string, Positional<unknown>>>;

export type PositionalValues<Set extends PositionalSet> = {
  readonly [Name in keyof Set]: Set[Name] extends Positional<infer T> ? T : never;
};

export interface KeyspaceShard {
  readonly keyspace: string;
  readonly shard: string;
}

/** Exactly one. */
export function one<T>(label: string, parse: (text: string) => T): Positional<T> {
  return { label: `<${label}>`, arity: "one", min: 1, parse: ([text = ""]) => parse(text) };
}

/** One or none. */
export function optional<T>(
  label: string,
  parse: (text: string) => T,
): Positional<T | undefined> {
  return {
    label: `[<${label}>]`,
    arity: "one",
    min: 0,
    parse: ([text]) => text === undefined ? undefined : parse(text),
  };
}

/** All that are left, one at least. Must come last. */
export function oneOrMore<T>(label: string, parse: (text: string) => T): Positional<readonly T[]> {
  return {
    label: `<${label}> [<${label}> ...]`,
    arity: "rest",
    min: 1,
    parse: (texts) => texts.map(parse),
  };
}

/** All that are left, maybe none. Must come last. */
export function zeroOrMore<T>(label: string, parse: (text: string) => T): Positional<readonly T[]> {
  return { label: `[<${label}> ...]`, arity: "rest", min: 0, parse: (texts) => texts.map(parse) };
}

/** What a person may type as a name of a keyspace, a cell or an alias of cells. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

export function parseName(text: string): string {
  if (!NAME.test(text)) {
    throw new SyntaxError(`"${text}" is no name: letters, digits, "_", "-" and "." make one`);
  }
  return text;
}

/** "customer/-80". The shard's spelling is kept. */
export function parseKeyspaceShard(text: string): KeyspaceShard {
  const slash = text.indexOf("/");
  if (slash < 0) throw new SyntaxError(`"${text}" is no keyspace/shard, as in customer/-80`);
  const shard = text.slice(slash + 1);
  const keyspace = parseName(text.slice(0, slash));
  // A shard of custom sharding has a word for a name.
  if (/^[A-Za-z0-9_]{1,63}$/.test(shard)) return { keyspace, shard };
  parseShardName(shard);
  return { keyspace, shard: shard.toLowerCase() };
}

export function parseAlias(text: string): TabletAlias {
  return parseTabletAlias(text);
}

export function parseType(text: string): TabletType {
  return parseTabletType(text);
}

export function parseBoolean(text: string): boolean {
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  throw new SyntaxError(`"${text}" is neither true nor false`);
}

export function parseText(text: string): string {
  return text;
}

/** "<keyspace/shard> <alias>". */
export function printPositionals(set: PositionalSet): string {
  return Object.values(set).map((positional) => positional.label).join(" ");
}

/** Gives each argument its texts. VT22001, with the usage line, when they don't fit. */
export function parsePositionals<Set extends PositionalSet>(
  set: Set,
  texts: readonly string[],
  usage: string,
): PositionalValues<Set> {
  const values: Record<string, unknown> = {};
  let next = 0;
  for (const [name, positional] of Object.entries(set)) {
    const own = positional.arity === "one" ? texts.slice(next, next + 1) : texts.slice(next);
    next += own.length;
    if (own.length < positional.min) {
      throw vtError("VT22001", `${positional.label} is missing; usage: ${usage}`);
    }
    values[name] = parseOne(positional, own, usage);
  }
  if (next < texts.length) {
    throw vtError("VT22001", `unexpected argument "${texts[next]}"; usage: ${usage}`);
  }
  // One key per argument was just set from that argument's own parser.
  return values as PositionalValues<Set>;
}

function parseOne(
  positional: Positional<unknown>,
  texts: readonly string[],
  usage: string,
): unknown {
  try {
    return positional.parse(texts);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw vtError("VT22001", `${cause}; usage: ${usage}`);
  }
}
