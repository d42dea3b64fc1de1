/** Commands of a walk-through as they are typed, what they print, and what they should have. */
import assert from "node:assert/strict";
import type { LocalCluster } from "./local_cluster.ts";

export type Say = (line: string) => void;

const EXAMPLES = new URL("../../examples/", import.meta.url);

const TABLETS_MS_MAX = 60_000;
const POLL_MS = 200;

export class Story {
  readonly cluster: LocalCluster;
  readonly #say: Say;

  constructor(cluster: LocalCluster, say: Say) {
    this.cluster = cluster;
    this.#say = say;
  }

  say(line: string): void {
    this.#say(line);
  }

  /** Prints the command, with the contents of files as `$(cat FILE)`, and what it prints. */
  async vtctl(...args: readonly string[]): Promise<string> {
    this.#say(`$ vtctl ${args.map(quoted).join(" ")}`);
    const full = await Promise.all(args.map(expand));
    const stdout = await this.cluster.vtctl(...full);
    this.#show(stdout);
    return stdout;
  }

  /** A file of the examples. */
  async apply(file: string): Promise<void> {
    await this.applyFile(new URL(file, EXAMPLES).pathname);
  }

  async applyFile(path: string): Promise<void> {
    this.#say(`$ vtctl apply -f ${path.slice(path.lastIndexOf("/") + 1)}`);
    await this.cluster.vtctl("apply", "-f", path);
  }

  /** Runs a file of the examples through the mysql client; its stdout and stderr. */
  async mysqlFile(
    file: string,
    ...args: readonly string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    this.#say(`$ mysql ${[...args, `< ${file}`].join(" ")}`);
    const result = await this.cluster.mysql(args, await example(file));
    this.#show(result.stdout + result.stderr);
    return result;
  }

  /** The same where it must succeed and print exactly this. */
  async prints(file: string, want: string): Promise<void> {
    const { code, stdout, stderr } = await this.mysqlFile(file, "--table");
    assert.equal(code, 0, stderr);
    assert.equal(stdout, want);
    this.#say("  = as printed there");
  }

  async sql(text: string): Promise<string> {
    const { code, stdout, stderr } = await this.cluster.mysql(["-N", "-e", text]);
    assert.equal(code, 0, `${text}: ${stderr}`);
    return stdout;
  }

  /** Waits until SHOW VITESS_TABLETS lists these, each serving; then prints and compares it. */
  async tablets(
    want: readonly (readonly [string, string, readonly string[]])[],
  ): Promise<void> {
    const deadline = performance.now() + TABLETS_MS_MAX;
    const wanted = want.flatMap(([keyspace, shard]) => [
      `zone1 ${keyspace} ${shard} PRIMARY SERVING`,
      `zone1 ${keyspace} ${shard} REPLICA SERVING`,
    ]);
    for (;;) {
      const { stdout } = await this.cluster.mysql(["--table", "-e", "show vitess_tablets"]);
      const rows = cells(stdout);
      const seen = rows.map((row) => row.slice(0, 5).join(" "));
      const same = seen.length === wanted.length && wanted.every((line) => seen.includes(line));
      if (!same && performance.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        continue;
      }
      this.#say("$ echo 'show vitess_tablets;' | mysql --table");
      this.#show(stdout);
      assert.deepEqual(seen, wanted);
      for (const [keyspace, shard, aliases] of want) {
        const found = rows.filter((row) => row[1] === keyspace && row[2] === shard)
          .map((row) => row[5]);
        assert.deepEqual(found.toSorted(), aliases.toSorted());
      }
      this.#say("  = as printed there, PRIMARY for MASTER");
      return;
    }
  }

  /** GetRoutingRules, compared without regard to their order. */
  async rules(keyspace: string, want: readonly string[]): Promise<void> {
    const text = await this.vtctl("GetRoutingRules", keyspace);
    const { rules } = JSON.parse(text) as {
      readonly rules?: readonly { readonly fromTable: string; readonly toTables: string[] }[];
    };
    const found = (rules ?? []).map(({ fromTable, toTables }) => `${fromTable} -> ${toTables}`);
    assert.deepEqual(found.toSorted(), want.toSorted());
    this.#say("  = as printed there");
  }

  #show(text: string): void {
    const lines = text.trimEnd().split("\n");
    for (const line of lines) if (line !== "") this.#say(`  ${line}`);
  }
}

function quoted(argument: string): string {
  return /[\s"'$(){}]/.test(argument) && !argument.includes("$(cat ") ? `'${argument}'` : argument;
}

/** `-sql=$(cat FILE)` of the examples. */
async function expand(argument: string): Promise<string> {
  const match = /^(.*)\$\(cat ([^)]+)\)$/.exec(argument);
  if (match === null) return argument;
  return `${match[1]}${await example(match[2] ?? "")}`;
}

async function example(file: string): Promise<string> {
  const text = await Deno.readTextFile(new URL(file, EXAMPLES));
  return text.replaceAll("commerce/0", "commerce/-");
}

/** The rows of a table as the mysql client draws it. */
export function cells(table: string): readonly (readonly string[])[] {
  return table.split("\n").filter((line) => line.startsWith("|")).slice(1)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}
