/** A child process with its log file, waited for and stopped in a scope. */
import { sleep } from "./clock.ts";

export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** stdout and stderr are appended to it by the child itself, so it outlives us. */
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** How long SIGTERM may take before SIGKILL. */
  readonly graceMs?: number;
  /** Leave the child running when the scope ends without stop(). */
  readonly detached?: boolean;
}

export interface ExitStatus {
  readonly code: number;
  /** "SIGKILL" and the like, when a signal ended it. */
  readonly signal: string | undefined;
}

const GRACE_MS = 10_000;

export class Child implements AsyncDisposable {
  readonly pid: number;
  /** Resolves when the process has ended; never rejects. */
  readonly exited: Promise<ExitStatus>;
  readonly #process: Deno.ChildProcess;
  readonly #options: ChildOptions;
  #running = true;

  constructor(process: Deno.ChildProcess, options: ChildOptions) {
    this.#process = process;
    this.#options = options;
    this.pid = process.pid;
    this.exited = process.status.then(({ code, signal }) => {
      this.#running = false;
      return { code, signal: signal ?? undefined };
    });
  }

  get running(): boolean {
    return this.#running;
  }

  /** Sends a signal; does nothing when the process has ended. */
  kill(signal: Deno.Signal): void {
    if (!this.#running) return;
    try {
      this.#process.kill(signal);
    } catch (error) {
      // It ended between the check and the call.
      if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
    }
  }

  /** SIGTERM, then SIGKILL after the grace time. */
  async stop(): Promise<ExitStatus> {
    this.kill("SIGTERM");
    // A stopped process (SIGSTOP) handles nothing until it is continued.
    this.kill("SIGCONT");
    const waited = new AbortController();
    const graceMs = this.#options.graceMs ?? GRACE_MS;
    const escalate = sleep(graceMs, { signal: waited.signal })
      .then(() => this.kill("SIGKILL"), () => {});
    const status = await this.exited;
    waited.abort();
    await escalate;
    return status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#options.detached === true && this.#running) this.#process.unref();
    else await this.stop();
  }
}

/**
 * Starts a program in a session of its own, so that a Ctrl-C in our terminal reaches it only
 * through us. Throws Deno.errors.NotFound when there is no such program.
 */
export function startChild(options: ChildOptions): Child {
  const program = findProgram(options.command);
  if (program === undefined) {
    throw new Deno.errors.NotFound(`Cannot start ${options.command}: not found in PATH`);
  }
  // The shell opens the log and becomes the program (exec keeps the pid). A pipe through us would
  // kill the child with SIGPIPE after our own death.
  const command = new Deno.Command("/bin/sh", {
    args: [
      "-c",
      'log=$1; shift; exec "$@" >>"$log" 2>&1',
      "sh",
      options.logFile,
      program,
      ...options.args,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  return new Child(command.spawn(), options);
}

/** The path of an executable: as given when it has a slash, else from PATH and the sbin folders. */
export function findProgram(command: string): string | undefined {
  if (command.includes("/")) return isExecutable(command) ? command : undefined;
  // Debian puts mysqld in /usr/sbin, which is not in everybody's PATH.
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  return folders.filter((folder) => folder !== "").map((folder) => `${folder}/${command}`)
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    // Absent or unreadable: either way it can't be run.
    return false;
  }
}

/** True while a process with this id exists (of any user). */
export function isAlive(pid: number): boolean {
  try {
    const state = Deno.readTextFileSync(`/proc/${pid}/stat`).replace(/^.*\) /s, "")[0];
    return state !== "Z" && state !== "X";
  } catch {
    // No such process.
    return false;
  }
}
