/** One command over vtctld's HTTP API: progress as it comes, then the result or the error. */
import {
  type CommandError,
  type CommandEvent,
  COMMANDS_PATH,
  decodeCommandEvent,
  type LineKind,
} from "../../shared/rpc/ctl_api.ts";

export type CommandEnd =
  | { readonly text: string; readonly error?: undefined }
  | { readonly text?: undefined; readonly error: CommandError };

export interface CommandCall {
  /** host:port */
  readonly server: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly onLine: (line: string, kind: LineKind | undefined) => void;
  /** Lines of the result of a command that goes on; dropped when absent. */
  readonly onOutput?: (lines: string) => void;
  readonly signal: AbortSignal;
}

/** Never throws: whatever happens is an end that a person can read. */
export async function callCommand(call: CommandCall): Promise<CommandEnd> {
  const { server, signal } = call;
  let response: Response;
  try {
    response = await fetch(
      `http://${server}${COMMANDS_PATH}/${encodeURIComponent(call.command)}`,
      {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ args: call.args }),
        signal,
      },
    );
  } catch (error) {
    const cause = printCauses(error);
    return unreachable(
      `vtctld can't be reached at ${server} (${
        causeOf(cause)
      }); is it running? Name another with --server HOST:PORT or VTCTL_SERVER`,
    );
  }
  if (!response.ok) return await readRefusal(response, server);
  try {
    return await readEvents(response, call);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return unreachable(`the answer of vtctld at ${server} broke off: ${cause}`);
  }
}

function unreachable(message: string): CommandEnd {
  return { error: { id: "", status: "unavailable", message } };
}

function printCauses(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined
    ? error.message
    : `${error.message}: ${printCauses(error.cause)}`;
}

/** fetch wraps the system's words in its own. */
function causeOf(text: string): string {
  const known =
    /connection refused|connection reset|dns error|no route to host|timed out|invalid url/i;
  return known.exec(text)?.[0].toLowerCase() ?? text;
}

/** An error before the command began has its HTTP status and one JSON object. */
async function readRefusal(response: Response, server: string): Promise<CommandEnd> {
  const text = await response.text();
  try {
    const event = decodeCommandEvent(text);
    if ("error" in event) return { error: event.error };
  } catch {
    // Something else than vtctld answers there; the text below says so.
  }
  return unreachable(
    `${server} answered HTTP status ${response.status}: is that vtctld? Its port is 15000 by default`,
  );
}

async function readEvents(
  response: Response,
  call: CommandCall,
): Promise<CommandEnd> {
  let rest = "";
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const end = takeEvent(decodeCommandEvent(line), call);
      if (end !== undefined) return end;
    }
  }
  return unreachable(
    "vtctld ended before the command did; its state is not known, look before you run it again",
  );
}

function takeEvent(event: CommandEvent, call: CommandCall): CommandEnd | undefined {
  if ("line" in event) call.onLine(event.line, event.kind);
  else if ("output" in event) call.onOutput?.(event.output);
  else if ("text" in event) return { text: event.text };
  else return { error: event.error };
  return undefined;
}
