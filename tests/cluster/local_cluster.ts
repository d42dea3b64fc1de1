/** A whole cluster under test: `deno task cluster` as its user starts it, on free ports. */
import { resolve as resolvePath } from "node:path";
import { isFree } from "../../ctl/local/free_ports.ts";
import { claim, handOver } from "../harness/claims.ts";
import { type PidRecord, readPidRecord } from "../../ctl/local/pid_record.ts";
import { startTicks } from "../../shared/host/process_identity.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const READY_MS_MAX = 120_000;
const STOP_MS_MAX = 60_000;

export interface LocalClusterOptions {
  /** Absolute, or below the repository; examples/commerce.yaml when absent. */
  readonly file?: string;
  readonly dataDir: string;
  readonly portOffset?: number;
  /** Another mysqld than the one on PATH. */
  readonly mysqld?: string;
}

export class LocalCluster implements AsyncDisposable {
  readonly options: LocalClusterOptions & { readonly portOffset: number };
  /** Everything it printed up to "cluster ready". */
  readonly output: string;
  /** Seconds from start to ready, as it printed them. */
  readonly readySeconds: number;
  readonly #process: Deno.ChildProcess;
  readonly #drained: Promise<void>;

  constructor(
    options: LocalClusterOptions & { readonly portOffset: number },
    process: Deno.ChildProcess,
    output: string,
    drained: Promise<void>,
  ) {
    this.options = options;
    this.#process = process;
    this.output = output;
    this.#drained = drained;
    this.readySeconds = Number(/cluster ready in ([0-9.]+) s/.exec(output)?.[1]);
  }

  get mysqlPort(): number {
    return 15306 + this.options.portOffset;
  }

  get ctldAddress(): string {
    return `127.0.0.1:${15000 + this.options.portOffset}`;
  }

  get gateHttp(): string {
    return `http://127.0.0.1:${15001 + this.options.portOffset}`;
  }

  get supervisorPid(): number {
    return this.#process.pid;
  }

  /** The process of that name as the cluster recorded it: "etcd", "vtctld", "zone1-gate-1", a tablet alias. */
  async pidOf(name: string): Promise<PidRecord> {
    const record = await readPidRecord(`${this.options.dataDir}/run/${name}.pid`);
    if (record === undefined) throw new Error(`no process ${name} on record`);
    return record;
  }

  /** The mysqld of a tablet. */
  async mysqldPidOf(alias: string): Promise<number> {
    const text = await Deno.readTextFile(`${this.options.dataDir}/tablets/${alias}/mysqld.pid`);
    return Number(text.trim());
  }

  /** Runs vtctl; its stdout. Fails with stderr when it exits otherwise than 0. */
  async vtctl(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.tryVtctl(...args);
    if (code !== 0) throw new Error(`vtctl ${args.join(" ")}: exit ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  async tryVtctl(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    return await run(Deno.execPath(), [
      "run",
      "-A",
      `${ROOT}ctl/cli/main.ts`,
      "--server",
      this.ctldAddress,
      ...args,
    ]);
  }

  /** Runs the mysql CLI against the gate. */
  async mysql(args: readonly string[], stdin = ""): Promise<{
    code: number;
    stdout: string;
    stderr: string;
  }> {
    const all = ["-h", "127.0.0.1", "-P", String(this.mysqlPort), "-u", "user", ...args];
    // Unbuffered, so that what `\\!` prints stays in order with the tables, as on a terminal.
    return await run("mysql", ["--no-defaults", "--unbuffered", ...all], stdin);
  }

  /** Ends the cluster as Ctrl-C does; its exit code. */
  async stop(): Promise<number> {
    try {
      this.#process.kill("SIGINT");
    } catch {
      // Killed by a test before.
    }
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_MS_MAX);
    const { code } = await this.#process.status;
    clearTimeout(timer);
    await this.#drained;
    return code;
  }

  /** kill -9 of the supervisor alone, which leaves everything else running. */
  async killSupervisor(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
    await this.#drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Runs vtctl, against another vtctld where one is given, and gives each line of its progress. */
export async function vtctlLines(
  cluster: LocalCluster,
  args: readonly string[],
  onLine: (line: string) => void,
  server: string = cluster.ctldAddress,
): Promise<{ readonly code: number; readonly stderr: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `${ROOT}ctl/cli/main.ts`, "--server", server, ...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  let stderr = "";
  let rest = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    stderr += text;
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(line);
  }
  const { code } = await child.status;
  return { code, stderr };
}

/** Runs a program to its end. */
export async function run(
  command: string,
  args: readonly string[],
  stdin = "",
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const feed = (async () => {
    const writer = child.stdin.getWriter();
    try {
      await writer.write(new TextEncoder().encode(stdin));
      await writer.close();
    } catch {
      // It ended without reading all of its input.
    }
  })();
  const { code, stdout, stderr } = await child.output();
  await feed;
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/**
 * So far apart that no port of one cluster is one of another, whatever it is for (layout.ts): up to
 * 20 of a kind from 15000, 15010, 15100, 15200, 15306 and 17100 on.
 */
const OFFSETS = Array.from({ length: 18 }, (_, i) => 1000 + 430 * i);

/** Ports that no other test has, and that people's are free of. */
function freeOffset(): number {
  const start = Math.floor(Math.random() * OFFSETS.length);
  for (const offset of [...OFFSETS.slice(start), ...OFFSETS.slice(0, start)]) {
    const ports = [15000, 15001, 15010, 15306].map((port) => port + offset);
    if (ports.every(isFree) && claim(claimOf(offset))) return offset;
  }
  throw new Error("no free block of ports");
}

function claimOf(offset: number): string {
  return `offset-${offset}`;
}

/** Starts a cluster and waits for its line "cluster ready". */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const portOffset = options.portOffset ?? freeOffset();
  const args = ["run", "-A", `${ROOT}ctl/local/main.ts`];
  if (options.file !== undefined) args.push(resolvePath(ROOT, options.file));
  args.push("--data-dir", options.dataDir, "--port-offset", String(portOffset));
  if (options.mysqld !== undefined) args.push("--mysqld", options.mysqld);
  const child = new Deno.Command(Deno.execPath(), {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  handOver(claimOf(portOffset), child.pid);
  let output = "";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      output += text;
      if (/cluster ready in .*\n/.test(output)) resolve();
    }
  };
  const drained = Promise.all([read(child.stdout), read(child.stderr)]).then(() => {
    reject(new Error(`the cluster ended before it was ready:\n${output}`));
  });
  const timer = setTimeout(
    () => reject(new Error(`not ready after ${READY_MS_MAX} ms:\n${output}`)),
    READY_MS_MAX,
  );
  try {
    await promise;
  } catch (error) {
    if (await startTicks(child.pid) !== undefined) child.kill("SIGINT");
    await child.status;
    await drained;
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return new LocalCluster({ ...options, portOffset }, child, output, drained);
}
