/** A real vtctld process, and commands to it as vtctl sends them. */
import { callCommand } from "../../ctl/cli/client.ts";
import { type Child, startChild } from "../../shared/host/child.ts";
import { exitCodeOf } from "../../shared/rpc/ctl_api.ts";
import type { Etcd } from "./etcd.ts";
import { freePort } from "./ports.ts";
import { waitFor } from "./wait.ts";

export interface CommandOutcome {
  readonly code: number;
  /** The result's text, or the error's. */
  readonly text: string;
  readonly lines: readonly string[];
}

export class TestVtctld implements AsyncDisposable {
  readonly port = freePort();
  readonly #etcd: Etcd;
  readonly #logFile: string;
  readonly #flags: readonly string[];
  #child: Child | undefined;

  constructor(etcd: Etcd, folder: string, flags: readonly string[] = []) {
    this.#etcd = etcd;
    this.#flags = flags;
    this.#logFile = `${folder}/vtctld.log`;
  }

  get server(): string {
    return `localhost:${this.port}`;
  }

  async start(): Promise<void> {
    this.#child = startChild({
      command: Deno.execPath(),
      args: [
        "run",
        "-A",
        new URL("../../ctl/daemon/main.ts", import.meta.url).pathname,
        `--http-port=${this.port}`,
        `--topo-address=${this.#etcd.url}`,
        ...this.#flags,
      ],
      logFile: this.#logFile,
    });
    await waitFor("vtctld to answer", async () => {
      const response = await fetch(`http://${this.server}/healthz`);
      await response.body?.cancel();
      return response.ok;
    });
  }

  /** Runs a command to its end, whatever that is. */
  async run(
    command: string,
    args: readonly string[],
    onLine: (line: string) => void = () => {},
    signal = new AbortController().signal,
    onOutput: (lines: string) => void = () => {},
  ): Promise<CommandOutcome> {
    const lines: string[] = [];
    const end = await callCommand({
      server: this.server,
      command,
      args,
      signal,
      onOutput,
      onLine: (line) => {
        lines.push(line);
        onLine(line);
      },
    });
    return end.error === undefined
      ? { code: 0, text: end.text, lines }
      : { code: exitCodeOf(end.error.status), text: end.error.message, lines };
  }

  /** The same, and it must succeed. */
  async must(command: string, ...args: readonly string[]): Promise<string> {
    const { code, text, lines } = await this.run(command, args);
    if (code === 0) return text;
    throw new Error(
      `${command} ${args.join(" ")}: exit code ${code}: ${text}\n${lines.join("\n")}`,
    );
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
  }

  /** SIGTERM; the exit code. */
  async stop(): Promise<number | undefined> {
    return (await this.#child?.stop())?.code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
