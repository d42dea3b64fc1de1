/**
 * Declarations of command line flags. A program's flags are one record of these, from which
 * parse.ts makes a typed value and help.ts the `--help` text:
 *
 *     const FLAGS = { "rpc-port": port({ help: "multiplexed RPC", fallback: 15100 }) };
 *     const { values } = parseFlags(FLAGS, argv); // values.rpcPort: number
 */

export interface Flag<T> {
  /** What stands for the value in the help: "PORT"; "" for a switch. */
  readonly placeholder: string;
  readonly help: string;
  readonly required: boolean;
  readonly fallback: T;
  /** A bare --name means `true`. */
  readonly isSwitch: boolean;
  /** May be given several times; the texts are joined by commas. */
  readonly repeats: boolean;
  /** Throws SyntaxError or RangeError that says what is wanted. */
  readonly parse: (text: string) => T;
  /** The fallback as --help shows it. */
  readonly printedFallback: string;
}

export type FlagSet = Readonly<Record<string, Flag<unknown>>>;

interface Described<T> {
  readonly help: string;
  readonly fallback: T;
  readonly placeholder?: string;
}

interface Required {
  readonly help: string;
  readonly required: true;
  readonly placeholder?: string;
}

/** A flag as it is declared: with a fallback, or required. */
export type Declaration<T> = Described<T> | Required;

function flag<T>(
  declaration: Declaration<T>,
  empty: T,
  kind: {
    readonly placeholder: string;
    readonly parse: (text: string) => T;
    readonly print?: (value: T) => string;
    readonly isSwitch?: boolean;
    readonly repeats?: boolean;
  },
): Flag<T> {
  const required = "required" in declaration;
  const fallback = required ? empty : declaration.fallback;
  return {
    placeholder: declaration.placeholder ?? kind.placeholder,
    help: declaration.help,
    required,
    fallback,
    printedFallback: (kind.print ?? String)(fallback),
    isSwitch: kind.isSwitch ?? false,
    repeats: kind.repeats ?? false,
    parse: kind.parse,
  };
}

export function text(declaration: Declaration<string>): Flag<string> {
  return flag(declaration, "", { placeholder: "TEXT", parse: (value) => value });
}

/** True or false; a bare `--name` means true. */
export function toggle(declaration: Declaration<boolean>): Flag<boolean> {
  return flag(declaration, false, { placeholder: "", parse: parseToggle, isSwitch: true });
}

/** A whole number within `min` ... `max` (0 ... 2^53 - 1 unless told). */
export function integer(
  declaration: Declaration<number> & { readonly min?: number; readonly max?: number },
): Flag<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = declaration;
  const parse = (value: string) => parseInteger(value, min, max);
  return flag(declaration, 0, { placeholder: "N", parse });
}

/** A TCP port; 0 takes a free one. */
export function port(declaration: Declaration<number>): Flag<number> {
  return flag(declaration, 0, { placeholder: "PORT", parse: (v) => parseInteger(v, 0, 65535) });
}

/** A length of time in milliseconds, written as Go prints it: "30s", "1m30s", "500ms". */
export function duration(declaration: Declaration<number>): Flag<number> {
  const kind = { placeholder: "TIME", parse: parseDurationMs, print: printDurationMs };
  return flag(declaration, 0, kind);
}

/** Comma separated; the flag may also be repeated. */
export function list(declaration: Declaration<readonly string[]>): Flag<readonly string[]> {
  return flag(declaration, [], {
    placeholder: "A,B",
    repeats: true,
    parse: (value) => value.split(",").map((item) => item.trim()).filter((item) => item !== ""),
    print: (value) => value.join(","),
  });
}

/** One of the given words. */
export function choice<const Word extends string>(
  words: readonly [Word, ...Word[]],
  declaration: Declaration<Word>,
): Flag<Word> {
  return flag(declaration, words[0], {
    placeholder: words.join("|"),
    parse: (value) => {
      const word = words.find((candidate) => candidate === value);
      if (word === undefined) throw new SyntaxError(`want ${words.join(", ")}: got "${value}"`);
      return word;
    },
  });
}

function parseToggle(value: string): boolean {
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw new SyntaxError(`want true or false: got "${value}"`);
}

function parseInteger(value: string, min: number, max: number): number {
  const number = /^-?[0-9]{1,16}$/.test(value) ? Number(value) : NaN;
  if (!(number >= min && number <= max)) {
    const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `of ${min} to ${max}`;
    throw new RangeError(`want a whole number ${range}: got "${value}"`);
  }
  return number;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** "1m30s" is 90000; a bare "0" is 0. */
export function parseDurationMs(value: string): number {
  if (value === "0") return 0;
  if (!/^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$/.test(value)) {
    throw new SyntaxError(`want a time as in 500ms, 30s or 1m30s: got "${value}"`);
  }
  let sum = 0;
  for (const [, number = "", unit = ""] of value.matchAll(/([0-9.]+)(ms|s|m|h)/g)) {
    sum += Number(number) * (UNIT_MS[unit] ?? 0);
  }
  return Math.round(sum);
}

/** 90000 is "1m30s". */
export function printDurationMs(ms: number): string {
  if (ms === 0) return "0s";
  let rest = ms;
  let printed = "";
  for (const unit of ["h", "m", "s", "ms"]) {
    const size = UNIT_MS[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) printed += `${count}${unit}`;
    rest -= count * size;
  }
  return printed;
}
