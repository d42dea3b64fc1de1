/** The texts of `vtctl`, `vtctl --help` and `vtctl COMMAND --help`. */
import { printHelp, wrap } from "../../shared/flags/help.ts";
import { EXIT_CODES } from "../../shared/rpc/ctl_api.ts";
import { type Command, COMMAND_GROUPS } from "./command.ts";

/** Columns of the list of commands; the help of one is laid out for 80. */
const LIST_WIDTH = 100;
const WIDTH = 80;

/** Exit codes, for people and scripts. */
export const EXIT_CODE_HELP: readonly string[] = [
  `${EXIT_CODES.ok}  done`,
  `${EXIT_CODES.failed}  failed`,
  `${EXIT_CODES.usage}  wrong usage, or input that is not valid`,
  `${EXIT_CODES.not_found}  what was asked for doesn't exist`,
  `${EXIT_CODES.refused}  refused: a condition isn't met, or this version doesn't have it`,
  `${EXIT_CODES.unreachable}  something can't be reached or didn't answer in time`,
];

/** All commands by group. */
export function printCommandList(commands: readonly Command[]): string {
  const widest = Math.max(...commands.map((command) => command.name.length));
  const lines = [
    "vtctl: the command line client of vtctld",
    "",
    "Usage: vtctl [--server HOST:PORT] [--json] COMMAND [ARGUMENTS]",
    "       vtctl COMMAND --help",
  ];
  for (const group of COMMAND_GROUPS) {
    const own = commands.filter((command) => command.group === group);
    if (own.length === 0) continue;
    lines.push("", `${group}:`);
    for (const command of own) {
      const [first = "", ...rest] = wrap(command.summary, LIST_WIDTH - widest - 4);
      lines.push(`  ${command.name.padEnd(widest)}  ${first}`);
      for (const line of rest) lines.push(`${" ".repeat(widest + 4)}${line}`);
    }
  }
  lines.push("", "Flags (before or after the command):");
  lines.push("  --server HOST:PORT  vtctld; also from VTCTL_SERVER (localhost:15000)");
  lines.push("  --json              the result as JSON");
  lines.push("", "A value that starts with @ is a file to read: --sql @schema.sql");
  lines.push("", "Exit codes:", ...EXIT_CODE_HELP.map((line) => `  ${line}`));
  return lines.join("\n") + "\n";
}

/** What a command does, takes and is called. */
export function printCommandHelp(command: Command): string {
  const usage = command.usage.slice(command.name.length).replace(/^ \[FLAGS\] ?/, "");
  const head = printHelp({
    program: `vtctl ${command.name}`,
    summary: command.summary,
    flags: command.flags,
    ...(usage === "" ? {} : { arguments: usage }),
  });
  const lines: string[] = [];
  for (const paragraph of command.details) lines.push("", ...wrap(paragraph, WIDTH));
  if (command.examples.length > 0) {
    lines.push("", "Examples:", ...command.examples.map((example) => `  vtctl ${example}`));
  }
  if (command.legacyNames.length > 0) {
    lines.push("", `Also called ${command.legacyNames.join(", ")}.`);
  }
  return head + lines.map((line) => `${line}\n`).join("");
}
