/** A vtctld beside the cluster's own, as a second one would run on another machine. */
import { startChild } from "../../shared/host/child.ts";
import type { Child } from "../../shared/host/child.ts";
import { freePort } from "../harness/ports.ts";
import { waitFor } from "../harness/wait.ts";
import type { LocalCluster } from "./local_cluster.ts";

export class SecondCtld implements AsyncDisposable {
  readonly #cluster: LocalCluster;
  readonly #port = freePort();
  #child: Promise<Child> | undefined;

  constructor(cluster: LocalCluster) {
    this.#cluster = cluster;
  }

  /** Starts it, if need be. */
  async address(): Promise<string> {
    this.#child ??= this.#start();
    await this.#child;
    return `127.0.0.1:${this.#port}`;
  }

  async #start(): Promise<Child> {
    const { dataDir } = this.#cluster.options;
    const first = await this.#cluster.pidOf("vtctld");
    const line = await Deno.readTextFile(`/proc/${first.pid}/cmdline`);
    const args = line.split("\0").filter((arg) => arg !== "").slice(1)
      .map((arg) => arg.startsWith("--http-port=") ? `--http-port=${this.#port}` : arg);
    const child = startChild({
      command: Deno.execPath(),
      args,
      logFile: `${dataDir}/logs/vtctld-second.log`,
    });
    await waitFor("the second vtctld to answer", async () => {
      const response = await fetch(`http://127.0.0.1:${this.#port}/readyz`);
      await response.body?.cancel();
      return response.ok;
    });
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#child)?.stop();
  }
}
