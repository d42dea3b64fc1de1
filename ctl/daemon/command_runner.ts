/** Runs commands of the registry for whoever asks: limits, cancellation, metrics, log. */
import { VtError, vtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import type { Metrics } from "../../shared/host/metrics.ts";
import type { CommandError } from "../../shared/rpc/ctl_api.ts";
import type { FinishedCommand, PreparedCommand } from "../command/command.ts";
import type { CommandContext } from "../command/context.ts";

/** A command that takes longer has lost its caller; schema changes of large tables take hours. */
export const COMMAND_TIMEOUT_MS = 4 * 60 * 60 * 1000;

/** Each holds a few sockets and at most the largest schema. */
const COMMANDS_MAX = 200;

export interface Caller {
  readonly signal: AbortSignal;
  readonly say: CommandContext["say"];
  readonly output: (lines: readonly string[]) => Promise<void>;
}

export class CommandRunner {
  readonly #context: Omit<CommandContext, "signal" | "say" | "output">;
  readonly #stop: AbortSignal;
  readonly #counted: ReturnType<Metrics["counter"]>;
  readonly #seconds: ReturnType<Metrics["histogram"]>;
  #running = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(
    context: Omit<CommandContext, "signal" | "say" | "output">,
    options: { readonly metrics: Metrics; readonly stop: AbortSignal },
  ) {
    const { metrics } = options;
    this.#context = context;
    this.#stop = options.stop;
    this.#counted = metrics.counter("vtctld_commands_total", "Commands that ended, by outcome");
    this.#seconds = metrics.histogram("vtctld_command_seconds", "How long commands took");
    metrics.gaugeOf("vtctld_commands_running", "Commands under way", () => this.#running);
  }

  /** The command's own errors; VT22007 above the limit; VT22008 when time is up. */
  async run(name: string, prepared: PreparedCommand, caller: Caller): Promise<FinishedCommand> {
    if (this.#running >= COMMANDS_MAX) throw vtError("VT22007", COMMANDS_MAX);
    this.#running++;
    const { clock, log } = this.#context;
    const started = clock.monotonicMs();
    // Not AbortSignal.timeout: that of each command would be there until its hours are over.
    const timeout = new AbortController();
    const timer = prepared.endless
      ? undefined
      : setTimeout(() => timeout.abort(), COMMAND_TIMEOUT_MS);
    const signal = AbortSignal.any([caller.signal, this.#stop, timeout.signal]);
    let outcome = "ok";
    try {
      return await prepared.run({
        ...this.#context,
        signal,
        say: caller.say,
        output: caller.output,
      });
    } catch (error) {
      outcome = toCommandError(error).status;
      if (timeout.signal.aborted) {
        throw vtError("VT22008", `${name} was given up after ${COMMAND_TIMEOUT_MS / 3_600_000} h`);
      }
      throw error;
    } finally {
      clearTimeout(timer);
      this.#running--;
      if (this.#running === 0) this.#idle?.resolve();
      const seconds = (clock.monotonicMs() - started) / 1000;
      this.#counted.add(1, { command: name, outcome });
      this.#seconds.observe(seconds, { command: name });
      log.info("command", { command: name, outcome, seconds });
    }
  }

  /**
   * Waits for commands that must come to an end though vtctld stops (a reparent under way), up to
   * `timeoutMs`. Call after the stop signal: it has cancelled all others.
   */
  async drain(timeoutMs: number): Promise<void> {
    if (this.#running === 0) return;
    this.#idle ??= Promise.withResolvers();
    const over = new AbortController();
    const timer = this.#context.clock.sleep(timeoutMs, { signal: over.signal }).catch(() => {});
    await Promise.race([this.#idle.promise, timer]);
    over.abort();
    await timer;
  }
}

/** Any error as the API gives it. */
export function toCommandError(error: unknown): CommandError {
  if (error instanceof VtError) {
    return { id: error.id, status: error.status, message: error.message };
  }
  if (error instanceof MysqlError) {
    const { errno, sqlState, status } = error;
    const message = `${error.message} (errno ${errno}) (sqlstate ${sqlState})`;
    return { id: "", status, message };
  }
  const text = error instanceof Error ? error.message : String(error);
  const isAbort = error instanceof DOMException && error.name === "AbortError";
  if (isAbort) return { id: "", status: "cancelled", message: `cancelled: ${text}` };
  return { id: "VT13001", status: "internal", message: `VT13001: [BUG] ${text}` };
}
