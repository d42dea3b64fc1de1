/**
 * A program's life: flags, log, signals, exit code. The first SIGTERM or SIGINT aborts the signal
 * that `run` got; a second one ends the process at once.
 */
import { VtError } from "../error/errors.ts";
import type { PROGRAM_FLAGS } from "../flags/common.ts";
import type { FlagSet } from "../flags/flag.ts";
import { printHelp, type Usage } from "../flags/help.ts";
import { type FlagValues, parseFlags } from "../flags/parse.ts";
import type { Log } from "../io/log.ts";
import { createLog } from "./log.ts";

/** What the exit code says (sysexits.h where it has one). */
export const EXIT = { ok: 0, failure: 1, usage: 64, interrupted: 130 } as const;

export interface ProgramContext<Flags extends FlagSet> {
  readonly flags: FlagValues<Flags>;
  readonly log: Log;
  /** Aborts when the program shall end. */
  readonly signal: AbortSignal;
  /** Ends the program as a signal would; for parts that it can't live without. */
  readonly stop: (reason: string) => void;
}

/** Runs a program to its end and exits the process with its code. */
export async function runProgram<Flags extends FlagSet & typeof PROGRAM_FLAGS>(
  usage: Usage & { readonly flags: Flags },
  run: (context: ProgramContext<Flags>) => Promise<void>,
): Promise<never> {
  const flags = readFlags(usage);
  const log = createLog({ level: flags.logLevel, format: flags.logFormat })
    .with({ program: usage.program });
  using stop = new StopSignal(log);
  // One forgotten promise of one client must not end the others' sessions; the log shows the bug.
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("unhandled rejection", { error: describe(event.reason) });
  });
  log.info("starting", { pid: Deno.pid, deno: Deno.version.deno });
  try {
    await run({ flags, log, signal: stop.signal, stop: (reason) => stop.request(reason) });
    log.info("stopped");
    Deno.exit(EXIT.ok);
  } catch (error) {
    if (stop.signal.aborted && error === stop.signal.reason) Deno.exit(EXIT.ok);
    log.error("failed", { error: describe(error) });
    Deno.exit(EXIT.failure);
  }
}

/** Our own errors explain themselves; of others the stack is needed. */
function describe(error: unknown): string {
  if (error instanceof VtError) return error.message;
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

function readFlags<Flags extends FlagSet & typeof PROGRAM_FLAGS>(
  usage: Usage & { readonly flags: Flags },
): FlagValues<Flags> & FlagValues<typeof PROGRAM_FLAGS> {
  try {
    const { values, help } = parseFlags(usage.flags, Deno.args, {
      readConfig: Deno.readTextFileSync,
    });
    if (!help) return values as FlagValues<Flags> & FlagValues<typeof PROGRAM_FLAGS>;
    writeAll(Deno.stdout, printHelp({ ...usage, config: true }));
    Deno.exit(EXIT.ok);
  } catch (error) {
    if (!(error instanceof VtError)) throw error;
    writeAll(Deno.stderr, `${usage.program}: ${error.message}\n`);
    Deno.exit(EXIT.usage);
  }
}

/** Writes text whole, also into a pipe that takes it in pieces. */
export function writeAll(
  writer: { readonly writeSync: (bytes: Uint8Array) => number },
  text: string,
): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += writer.writeSync(bytes.subarray(written));
  }
}

/** SIGTERM and SIGINT as an AbortSignal. */
class StopSignal implements Disposable {
  readonly #controller = new AbortController();
  readonly #log: Log;
  readonly #onSignal = () => {
    // Whoever asks twice doesn't want to wait.
    if (this.signal.aborted) Deno.exit(EXIT.interrupted);
    this.request("signal");
  };

  constructor(log: Log) {
    this.#log = log;
    Deno.addSignalListener("SIGTERM", this.#onSignal);
    Deno.addSignalListener("SIGINT", this.#onSignal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  request(reason: string): void {
    if (this.signal.aborted) return;
    this.#log.info("stopping", { reason });
    this.#controller.abort(new DOMException(`Stopped: ${reason}`, "AbortError"));
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGTERM", this.#onSignal);
    Deno.removeSignalListener("SIGINT", this.#onSignal);
  }
}
