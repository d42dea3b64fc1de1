/** A program that reads vtctld's change stream over HTTP into tables of its own. */
import type { LocalCluster } from "./local_cluster.ts";
import { type Line, VStreamReplica } from "./vstream_replica.ts";

const POLL_MS = 20;

export class VStreamConsumer implements AsyncDisposable {
  readonly replica = new VStreamReplica();
  readonly #url: string;
  readonly #request: Readonly<Record<string, unknown>>;
  #leave = new AbortController();
  #reading: Promise<void> = Promise.resolve();
  #failure: unknown;
  /** Reading waits for it before each line. */
  #held: PromiseWithResolvers<void> | undefined;
  #holdWhen: (replica: VStreamReplica) => boolean = () => false;

  /** Without a position in it: each start goes on where the last one came to. */
  constructor(cluster: LocalCluster, request: Readonly<Record<string, unknown>>) {
    this.#url = `http://${cluster.ctldAddress}/api/v1/vstream`;
    this.#request = request;
  }

  /** Reads on; at first from `vgtid`. */
  start(vgtid: unknown = this.replica.vgtid): void {
    this.#leave = new AbortController();
    this.#reading = this.#read(vgtid, this.#leave.signal).catch((error) => {
      if (!this.#leave.signal.aborted) this.#failure = error;
    });
  }

  /** Reads no further than to the line at which `when` holds; resolves there. */
  async holdWhen(what: string, when: (replica: VStreamReplica) => boolean): Promise<void> {
    this.#holdWhen = when;
    await this.until(what, () => this.#held !== undefined);
  }

  release(): void {
    this.#holdWhen = () => false;
    this.#held?.resolve();
    this.#held = undefined;
  }

  /** Leaves in the midst of whatever it is, and forgets what no VGTID has closed. */
  async stop(): Promise<void> {
    this.#leave.abort();
    this.release();
    await this.#reading;
    this.replica.cut();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async until(
    what: string,
    done: (replica: VStreamReplica) => boolean,
    ms = 60_000,
  ): Promise<void> {
    const deadline = performance.now() + ms;
    while (!done(this.replica)) {
      if (this.#failure !== undefined) throw this.#failure;
      if (performance.now() > deadline) {
        throw new Error(`no ${what} in ${ms} ms at ${JSON.stringify(this.replica.vgtid)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave.abort();
    this.release();
    await this.#reading;
  }

  async #read(vgtid: unknown, signal: AbortSignal): Promise<void> {
    const response = await fetch(this.#url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...this.#request, vgtid }),
      signal,
    });
    if (!response.ok || response.body === null) throw new Error(await response.text());
    let rest = "";
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        this.#take(JSON.parse(line) as Line);
        if (this.#holdWhen(this.replica)) {
          this.#held = Promise.withResolvers();
          await this.#held.promise;
        }
        if (signal.aborted) return;
      }
    }
    throw new Error("the stream ended");
  }

  #take(line: Line): void {
    if (line.error !== undefined) throw new Error(line.error.message);
    this.replica.take(line);
  }
}
