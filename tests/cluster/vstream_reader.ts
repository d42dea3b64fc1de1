/** `vtctl VStream` as a consumer runs it: it keeps what was committed, and the last position. */
import type { LocalCluster } from "./local_cluster.ts";

const CLI = new URL("../../ctl/cli/main.ts", import.meta.url).pathname;
const POLL_MS = 20;

/** The fields of a line that a consumer looks at. */
interface Line {
  readonly type: string;
  readonly shard?: string;
  readonly kind?: string;
  readonly table?: string;
  readonly after?: Readonly<Record<string, string>> | null;
  readonly vgtid?: unknown;
}

export class VStreamReader implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #read: Promise<void>;
  readonly #errors: Promise<string>;
  readonly #rows: string[] = [];
  readonly #shards = new Set<string>();
  #pending: string[] = [];
  #open: string | undefined;
  #vgtid: unknown;
  #failure: unknown;
  #journals = 0;
  #heartbeats = 0;
  #ended = false;

  constructor(cluster: LocalCluster, ...args: readonly string[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", CLI, "--server", cluster.ctldAddress, "VStream", ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#errors = new Response(this.#process.stderr).text();
    this.#read = this.#readAll();
  }

  /** Column `email` of each inserted row, in the order of the stream. */
  get rows(): readonly string[] {
    return this.#rows;
  }

  get journals(): number {
    return this.#journals;
  }

  get heartbeats(): number {
    return this.#heartbeats;
  }

  /** Shards whose transactions came. */
  get shards(): ReadonlySet<string> {
    return this.#shards;
  }

  /** What to give to --position. */
  get position(): string {
    return JSON.stringify(this.#vgtid);
  }

  /** Resolves when `done` says so. */
  async until(what: string, done: (reader: this) => boolean, timeoutMs = 60_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!done(this)) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) throw new Error(`VStream ended: ${await this.#errors}`);
      if (performance.now() > deadline) {
        throw new Error(
          `no ${what} in ${timeoutMs} ms; ${this.#rows.length} rows, ${this.position}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Until it is there; from then on nothing is missed. */
  started(): Promise<void> {
    return this.until("first position", () => this.#vgtid !== undefined);
  }

  /** Waits for its own end; exit code and stderr. */
  async ended(): Promise<{ readonly code: number; readonly stderr: string }> {
    const { code } = await this.#process.status;
    await this.#read;
    return { code, stderr: await this.#errors };
  }

  /** Ctrl-C. */
  async stop(): Promise<void> {
    if (!this.#ended) this.#process.kill("SIGINT");
    await this.ended();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) this.#process.kill("SIGKILL");
    await this.ended();
  }

  async #readAll(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      try {
        for (const line of lines) this.#take(JSON.parse(line));
      } catch (error) {
        this.#failure ??= error;
      }
    }
    this.#ended = true;
  }

  #take(line: Line): void {
    switch (line.type) {
      case "BEGIN":
        if (this.#open !== undefined) throw new Error(`${line.shard} begins within ${this.#open}`);
        this.#open = line.shard;
        return;
      case "ROW":
        if (line.shard !== this.#open) throw new Error(`a row of ${line.shard} in ${this.#open}`);
        if (line.kind === "insert") this.#pending.push(line.after?.["email"] ?? "");
        return;
      case "COMMIT":
        this.#rows.push(...this.#pending);
        this.#shards.add(line.shard ?? "");
        this.#close();
        return;
      case "ROLLBACK":
        this.#close();
        return;
      case "VGTID":
        if (this.#open !== undefined) throw new Error(`a position within ${this.#open}`);
        this.#vgtid = line.vgtid;
        return;
      case "JOURNAL":
        this.#journals++;
        return;
      case "HEARTBEAT":
        this.#heartbeats++;
    }
  }

  #close(): void {
    this.#pending = [];
    this.#open = undefined;
  }
}
