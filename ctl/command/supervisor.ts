/** The supervisor of a local cluster: POST /api/apply with a cluster file. */
import { isErrorId, VtError, vtError, vtErrorFrom } from "../../shared/error/errors.ts";

/** A cluster file's text, and its path ("" when it has none) for the files that it names. */
export interface ClusterFile {
  readonly yaml: string;
  readonly file: string;
}

export interface Supervisor {
  /** Brings the cluster to what the YAML says. `onLine` gets each line of progress. */
  apply(
    cluster: ClusterFile,
    onLine: (line: string) => void,
    call: { readonly signal: AbortSignal },
  ): Promise<void>;
}

/** `address` as "http://127.0.0.1:PORT". */
export function httpSupervisor(address: string): Supervisor {
  return {
    async apply(cluster, onLine, { signal }) {
      let response: Response;
      try {
        response = await fetch(`${address.replace(/\/$/, "")}/api/apply`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(cluster),
          signal,
        });
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const cause = error instanceof Error ? error.message : String(error);
        throw vtErrorFrom(
          error,
          "VT20014",
          `the cluster's supervisor at ${address} (${cause}; is deno task cluster running?)`,
        );
      }
      await readProgress(response, onLine);
    },
  };
}

async function readProgress(response: Response, onLine: (line: string) => void): Promise<void> {
  let rest = "";
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (takeLine(line, onLine)) return;
    }
  }
  if (rest !== "" && takeLine(rest, onLine)) return;
  throw vtError(
    "VT22006",
    "the supervisor's answer broke off; look at its terminal, then run it again",
  );
}

/** True for the last line of a good end. */
function takeLine(text: string, onLine: (line: string) => void): boolean {
  if (text.trim() === "") return false;
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    throw vtError("VT20013", "the supervisor's answer is no JSON");
  }
  if (typeof event !== "object" || event === null) throw vtError("VT20013", "supervisor's line");
  if ("line" in event && typeof event.line === "string") onLine(event.line);
  if ("error" in event) throw refusal(event.error);
  // An error before it began is one object with its message.
  if ("id" in event && "message" in event) throw refusal(event);
  return "done" in event;
}

/** The supervisor's own error; a refusal when it is of a kind that isn't known here. */
function refusal(error: unknown): VtError {
  if (typeof error !== "object" || error === null) return vtError("VT22002", String(error));
  const message = "message" in error ? String(error.message) : "";
  const id = "id" in error ? String(error.id) : "";
  const text = message.replace(/^VT\d{5}: /, "");
  return isErrorId(id) ? new VtError(id, text) : vtError("VT22002", text);
}
