/** Waits for a process of the cluster to answer over HTTP. */
import { vtError } from "../../shared/error/errors.ts";
import { sleep } from "../../shared/host/clock.ts";

const PROBE_EVERY_MS = 50;
const PROBE_TIMEOUT_MS = 1000;

export interface Wait {
  readonly url: string;
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Where the process logs, for the error's remedy. */
  readonly logFile: string;
  /** Gives up early: a text that says why, or undefined to go on. */
  readonly hopeless?: () => string | undefined;
}

/** Resolves once `url` answers 200. VT22006 with the last answer and the end of its log after `timeoutMs`. */
export async function waitUntilOk(wait: Wait): Promise<void> {
  const deadline = performance.now() + wait.timeoutMs;
  let last = "no answer yet";
  while (true) {
    const answer = await ask(wait);
    if (answer.ok) return;
    last = answer.text;
    const why = wait.hopeless?.() ?? (performance.now() > deadline ? last : undefined);
    if (why !== undefined) {
      const said = await lastLines(wait.logFile);
      throw vtError(
        "VT22006",
        `${wait.what} does not come up: ${why.trim()}; the end of ${wait.logFile}:\n${said}`,
      );
    }
    await sleep(PROBE_EVERY_MS, wait);
  }
}

async function ask(wait: Wait): Promise<{ readonly ok: boolean; readonly text: string }> {
  try {
    const signal = AbortSignal.any([wait.signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
    const response = await fetch(wait.url, { signal });
    const text = await response.text();
    return { ok: response.ok, text };
  } catch (error) {
    wait.signal.throwIfAborted();
    return { ok: false, text: error instanceof Error ? error.message : String(error) };
  }
}

const LOG_LINES = 5;

async function lastLines(file: string): Promise<string> {
  const text = await Deno.readTextFile(file).catch(() => "(no log)"); // It never started.
  return text.trimEnd().split("\n").slice(-LOG_LINES).map((line) => `    ${line}`).join("\n");
}
