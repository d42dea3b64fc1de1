import type { Flag, FlagSet } from "./flag.ts";

/** Columns of the terminal that --help is laid out for. */
const WIDTH = 80;
const HELP_COLUMN_MAX = 34;

export interface Usage {
  /** "vttablet". */
  readonly program: string;
  /** One sentence: what it does. */
  readonly summary: string;
  /** What follows the flags: "COMMAND [ARGUMENTS]"; "" for nothing. */
  readonly arguments?: string;
  readonly flags: FlagSet;
  /** --config FILE is read. */
  readonly config?: boolean;
}

/** The text of --help: a line or two per flag, 80 columns wide, ends with a line feed. */
export function printHelp(usage: Usage): string {
  const rows: [string, string][] = Object.entries(usage.flags)
    .map(([name, flag]) => [printSyntax(name, flag), printMeaning(flag)]);
  if (usage.config === true) rows.push(["--config FILE", "YAML or JSON with any of these flags"]);
  rows.push(["--help", "this text"]);
  const widest = Math.max(...rows.map(([syntax]) => syntax.length)) + 4;
  const column = Math.min(widest, HELP_COLUMN_MAX);
  const tail = usage.arguments === undefined ? "" : ` ${usage.arguments}`;
  const lines = [
    ...wrap(`${usage.program}: ${usage.summary}`, WIDTH),
    "",
    `Usage: ${usage.program} [FLAGS]${tail}`,
    "",
    ...rows.flatMap(([syntax, meaning]) => printRow(`  ${syntax}`, meaning, column)),
  ];
  return lines.join("\n") + "\n";
}

function printSyntax(name: string, flag: Flag<unknown>): string {
  return flag.placeholder === "" ? `--${name}` : `--${name} ${flag.placeholder}`;
}

function printMeaning(flag: Flag<unknown>): string {
  if (flag.required) return `${flag.help} (required)`;
  const fallback = flag.printedFallback;
  const silent = fallback === "" || (flag.isSwitch && fallback === "false");
  return silent ? flag.help : `${flag.help} (${fallback})`;
}

function printRow(syntax: string, meaning: string, column: number): string[] {
  const lines = wrap(meaning, WIDTH - column);
  if (syntax.length + 2 > column) return [syntax, ...lines.map((line) => pad("", column) + line)];
  return lines.map((line, i) => pad(i === 0 ? syntax : "", column) + line);
}

function pad(text: string, width: number): string {
  return text.padEnd(width);
}

/** Lines of whole words, none wider than `width` unless a word is. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
