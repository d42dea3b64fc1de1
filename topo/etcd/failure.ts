/** What went wrong with one request to one etcd, and what may be done about it. */
import { type VtError, vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { DeadlineError } from "../../shared/host/deadline.ts";

export type FailureKind =
  /** Nothing was sent: any request may go to another endpoint. */
  | "refused"
  /** It may have been carried out or not. */
  | "lost"
  | "late"
  /** The server can't serve now: no leader, stopping. It may have been carried out or not. */
  | "unavailable"
  /** Our token has expired: log in again. */
  | "token"
  | "credentials"
  | "other";

export class Failure extends Error {
  override readonly name = "Failure";
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }

  /** The error of the table that callers of the store see. `what` names the call. */
  toVtError(what: string): VtError {
    switch (this.kind) {
      case "late":
        return vtErrorFrom(this, "VT21004", what);
      case "credentials":
      case "token":
        return vtErrorFrom(this, "VT21009", this.message);
      case "other":
        return vtError("VT13001", `etcd refused ${what}: ${this.message}`);
      default:
        return vtErrorFrom(this, "VT21005", `${what}: ${this.message}`);
    }
  }
}

/** A failed fetch. */
export function failureOfFetch(error: unknown): Failure {
  if (error instanceof DeadlineError) return new Failure("late", error.message, { cause: error });
  const message = describe(error);
  // Deno has no code for it: hyper names the phase in the text.
  const refused = message.includes("client error (Connect)") || message.includes("dns error");
  return new Failure(refused ? "refused" : "lost", message, { cause: error });
}

/** gRPC codes, as the gateway prints them in the body of an error. */
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

/** An answer other than 200; `body` is the gateway's {"error", "code", "message"}. */
export function failureOfAnswer(status: number, body: string): Failure {
  const { code, message } = parseAnswer(body);
  const text = message === "" ? `HTTP status ${status}` : message;
  if (code === UNAUTHENTICATED || /auth store is old/.test(text)) return new Failure("token", text);
  if (code === PERMISSION_DENIED) return new Failure("credentials", text);
  // One code for many mistakes: only etcd's text tells a wrong password from a wrong request.
  if (
    code === INVALID_ARGUMENT && /user name is empty|authentication failed|CommonName/.test(text)
  ) {
    return new Failure("credentials", text);
  }
  if (code === UNAVAILABLE || code === DEADLINE_EXCEEDED || status >= 502) {
    return new Failure("unavailable", text);
  }
  return new Failure("other", text);
}

function parseAnswer(body: string): { readonly code: number; readonly message: string } {
  try {
    const { code = 0, message = "", error = "" } = JSON.parse(body);
    return { code: Number(code), message: String(message) || String(error) };
  } catch {
    // A proxy's page in between, or a body cut short.
    return { code: 0, message: body.slice(0, 200) };
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const causes: string[] = [];
  for (let at: unknown = error; at instanceof Error && causes.length < 4; at = at.cause) {
    causes.push(at.message);
  }
  return causes.join(": ");
}
