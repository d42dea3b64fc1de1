/**
 * A command of vtctld: what it is called, what it takes, what it does, how its result is printed.
 * One file per command defines one with `defineCommand`; registry.ts lists them. vtctl, the HTTP
 * API and the console are faces of that list and know nothing of a single command.
 *
 * Names, flags and printed results are vtctldclient's; the old vtctlclient's names and spellings
 * (one dash, underscores) are understood too, and `legacy` tells a command that it was called so.
 */
import { type FlagSet, toggle } from "../../shared/flags/flag.ts";
import { type FlagValues, parseFlags } from "../../shared/flags/parse.ts";
import type { CommandContext } from "./context.ts";
import {
  parsePositionals,
  type PositionalSet,
  type PositionalValues,
  printPositionals,
} from "./positional.ts";

/** In the order in which help lists them. */
export const COMMAND_GROUPS = [
  "Cluster",
  "Cells",
  "Keyspaces",
  "Shards",
  "Tablets",
  "Reparenting",
  "Schema",
  "VSchema and routing",
  "Serving graph",
  "Workflows",
  "Validation",
  "Topology",
] as const;
export type CommandGroup = (typeof COMMAND_GROUPS)[number];

/** How a command was called. */
export interface Invocation<Flags extends FlagSet, Set extends PositionalSet> {
  readonly flags: FlagValues<Flags>;
  /** Flags that were given, as declared: "sql-file". */
  readonly given: ReadonlySet<string>;
  readonly args: PositionalValues<Set>;
  /** By a name or with flags of the old vtctlclient, whose users expect its output. */
  readonly legacy: boolean;
}

export interface CommandDefinition<Flags extends FlagSet, Set extends PositionalSet, Result> {
  readonly name: string;
  readonly group: CommandGroup;
  /** One line: what it does. */
  readonly summary: string;
  /** What a user must know besides; paragraphs. */
  readonly details?: readonly string[];
  readonly examples: readonly string[];
  /** Names of the old vtctlclient; every name also goes in lower case. */
  readonly legacyNames?: readonly string[];
  readonly flags: Flags;
  readonly positionals: Set;
  /** It runs until its caller leaves: no limit in time. */
  readonly endless?: true;
  /** Other spellings of flags, short ones among them: { r: "recursive" }. */
  readonly flagAliases?: Readonly<Record<string, (keyof Flags & string) | "json">>;
  /** Must end when context.signal aborts, and leave what it began in a state to go on from. */
  readonly run: (context: CommandContext, call: Invocation<Flags, Set>) => Promise<Result>;
  /** The result as JSON; the result itself when absent. */
  readonly toJson?: (result: Result) => unknown;
  /** The result for people, without a line feed at the end. */
  readonly print: (result: Result, call: Invocation<Flags, Set>) => string;
}

export interface FinishedCommand {
  /** Plain JSON. */
  readonly result: unknown;
  readonly text: string;
}

/** A call whose flags and arguments were understood. */
export interface PreparedCommand {
  readonly help: boolean;
  /** Without a limit in time. */
  readonly endless: boolean;
  readonly run: (context: CommandContext) => Promise<FinishedCommand>;
}

export interface Command {
  readonly name: string;
  readonly group: CommandGroup;
  readonly summary: string;
  readonly details: readonly string[];
  readonly examples: readonly string[];
  readonly legacyNames: readonly string[];
  readonly flags: FlagSet;
  /** "[FLAGS] <keyspace/shard>". */
  readonly usage: string;
  /** Throws VT22001 or VT23001 ... when the arguments don't fit. */
  readonly prepare: (argv: readonly string[], calledAs: string) => PreparedCommand;
}

/** What every command has. */
export const COMMON_FLAGS = {
  "json": toggle({ help: "the result as JSON", fallback: false }),
} as const;

export function defineCommand<Flags extends FlagSet, Set extends PositionalSet, Result>(
  definition: CommandDefinition<Flags, Set, Result>,
): Command {
  const { name, positionals, legacyNames = [], flagAliases = {} } = definition;
  const flags = { ...definition.flags, ...COMMON_FLAGS };
  const usage = `${name} [FLAGS] ${printPositionals(positionals)}`.trimEnd();
  const prepare = (argv: readonly string[], calledAs: string): PreparedCommand => {
    const renamed = argv.map((argument) => renameFlag(argument, flagAliases));
    const parsed = parseFlags(flags, renamed, { positional: "collect" });
    const endless = definition.endless === true;
    if (parsed.help) {
      return { help: true, endless, run: () => Promise.reject(new TypeError("help asked")) };
    }
    const call: Invocation<Flags, Set> = {
      // The declared flags are among the parsed ones; COMMON_FLAGS only adds to them.
      flags: parsed.values as unknown as FlagValues<Flags>,
      given: parsed.given,
      args: parsePositionals(positionals, parsed.positional, `vtctl ${usage}`),
      legacy: isLegacyName(calledAs, legacyNames) || argv.some(isLegacyFlag),
    };
    return {
      help: false,
      endless,
      run: async (context) => {
        const outcome = await definition.run(context, call);
        const result = definition.toJson === undefined ? outcome : definition.toJson(outcome);
        const asJson = parsed.given.has("json");
        return { result, text: asJson ? printJson(result) : definition.print(outcome, call) };
      },
    };
  };
  return {
    name,
    group: definition.group,
    summary: definition.summary,
    details: definition.details ?? [],
    examples: definition.examples,
    legacyNames,
    flags,
    usage,
    prepare,
  };
}

/** protojson's style: two spaces. */
export function printJson(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? "null";
}

function isLegacyName(calledAs: string, legacyNames: readonly string[]): boolean {
  return legacyNames.some((name) => name.toLowerCase() === calledAs.toLowerCase());
}

/** "-vschema": Go's flag package took one dash; today's client takes one for single letters only. */
function isLegacyFlag(argument: string): boolean {
  return /^-[A-Za-z][A-Za-z0-9_-]+(=|$)/.test(argument);
}

function renameFlag(argument: string, aliases: Readonly<Record<string, string>>): string {
  const match = /^--?([A-Za-z][A-Za-z0-9_-]*)(=[\s\S]*)?$/.exec(argument);
  const name = (match?.[1] ?? "").replaceAll("_", "-");
  const wanted = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
  return wanted === undefined ? argument : `--${wanted}${match?.[2] ?? ""}`;
}
