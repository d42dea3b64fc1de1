/** The HTTP face of the command registry; shared/rpc/ctl_api.ts describes it. */
import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { vtError } from "../../shared/error/errors.ts";
import { readJsonBody } from "../../shared/host/http.ts";
import type { Log } from "../../shared/io/log.ts";
import {
  COMMAND_REQUEST_BYTES_MAX,
  type CommandEvent,
  COMMANDS_PATH,
  type CommandSummary,
  decodeCommandRequest,
} from "../../shared/rpc/ctl_api.ts";
import type { Command, PreparedCommand } from "../command/command.ts";
import { printCommandHelp } from "../command/help.ts";
import { COMMANDS, findCommand } from "../command/registry.ts";
import { type CommandRunner, toCommandError } from "./command_runner.ts";

/** Progress lines that wait for a slow reader; later ones are dropped, the result never is. */
const LINES_WAITING_MAX = 10_000;

export interface CommandApi {
  readonly runner: CommandRunner;
  readonly log: Log;
}

export function addCommandRoutes(app: Hono, api: CommandApi): void {
  app.get(COMMANDS_PATH, (context) => context.json(COMMANDS.map(summarize)));
  app.get(`${COMMANDS_PATH}/:name`, (context) => {
    const command = findCommand(context.req.param("name"));
    return context.json({ ...summarize(command), help: printCommandHelp(command) });
  });
  app.post(
    `${COMMANDS_PATH}/:name`,
    bodyLimit({
      maxSize: COMMAND_REQUEST_BYTES_MAX,
      onError: (context) => {
        const mb = COMMAND_REQUEST_BYTES_MAX / 1024 / 1024;
        return refuse(context, 413, vtError("VT22001", `a request takes ${mb} MB at most`));
      },
    }),
    (context) => answer(context, context.req.param("name"), api),
  );
}

function summarize({ name, group, summary, legacyNames }: Command): CommandSummary {
  return { name, group, summary, aliases: legacyNames };
}

function refuse(context: Context, status: 400 | 404 | 413 | 501, error: unknown): Response {
  return context.json({ error: toCommandError(error) }, status);
}

/** What is wrong with the request itself has an HTTP status; everything later is in the stream. */
async function answer(context: Context, name: string, api: CommandApi): Promise<Response> {
  let command: Command;
  let prepared: PreparedCommand;
  try {
    command = findCommand(name);
  } catch (error) {
    return refuse(context, toCommandError(error).status === "unimplemented" ? 501 : 404, error);
  }
  try {
    const { args } = decodeCommandRequest(await readJsonBody(context));
    prepared = command.prepare(args, name);
  } catch (error) {
    return refuse(context, 400, error);
  }
  if (prepared.help) {
    const text = printCommandHelp(command).trimEnd();
    return context.json({ result: { help: text }, text });
  }
  return stream(command.name, prepared, api);
}

function stream(name: string, prepared: PreparedCommand, { runner, log }: CommandApi): Response {
  const leave = new AbortController();
  const encoder = new TextEncoder();
  let wanted = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const send = (event: CommandEvent): void => {
        // A reader that has left is told nothing more.
        if (leave.signal.aborted) return;
        controller.enqueue(encoder.encode(`${JSON.stringify(event)}\n`));
      };
      const say = (line: string): void => {
        if ((controller.desiredSize ?? 0) > -LINES_WAITING_MAX) send({ line });
      };
      const output = async (lines: readonly string[]): Promise<void> => {
        send({ output: lines.join("\n") });
        if ((controller.desiredSize ?? 0) > 0) return;
        wanted = Promise.withResolvers();
        await wanted.promise;
      };
      // Its end is the stream's; all that it may throw becomes the stream's last line.
      void runner.run(name, prepared, { signal: leave.signal, say, output })
        .then(({ result, text }) => send({ result: result ?? null, text }))
        .catch((error) => {
          const answered = toCommandError(error);
          if (answered.id === "VT13001") {
            const stack = error instanceof Error ? error.stack : undefined;
            log.error("command failed", { command: name, error: answered.message, stack });
          }
          send({ error: answered });
        })
        .finally(() => leave.signal.aborted || controller.close())
        .catch((error) => log.error("answer failed", { command: name, error: String(error) }));
    },
    pull() {
      wanted.resolve();
    },
    cancel() {
      wanted.resolve();
      leave.abort(new DOMException("the client has left", "AbortError"));
    },
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}
