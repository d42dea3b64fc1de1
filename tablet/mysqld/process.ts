/**
 * One mysqld process: started in a session of its own, so that it outlives a tablet that was
 * killed; found again by its pid file; stopped by signals.
 */
import { vtError } from "../../shared/error/errors.ts";
import { type Child, isAlive, startChild } from "../../shared/host/child.ts";
import { sleep } from "../../shared/host/clock.ts";
import type { ServerFiles } from "./flavor.ts";
import type { MysqldPaths } from "./paths.ts";

export interface MysqldProcess {
  readonly pid: number;
  readonly adopted: boolean;
  /** Resolves when it has ended; never rejects. */
  readonly exited: Promise<void>;
  /** SIGTERM, and SIGKILL when that takes too long. */
  stop(): Promise<void>;
  /** Leaves it running and stops watching it. */
  release(): Promise<void>;
}

/** A clean shutdown writes dirty pages; with a small buffer pool that is seconds at most. */
const STOP_GRACE_MS = 60_000;
/** Recovery after a crash may read whole logs. */
const START_TIMEOUT_MS = 180_000;
const POLL_MS = 20;
const ADOPTED_POLL_MS = 100;

/** Starts mysqld and waits until it answers on its socket. VT20031 with its last words when it does not. */
export async function startMysqld(
  server: ServerFiles,
  paths: MysqldPaths,
  options: { readonly signal: AbortSignal },
): Promise<MysqldProcess> {
  options.signal.throwIfAborted();
  const logStart = await fileSize(paths.errorLog);
  const child = startChild({
    command: server.binary,
    args: [`--defaults-file=${paths.config}`],
    logFile: paths.errorLog,
    graceMs: STOP_GRACE_MS,
    detached: true,
  });
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
  try {
    await waitUntilAnswering(child, paths, AbortSignal.any([options.signal, timeout]));
  } catch (error) {
    await child.stop();
    if (options.signal.aborted) throw options.signal.reason;
    const cause = timeout.aborted
      ? `no answer within ${START_TIMEOUT_MS / 1000} s`
      : await lastErrors(paths.errorLog, logStart, error);
    throw vtError("VT20031", cause, paths.errorLog);
  }
  return {
    pid: child.pid,
    adopted: false,
    exited: child.exited.then(() => {}),
    stop: async () => {
      await child.stop();
    },
    release: () => child[Symbol.asyncDispose](),
  };
}

/** The mysqld of this folder that an earlier tablet left running, if there is one. */
export async function adoptMysqld(
  paths: MysqldPaths,
  options: { readonly signal: AbortSignal },
): Promise<MysqldProcess | undefined> {
  const pid = await runningPid(paths);
  if (pid === undefined) return undefined;
  const gone = new AbortController();
  const exited = watchPid(pid, AbortSignal.any([gone.signal, options.signal]));
  const process: MysqldProcess = {
    pid,
    adopted: true,
    exited,
    stop: async () => {
      await stopPid(pid);
      await exited;
    },
    release: async () => {
      gone.abort();
      await exited;
    },
  };
  // It may be on its way up or down: what counts is that it answers, or ends.
  while (!await answers(paths.socket)) {
    if (!isAlive(pid)) return undefined;
    await sleep(POLL_MS, options);
  }
  return process;
}

async function waitUntilAnswering(
  child: Child,
  paths: MysqldPaths,
  signal: AbortSignal,
): Promise<void> {
  while (child.running) {
    if (await answers(paths.socket)) return;
    await sleep(POLL_MS, { signal });
  }
  const { code, signal: killer } = await child.exited;
  throw new Error(killer === undefined ? `it ended with code ${code}` : `it died of ${killer}`);
}

/** True when a server greets on the socket (an ERR packet, as from a full server, is an answer too). */
async function answers(socket: string): Promise<boolean> {
  try {
    using connection = await Deno.connect({ transport: "unix", path: socket });
    return (await connection.read(new Uint8Array(64)) ?? 0) > 0;
  } catch {
    // Not there yet, or refused: not answering.
    return false;
  }
}

/** The pid in the pid file, when that process runs with this folder's configuration. */
async function runningPid(paths: MysqldPaths): Promise<number | undefined> {
  const pid = Number((await readText(paths.pidFile))?.trim());
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  // After a reboot the number may be anybody's.
  const commandLine = await readText(`/proc/${pid}/cmdline`);
  const ours = commandLine?.split("\0").includes(`--defaults-file=${paths.config}`);
  return ours === true ? pid : undefined;
}

async function watchPid(pid: number, signal: AbortSignal): Promise<void> {
  while (isAlive(pid) && !signal.aborted) {
    // An abort ends the wait early and the loop with it.
    await sleep(ADOPTED_POLL_MS, { signal }).catch(() => {});
  }
}

async function stopPid(pid: number): Promise<void> {
  signalPid(pid, "SIGTERM");
  signalPid(pid, "SIGCONT");
  const deadline = performance.now() + STOP_GRACE_MS;
  while (isAlive(pid)) {
    if (performance.now() > deadline) signalPid(pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function signalPid(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    // It ended meanwhile.
    if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
  }
}

/** The [ERROR] lines since `offset`, which say why a server does not start. */
async function lastErrors(log: string, offset: number, cause: unknown): Promise<string> {
  const text = await readFrom(log, offset);
  const errors = text.split("\n").filter((line) => /\[ERROR\]|\bERROR\b/.test(line));
  const reason = cause instanceof Error ? cause.message : String(cause);
  return [reason, ...errors.slice(-4)].join(" | ");
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function fileSize(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

/** A start writes some kilobytes at most. */
const LOG_TAIL_BYTES = 64 * 1024;

/** The text of a log from `offset` on; its end when that is long. */
async function readFrom(path: string, offset: number): Promise<string> {
  const size = await fileSize(path);
  if (size === 0) return "";
  using file = await Deno.open(path);
  await file.seek(Math.max(offset, size - LOG_TAIL_BYTES), Deno.SeekMode.Start);
  return await new Response(file.readable).text();
}
