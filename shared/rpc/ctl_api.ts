/**
 * vtctld's HTTP API for commands, as vtctl, the console and scripts use it.
 *
 *     GET  /api/v1/commands          CommandSummary[]
 *     GET  /api/v1/commands/NAME     CommandSummary with its help
 *     POST /api/v1/commands/NAME     CommandRequest -> lines of JSON, one CommandEvent each
 *
 * The request is application/json. The last line has `result` or `error`; a stream that ends without one was cut. Leaving closes
 * the request and so cancels the command.
 */
import { isErrorId, type Status, VtError, vtError } from "../error/errors.ts";

export const COMMANDS_PATH = "/api/v1/commands";

/** Bytes of a request: a schema or VSchema of thousands of tables fits. */
export const COMMAND_REQUEST_BYTES_MAX = 16 * 1024 * 1024;

export interface CommandRequest {
  /** As on the command line, after the command's name. */
  readonly args: readonly string[];
}

export interface CommandSummary {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  readonly aliases: readonly string[];
}

export interface CommandError {
  /** A row of the error table; "" for an error of a mysqld. */
  readonly id: string;
  readonly status: Status;
  readonly message: string;
}

/** It says how far the command is: a terminal puts it where the one before it stands. */
export type LineKind = "progress";

export type CommandEvent =
  /** Progress, as a person reads it. */
  | { readonly line: string; readonly kind?: LineKind }
  /** Part of the result before the command ends: whole lines, without the last line feed. */
  | { readonly output: string }
  | {
    readonly result: unknown;
    /** The result as a person reads it, without the last line feed. */
    readonly text: string;
  }
  | { readonly error: CommandError };

/** Checks a request's body. VT20013 says what is wrong with it. */
export function decodeCommandRequest(body: unknown): CommandRequest {
  if (typeof body !== "object" || body === null || !("args" in body)) {
    throw vtError("VT20013", 'want {"args": ["TEXT", ...]}');
  }
  for (const key of Object.keys(body)) {
    if (key !== "args") throw vtError("VT20013", `unknown key "${key}": want {"args": [...]}`);
  }
  const { args } = body;
  if (!Array.isArray(args)) throw vtError("VT20013", '"args" is not a list');
  return {
    args: args.map((arg: unknown) => {
      if (typeof arg !== "string") throw vtError("VT20013", '"args" has something that is no text');
      return arg;
    }),
  };
}

/** Reads one line of a command's answer. VT20013 when it is none. */
export function decodeCommandEvent(line: string): CommandEvent {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw vtError("VT20013", "an answer line is no JSON");
  }
  if (typeof event === "object" && event !== null) {
    if ("line" in event && typeof event.line === "string") {
      const isProgress = "kind" in event && event.kind === "progress";
      return isProgress ? { line: event.line, kind: "progress" } : { line: event.line };
    }
    if ("output" in event && typeof event.output === "string") return { output: event.output };
    if ("result" in event && "text" in event && typeof event.text === "string") {
      return { result: event.result, text: event.text };
    }
    if ("error" in event) return { error: decodeCommandError(event.error) };
  }
  throw vtError("VT20013", "an answer line is neither progress nor result");
}

function decodeCommandError(error: unknown): CommandError {
  if (typeof error !== "object" || error === null) throw vtError("VT20013", "malformed error");
  const message = "message" in error && typeof error.message === "string" ? error.message : "";
  const id = "id" in error && typeof error.id === "string" ? error.id : "";
  const named = "status" in error && typeof error.status === "string" ? error.status : "";
  const status = isErrorId(id) ? new VtError(id, "").status : parseStatus(named);
  return { id, status, message };
}

const STATUSES: ReadonlySet<string> = new Set<Status>([
  "invalid_argument",
  "failed_precondition",
  "not_found",
  "already_exists",
  "permission_denied",
  "unauthenticated",
  "resource_exhausted",
  "aborted",
  "unavailable",
  "unimplemented",
  "deadline_exceeded",
  "cancelled",
  "internal",
  "cluster_event",
]);

function isStatus(text: string): text is Status {
  return STATUSES.has(text);
}

/** A status of a newer vtctld counts as a plain failure. */
function parseStatus(text: string): Status {
  return isStatus(text) ? text : "internal";
}

/** Exit codes of vtctl; --help prints them. */
export const EXIT_CODES = {
  ok: 0,
  failed: 1,
  usage: 2,
  not_found: 3,
  refused: 4,
  unreachable: 5,
} as const;

const EXIT_BY_STATUS = {
  invalid_argument: EXIT_CODES.usage,
  failed_precondition: EXIT_CODES.refused,
  not_found: EXIT_CODES.not_found,
  already_exists: EXIT_CODES.refused,
  permission_denied: EXIT_CODES.refused,
  unauthenticated: EXIT_CODES.refused,
  resource_exhausted: EXIT_CODES.refused,
  aborted: EXIT_CODES.failed,
  unavailable: EXIT_CODES.unreachable,
  unimplemented: EXIT_CODES.refused,
  deadline_exceeded: EXIT_CODES.unreachable,
  cancelled: EXIT_CODES.failed,
  internal: EXIT_CODES.failed,
  cluster_event: EXIT_CODES.failed,
} as const satisfies Record<Status, number>;

/** The exit code of a command that ended with an error of this status. */
export function exitCodeOf(status: Status): number {
  return EXIT_BY_STATUS[status];
}
