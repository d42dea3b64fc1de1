/** A real etcd on free ports, with its data in a temporary folder; killed with its scope. */
import { type Child, startChild } from "../../shared/host/child.ts";
import { makeCertificates } from "./certificates.ts";
import { freePort } from "./ports.ts";
import { tempDir } from "./temp_dir.ts";
import { waitFor } from "./wait.ts";

export interface EtcdOptions {
  /** Serves https with a certificate for 127.0.0.1 and asks for the client's. */
  readonly tls?: boolean;
  /** Switches authentication on, with user root and this password. */
  readonly rootPassword?: string;
}

export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export class Etcd implements AsyncDisposable {
  readonly url: string;
  readonly tls: TlsFiles | undefined;
  readonly #folder: string;
  readonly #scope: AsyncDisposableStack;
  readonly #clientPort: number;
  readonly #peerPort: number;
  #child: Child | undefined;

  constructor(folder: string, tls: TlsFiles | undefined, scope: AsyncDisposableStack) {
    this.#folder = folder;
    this.#scope = scope;
    this.tls = tls;
    this.#clientPort = freePort();
    this.#peerPort = freePort();
    this.url = `${tls === undefined ? "http" : "https"}://127.0.0.1:${this.#clientPort}`;
  }

  /** host:port of the client port. */
  get address(): string {
    return `127.0.0.1:${this.#clientPort}`;
  }

  /** Starts it on the data that is there, and waits until it answers. */
  async start(): Promise<void> {
    const peerUrl = `http://127.0.0.1:${this.#peerPort}`;
    const { tls } = this;
    this.#child = startChild({
      command: "etcd",
      logFile: `${this.#folder}/etcd.log`,
      args: [
        `--data-dir=${this.#folder}/data`,
        `--listen-client-urls=${this.url}`,
        `--advertise-client-urls=${this.url}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=default=${peerUrl}`,
        // Tests are not about surviving a power cut; fsync would make them slow.
        "--unsafe-no-fsync",
        ...(tls === undefined ? [] : [
          `--cert-file=${tls.cert}`,
          `--key-file=${tls.key}`,
          `--trusted-ca-file=${tls.ca}`,
          "--client-cert-auth",
        ]),
      ],
    });
    await waitFor("etcd to listen", () => this.#listens());
  }

  /** kill -9; the data stays. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
  }

  /** kill -9 and start again on the same data and ports. */
  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** Deletes the data of a killed etcd. */
  async wipe(): Promise<void> {
    await Deno.remove(`${this.#folder}/data`, { recursive: true });
  }

  /** SIGSTOP: connections stay open, nobody answers. Resolves when none of its threads runs. */
  async pause(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill("SIGSTOP");
    await waitFor("etcd to stand still", () => isStopped(child.pid), { everyMs: 1 });
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Runs etcdctl and gives what it printed. */
  async ctl(...args: string[]): Promise<string> {
    const { tls } = this;
    const security = tls === undefined
      ? []
      : [`--cacert=${tls.ca}`, `--cert=${tls.cert}`, `--key=${tls.key}`];
    const { stdout, stderr, success } = await new Deno.Command("etcdctl", {
      args: [`--endpoints=${this.url}`, ...security, ...args],
      env: { ETCDCTL_API: "3" },
    }).output();
    if (!success) throw new Error(`etcdctl ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
    return new TextDecoder().decode(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#scope.disposeAsync();
  }

  async #listens(): Promise<boolean> {
    if (this.#child?.running !== true) {
      throw new Error(`etcd ended: ${await Deno.readTextFile(`${this.#folder}/etcd.log`)}`);
    }
    await this.ctl("endpoint", "health", "--command-timeout=2s").catch((error: unknown) => {
      // With authentication on, an anonymous health check is refused by a healthy server.
      if (!String(error).includes("user name is empty")) throw error;
    });
    return true;
  }
}

function isStopped(pid: number): boolean {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].every(({ name }) => {
    const stat = Deno.readTextFileSync(`/proc/${pid}/task/${name}/stat`);
    // "3040 (etcd) T 1 ..."; see proc_pid_stat(5).
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
  });
}

/** Starts an etcd for this scope. */
export async function startEtcd(options: EtcdOptions = {}): Promise<Etcd> {
  await using failed = new AsyncDisposableStack();
  const folder = failed.use(await tempDir("etcd"));
  const tls = options.tls === true ? await makeCertificates(folder.path) : undefined;
  const scope = new AsyncDisposableStack();
  const etcd = failed.use(new Etcd(folder.path, tls, scope));
  await etcd.start();
  if (options.rootPassword !== undefined) {
    await etcd.ctl("user", "add", `root:${options.rootPassword}`);
    await etcd.ctl("user", "grant-role", "root", "root");
    await etcd.ctl("auth", "enable");
  }
  scope.use(failed.move());
  return etcd;
}
