/**
 * From argv, and a config file where --config names one, to a typed record. Accepts
 * `--name value`, `--name=value`, Go's single dash and its underscores (`-topo_global_root`),
 * and `--` before arguments that start with a dash. The command line wins over the file.
 */
import { parse as parseYaml } from "yaml";
import { vtError, vtErrorFrom } from "../error/errors.ts";
import type { Flag, FlagSet } from "./flag.ts";
import { nearest } from "./nearest.ts";

type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

/** { "rpc-port": Flag<number> } becomes { rpcPort: number }. */
export type FlagValues<Flags extends FlagSet> = {
  readonly [Name in keyof Flags & string as Camel<Name>]: Flags[Name] extends Flag<infer T> ? T
    : never;
};

export interface Parsed<Flags extends FlagSet> {
  readonly values: FlagValues<Flags>;
  /** Names that the command line or the file set, as declared: "rpc-port". */
  readonly given: ReadonlySet<string>;
  readonly positional: readonly string[];
  /** --help or -h came; required flags were not asked for. */
  readonly help: boolean;
}

export interface ParseOptions {
  /** "refuse": VT23005. "collect": flags and arguments mix. "stop": flags end at the first one. */
  readonly positional?: "refuse" | "collect" | "stop";
  /** Where --config FILE is allowed: reads the file. */
  readonly readConfig?: (file: string) => string;
}

interface Tokens {
  readonly texts: Map<string, string>;
  readonly positional: string[];
  config: string | undefined;
  help: boolean;
}

/** Throws VT23001 ... VT23005, each with the flag's name and what is wanted. */
export function parseFlags<Flags extends FlagSet>(
  flags: Flags,
  argv: readonly string[],
  options: ParseOptions = {},
): Parsed<Flags> {
  const tokens = tokenize(flags, argv, options);
  if (tokens.config !== undefined && options.readConfig !== undefined) {
    const { config } = tokens;
    for (const [name, text] of readConfigFile(flags, config, options.readConfig)) {
      if (!tokens.texts.has(name)) tokens.texts.set(name, text);
    }
  }
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) {
    const text = tokens.texts.get(name);
    if (text === undefined && flag.required && !tokens.help) {
      throw vtError("VT23003", name, flag.help);
    }
    values[camel(name)] = text === undefined ? flag.fallback : parseValue(name, flag, text);
  }
  return {
    // One key per flag was just set from that flag's own parser.
    values: values as FlagValues<Flags>,
    given: new Set(tokens.texts.keys()),
    positional: tokens.positional,
    help: tokens.help,
  };
}

function tokenize(flags: FlagSet, argv: readonly string[], options: ParseOptions): Tokens {
  const tokens: Tokens = { texts: new Map(), positional: [], config: undefined, help: false };
  const { positional = "refuse" } = options;
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? "";
    if (argument === "--") {
      tokens.positional.push(...argv.slice(i + 1));
      break;
    }
    // "-80" is the name of a shard, not a flag.
    if (!/^--?[A-Za-z]/.test(argument)) {
      if (positional === "refuse") throw vtError("VT23005", argument);
      tokens.positional.push(...(positional === "stop" ? argv.slice(i) : [argument]));
      if (positional === "stop") break;
      continue;
    }
    const equals = argument.indexOf("=");
    const name = dashed(argument.slice(0, equals < 0 ? undefined : equals));
    if (name === "help" || name === "h") {
      tokens.help = true;
      continue;
    }
    const isConfig = name === "config" && options.readConfig !== undefined;
    const flag = isConfig ? undefined : findFlag(flags, name);
    let value = equals < 0 ? undefined : argument.slice(equals + 1);
    if (value === undefined && flag?.isSwitch === true) value = "true";
    if (value === undefined) value = argv[++i];
    if (value === undefined) throw vtError("VT23002", name, "it needs a value");
    if (flag === undefined) tokens.config = value;
    else addText(tokens.texts, name, flag, value);
  }
  return tokens;
}

function addText(texts: Map<string, string>, name: string, flag: Flag<unknown>, value: string) {
  const before = texts.get(name);
  texts.set(name, flag.repeats && before !== undefined ? `${before},${value}` : value);
}

function findFlag(flags: FlagSet, name: string): Flag<unknown> {
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined) throw vtError("VT23001", name, suggestion(flags, name));
  return flag;
}

function suggestion(flags: FlagSet, name: string): string {
  const near = nearest(name, Object.keys(flags));
  return near === undefined ? "" : `; did you mean --${near}?`;
}

function parseValue(name: string, flag: Flag<unknown>, text: string): unknown {
  try {
    return flag.parse(text);
  } catch (error) {
    throw vtErrorFrom(error, "VT23002", name, error instanceof Error ? error.message : "");
  }
}

/** YAML, of which JSON is a part: a flat map of flag names to values. */
function readConfigFile(
  flags: FlagSet,
  file: string,
  read: (file: string) => string,
): ReadonlyMap<string, string> {
  let document: unknown;
  try {
    document = parseYaml(read(file));
  } catch (error) {
    const cause = error instanceof Error ? error.message.split("\n", 1)[0] ?? "" : "";
    throw vtErrorFrom(error, "VT23004", file, cause);
  }
  if (document === null) return new Map();
  if (typeof document !== "object" || Array.isArray(document)) {
    throw vtError("VT23004", file, "want a map of flag names to values");
  }
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(document)) {
    const name = dashed(key);
    if (!Object.hasOwn(flags, name)) {
      throw vtError("VT23004", file, `unknown key "${key}"${suggestion(flags, name)}`);
    }
    texts.set(name, printConfigValue(file, key, value));
  }
  return texts;
}

function printConfigValue(file: string, key: string, value: unknown): string {
  if (Array.isArray(value)) {
    return value.map((item) => printConfigValue(file, key, item)).join(",");
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return String(value);
  }
  throw vtError("VT23004", file, `key "${key}" needs a text, a number, true, false or a list`);
}

/** "-topo_global_root" and "topoGlobalRoot" stay apart: only dashes and underscores are one. */
function dashed(name: string): string {
  return name.replace(/^--?/, "").replaceAll("_", "-");
}

function camel(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
