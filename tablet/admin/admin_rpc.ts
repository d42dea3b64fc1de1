/** POST /rpc/NAME with JSON on the tablet's HTTP port: what vtctld asks (shared/rpc/tablet_admin.ts). */
import type { Hono } from "hono";
import { vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { DeadlineError, withDeadline } from "../../shared/host/deadline.ts";
import { limitBody, readJsonBody } from "../../shared/host/http.ts";
import type { Log } from "../../shared/io/log.ts";
import {
  FENCE_HEADER,
  type TabletAdmin,
  type TabletAdminMethod,
} from "../../shared/rpc/tablet_admin.ts";
import type { Fence } from "./fence.ts";
import { decodeRequest, isTabletAdminMethod } from "./request_fields.ts";

export interface HandlerOptions {
  /** Aborts when the call takes too long, or the tablet ends; not when the caller hangs up, since a
   * reparent that stopped half-way would be worse than one that nobody waits for. */
  readonly signal: AbortSignal;
}

export type Handlers = {
  readonly [Method in TabletAdminMethod]: (
    request: TabletAdmin[Method]["request"],
    options: HandlerOptions,
  ) => Promise<TabletAdmin[Method]["response"]>;
};

/** A schema with all its statements; larger ones come in several calls. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** Calls that are not worth a line in the log: they come all the time. */
const QUIET: ReadonlySet<TabletAdminMethod> = new Set<TabletAdminMethod>([
  "Ping",
  "ReplicationStatus",
  "PrimaryPosition",
  "VDiffDigest",
  "VDiffRows",
  "VDiffShow",
]);

/** Above what any call may ask for by itself. */
const CALL_TIMEOUT_MS = 15 * 60_000;

export function addAdminRpc(
  app: Hono,
  handlers: Handlers,
  { log, signal, fence }: {
    readonly log: Log;
    readonly signal: AbortSignal;
    readonly fence: Fence;
  },
): void {
  app.post("/rpc/:name", limitBody(BODY_BYTES_MAX), async (context) => {
    const name = context.req.param("name");
    if (!isTabletAdminMethod(name)) throw vtError("VT22003", `there is no call ${name}`);
    const body = await readJsonBody(context);
    const started = performance.now();
    try {
      const token = readToken(context.req.header(FENCE_HEADER));
      const response = await withDeadline(
        CALL_TIMEOUT_MS,
        signal,
        (either) =>
          fence.run(token, () => handle(handlers, name, body, { signal: either }), {
            signal: either,
          }),
      );
      const tookMs = Math.round(performance.now() - started);
      if (QUIET.has(name)) log.debug("rpc", { call: name, tookMs });
      else log.info("rpc", { call: name, tookMs });
      return context.json(response);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.warn("rpc failed", { call: name, error: message });
      // What an abort throws, the HTTP layer would take for a bug.
      const over = error instanceof DOMException || error instanceof DeadlineError;
      if (over) throw vtErrorFrom(error, "VT20014", `${name}: ${message}`);
      throw error;
    }
  });
}

/** Undefined for a call that needs no lock. VT20013 for what is no token. */
function readToken(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const token = Number(header);
  if (Number.isSafeInteger(token) && token >= 0) return token;
  throw vtError("VT20013", `${FENCE_HEADER} must be a whole number: got ${header}`);
}

/** One method at a time, so that request and response belong together for the compiler. */
async function handle<Method extends TabletAdminMethod>(
  handlers: Handlers,
  method: Method,
  body: unknown,
  options: HandlerOptions,
): Promise<TabletAdmin[Method]["response"]> {
  return await handlers[method](decodeRequest(method, body), options);
}
