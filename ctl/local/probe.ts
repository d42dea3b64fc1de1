/** Waits for a process of the cluster: to answer over HTTP, or for another condition of it. */
import { vtError } from "../../shared/error/errors.ts";
import { sleep } from "../../shared/host/clock.ts";

const PROBE_EVERY_MS = 50;
const PROBE_TIMEOUT_MS = 1000;

export interface Wait {
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Where the process logs, for the error's remedy. */
  readonly logFile: string;
  /** Gives up early: a text that says why, or undefined to go on. */
  readonly hopeless?: () => string | undefined;
}

/** Resolves once `url` answers 200. VT22006 with the last answer and the end of its log after `timeoutMs`. */
export async function waitUntilOk(wait: Wait & { readonly url: string }): Promise<void> {
  await waitUntil(wait, () => ask(wait));
}

/** Resolves once `condition` answers undefined; a text says what is still missing. VT22006 as above. */
export async function waitUntil(
  wait: Wait,
  condition: () => Promise<string | undefined>,
): Promise<void> {
  const deadline = performance.now() + wait.timeoutMs;
  while (true) {
    const missing = await condition();
    if (missing === undefined) return;
    const why = wait.hopeless?.() ?? (performance.now() > deadline ? missing : undefined);
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

async function ask(
  wait: Wait & { readonly url: string },
): Promise<string | undefined> {
  try {
    const signal = AbortSignal.any([wait.signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
    const response = await fetch(wait.url, { signal });
    const text = await response.text();
    return response.ok ? undefined : text;
  } catch (error) {
    wait.signal.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
}

const LOG_LINES = 5;

async function lastLines(file: string): Promise<string> {
  const text = await Deno.readTextFile(file).catch(() => "(no log)"); // It never started.
  return text.trimEnd().split("\n").slice(-LOG_LINES).map((line) => `    ${line}`).join("\n");
}
