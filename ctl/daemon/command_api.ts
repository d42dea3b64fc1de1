/** The HTTP face of the command registry; shared/rpc/ctl_api.ts describes it. */
import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { vtError } from "../../shared/error/errors.ts";
import { readJsonBody } from "../../shared/host/http.ts";
import type { Log } from "../../shared/io/log.ts";
import {
  COMMAND_REQUEST_BYTES_MAX,
  type CommandError,
  type CommandEvent,
  COMMANDS_PATH,
  type CommandSummary,
  decodeCommandRequest,
} from "../../shared/rpc/ctl_api.ts";
import type { Command, PreparedCommand } from "../command/command.ts";
import { printCommandHelp } from "../command/help.ts";
import { COMMANDS, findCommand } from "../command/registry.ts";
import { type CommandRunner, toCommandError } from "./command_runner.ts";
import { lineResponse } from "./line_stream.ts";

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
  return lineResponse(async (lines) => {
    const send = (event: CommandEvent): void => lines.send(JSON.stringify(event));
    try {
      const { result, text } = await runner.run(name, prepared, {
        signal: lines.signal,
        say: (line, kind) => {
          if (lines.waiting < LINES_WAITING_MAX) send({ line, ...(kind && { kind }) });
        },
        output: async (output) => {
          send({ output: output.join("\n") });
          await lines.drained();
        },
      });
      send({ result: result ?? null, text });
    } catch (error) {
      send({ error: answerOf(error, name, log) });
    }
  });
}

/** What the caller is told of an error; of a bug the log gets more. */
export function answerOf(error: unknown, command: string, log: Log): CommandError {
  const answered = toCommandError(error);
  if (answered.id === "VT13001") {
    const stack = error instanceof Error ? error.stack : undefined;
    log.error("command failed", { command, error: answered.message, stack });
  }
  return answered;
}
