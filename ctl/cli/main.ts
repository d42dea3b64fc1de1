/**
 * vtctl: sends a command to vtctld, shows its progress on stderr and its result on stdout. It
 * knows no command itself, so that it starts fast; only help loads the list of them.
 */
import { resolve } from "node:path";
import { EXIT_CODES, exitCodeOf } from "../../shared/rpc/ctl_api.ts";
import { type CommandLine, parseCommandLine, readFiles } from "./argv.ts";
import { callCommand } from "./client.ts";
import { ProgressWriter } from "./progress_writer.ts";

async function main(argv: readonly string[]): Promise<number> {
  let line: CommandLine;
  let args: readonly string[];
  try {
    line = parseCommandLine(argv, Deno.env.get("VTCTL_SERVER") ?? "");
    if (line.help || line.command === "") return await showHelp(line.command);
    args = readFiles(line.command, line.args, { read: readText, resolve: (file) => resolve(file) });
  } catch (error) {
    writeAll(Deno.stderr, `vtctl: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT_CODES.usage;
  }
  const { command, json, server } = line;
  const progress = new ProgressWriter({
    write: (text) => writeAll(Deno.stderr, text),
    // A terminal that doesn't say how wide it is says 0.
    columns: canRedraw() ? () => Deno.consoleSize().columns || COLUMNS : undefined,
  });
  const end = await callCommand({
    server,
    command,
    args,
    onLine: (text, kind) => progress.line(text, kind),
    onOutput: (text) => {
      progress.close();
      writeAll(Deno.stdout, `${text}\n`);
    },
    // Ctrl-C ends the process; vtctld sees the connection close and cancels.
    signal: new AbortController().signal,
  });
  progress.close();
  if (end.error === undefined) {
    if (end.text !== "") writeAll(Deno.stdout, `${end.text}\n`);
    return EXIT_CODES.ok;
  }
  const { error } = end;
  writeAll(
    Deno.stderr,
    json ? `${JSON.stringify({ error }, null, 2)}\n` : `${command} error: ${error.message}\n`,
  );
  return exitCodeOf(error.status);
}

const COLUMNS = 80;

/** Where either goes to a file or a pipe, lines are for whoever reads that. */
function canRedraw(): boolean {
  return Deno.stdout.isTerminal() && Deno.stderr.isTerminal() && Deno.env.get("TERM") !== "dumb";
}

/** Help is the registry's; it is loaded only here. */
async function showHelp(command: string): Promise<number> {
  const { COMMANDS, findCommand } = await import("../command/registry.ts");
  const { printCommandHelp, printCommandList } = await import("../command/help.ts");
  const text = command === "" ? printCommandList(COMMANDS) : printCommandHelp(findCommand(command));
  writeAll(Deno.stdout, text);
  return EXIT_CODES.ok;
}

function readText(file: string): string {
  try {
    return Deno.readTextFileSync(file === "-" ? "/dev/stdin" : file);
  } catch (error) {
    const cause = error instanceof Deno.errors.NotFound ? "no such file" : String(error);
    throw new Error(`can't read ${file}: ${cause}`);
  }
}

/** Into a pipe too, which takes a long text in pieces. */
function writeAll(
  writer: { readonly writeSync: (bytes: Uint8Array) => number },
  text: string,
): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += writer.writeSync(bytes.subarray(written));
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
