/** vtctl's own part of the command line: what is not for the command itself. */

export interface CommandLine {
  /** host:port of vtctld. */
  readonly server: string;
  readonly json: boolean;
  readonly help: boolean;
  /** "" when none was given. */
  readonly command: string;
  /** What goes to vtctld, files still named. */
  readonly args: readonly string[];
}

export const DEFAULT_SERVER = "localhost:15000";

/** Flags of the old vtctlclient that only turned on logging; its users' aliases still have them. */
const IGNORED = new Set(["logtostderr", "alsologtostderr"]);

/** Splits the command line. `server` is what the environment says, "" for nothing. SyntaxError on a bad flag. */
export function parseCommandLine(argv: readonly string[], server: string): CommandLine {
  const args: string[] = [];
  let command = "";
  let address = server === "" ? DEFAULT_SERVER : server;
  let help = false;
  let json = false;
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? "";
    const { name, value } = readFlag(argument);
    if (argument === "--" && command !== "") {
      args.push(...argv.slice(i));
      break;
    }
    if (name === "server") {
      address = value ?? argv[++i] ?? "";
      if (address === "") throw new SyntaxError("--server needs HOST:PORT, as in localhost:15000");
    } else if (IGNORED.has(name)) {
      continue;
    } else if (name === "help" || argument === "-h") {
      help = true;
    } else if (command === "" && name === "json") {
      json = value !== "false";
    } else if (command === "" && name !== "") {
      throw new SyntaxError(
        `unknown flag ${argument} before the command; vtctl --help lists vtctl's own`,
      );
    } else if (command === "") {
      command = argument;
    } else {
      args.push(argument);
    }
  }
  if (command.toLowerCase() === "help") [command, help] = [args[0] ?? "", true];
  if (json) args.push("--json");
  return { server: address, json: json || args.includes("--json"), help, command, args };
}

function readFlag(argument: string): { readonly name: string; readonly value?: string } {
  const match = /^--?([A-Za-z][A-Za-z0-9_-]*)(?:=([\s\S]*))?$/.exec(argument);
  const name = (match?.[1] ?? "").replaceAll("_", "-");
  return match?.[2] === undefined ? { name } : { name, value: match[2] };
}

/** This machine's files. */
export interface Files {
  /** A file's text, "-" being the standard input. */
  readonly read: (file: string) => string;
  /** The path from the root. */
  readonly resolve: (file: string) => string;
}

/** Flags that name a file here and carry its text to vtctld. */
const FILE_FLAGS: Readonly<Record<string, string>> = {
  "sql-file": "sql",
  "vschema-file": "vschema",
  "rules-file": "rules",
};

/** Flags whose value may be @FILE. */
const TEXT_FLAGS: ReadonlySet<string> = new Set([
  "sql",
  "vschema",
  "rules",
  "table-settings",
]);

/** Puts the text of files into their places: vtctld doesn't see this machine's files. */
export function readFiles(
  command: string,
  args: readonly string[],
  files: Files,
): readonly string[] {
  const isApply = command.toLowerCase() === "apply";
  const out: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] ?? "";
    if (argument === "--") {
      out.push(...args.slice(i));
      break;
    }
    const { name, value } = readFlag(argument);
    const target = isApply && (name === "f" || name === "filename" || name === "file")
      ? "yaml"
      : FILE_FLAGS[name];
    if (target !== undefined) {
      const file = value ?? args[++i];
      if (file === undefined) throw new SyntaxError(`${argument} needs a file`);
      out.push(`--${target}=${files.read(file)}`);
      // Names of other files in a cluster file are relative to it.
      if (isApply && file !== "-") out.push(`--file=${files.resolve(file)}`);
      continue;
    }
    const next = value ?? args[i + 1] ?? "";
    if (TEXT_FLAGS.has(name) && next.startsWith("@")) {
      out.push(`${argument.split("=", 1)[0]}=${files.read(next.slice(1))}`);
      if (value === undefined) i++;
      continue;
    }
    out.push(argument);
  }
  return out;
}
