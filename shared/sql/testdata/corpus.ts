// deno-lint-ignore-file house/pure -- reads the files beside it
/** Reads the corpora of this folder. For tests only. */
import { Buffer } from "node:buffer";

/** The statements of a file as byte strings: one a line, `# ` begins a comment, `\n` a new line. */
export function readCorpus(name: string): readonly string[] {
  const text = Buffer.from(Deno.readFileSync(new URL(name, import.meta.url))).toString("latin1");
  const escaped = name === "clients.txt";
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("# "))
    .map((line) => escaped ? line.replaceAll(/\\([\\nr])/g, unescape) : line);
}

function unescape(_: string, char: string): string {
  return char === "n" ? "\n" : char === "r" ? "\r" : "\\";
}
