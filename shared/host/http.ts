/**
 * The HTTP face that every program has: /debug/status (a page, or ?format=json), /debug/vars,
 * /healthz, /readyz and /metrics. A program adds its routes to the app before it serves it.
 */
import { isIP } from "node:net";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type Status, VtError, vtError, vtErrorFrom } from "../error/errors.ts";
import { MysqlError } from "../error/mysql_error.ts";
import type { Log } from "../io/log.ts";
import type { Metrics } from "./metrics.ts";
import { printStatusPage } from "./status_page.ts";

/** Anything that JSON can hold; arrays of objects become tables on the page. */
export type StatusSections = Readonly<Record<string, unknown>>;

export interface Face {
  /** "vtgate". */
  readonly program: string;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Sections of /debug/status, by title. */
  readonly status: () => StatusSections;
  /** "" when ready; otherwise why not. */
  readonly notReady: () => string;
}

/** The app with the common routes; errors of added routes are answered as JSON. */
export function createHttpApp(face: Face): Hono {
  const app = new Hono();
  app.get("/", (context) => context.redirect("/debug/status"));
  app.get("/healthz", (context) => context.text("ok\n"));
  app.get("/readyz", (context) => {
    const reason = face.notReady();
    return reason === "" ? context.text("ok\n") : context.text(`${reason}\n`, 503);
  });
  app.get("/metrics", (context) => {
    context.header("content-type", "text/plain; version=0.0.4; charset=utf-8");
    return context.body(face.metrics.render());
  });
  app.get("/debug/vars", (context) => context.json({ ...processVars(), ...face.metrics.vars() }));
  app.get("/debug/status", (context) => {
    const sections = face.status();
    if (context.req.query("format") === "json") return context.json(sections);
    return context.html(printStatusPage(face.program, sections));
  });
  app.notFound((context) => context.json({ message: `no such path: ${context.req.path}` }, 404));
  app.onError((error, context) => answerError(error, context, face.log));
  return app;
}

/**
 * The body of a request that changes something. VT20013 unless it says that it is JSON, and is: a
 * page of another site can make a browser post forms and plain texts here, but no JSON.
 */
export async function readJsonBody(context: Context): Promise<unknown> {
  const type = context.req.header("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw vtError("VT20013", "the request needs content-type: application/json");
  }
  try {
    return await context.req.json();
  } catch (error) {
    throw vtErrorFrom(error, "VT20013", "the body is no JSON");
  }
}

/** Refuses bodies above a limit, whether they tell their length or not, with VT20013. */
export function limitBody(bytesMax: number): ReturnType<typeof bodyLimit> {
  return bodyLimit({
    maxSize: bytesMax,
    onError: () => {
      throw vtError("VT20013", `a request takes ${bytesMax} bytes at most`);
    },
  });
}

export interface HttpServer extends AsyncDisposable {
  /** The port it got, also when 0 was asked for. */
  readonly port: number;
}

/**
 * Listens. Disposing lets requests in flight finish for a moment, then closes their connections.
 *
 * Nobody logs in here, so on a loopback address only this machine is trusted: a request with
 * another name in its Host is a page's whose DNS name was turned to 127.0.0.1, and gets 403.
 */
export function serveHttp(
  app: Hono,
  options: { readonly hostname: string; readonly port: number },
): HttpServer {
  const stop = new AbortController();
  const server = Deno.serve(
    { hostname: options.hostname, port: options.port, signal: stop.signal, onListen: () => {} },
    (request) => {
      if (!isLoopback(options.hostname) || isOwnHost(request.headers.get("host"))) {
        return app.fetch(request);
      }
      return new Response("this address is for programs of this machine: use localhost\n", {
        status: 403,
      });
    },
  );
  return {
    port: server.addr.port,
    async [Symbol.asyncDispose]() {
      // Long polls and event streams don't end by themselves.
      const timer = setTimeout(() => stop.abort(), HTTP_DRAIN_MS);
      try {
        await server.shutdown();
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

const HTTP_DRAIN_MS = 1000;

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || /^127\./.test(hostname);
}

/** True for localhost and for addresses, which no DNS name hides behind. */
function isOwnHost(host: string | null): boolean {
  const name = (host ?? "localhost").replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return name.toLowerCase() === "localhost" || isIP(name) !== 0;
}

const HTTP_STATUS = {
  invalid_argument: 400,
  failed_precondition: 400,
  not_found: 404,
  already_exists: 409,
  permission_denied: 403,
  unauthenticated: 401,
  resource_exhausted: 429,
  aborted: 409,
  unavailable: 503,
  unimplemented: 501,
  deadline_exceeded: 504,
  cancelled: 499,
  internal: 500,
  cluster_event: 503,
} as const satisfies Record<Status, number>;

/** The JSON of an error, as shared/rpc/tablet_admin.ts describes it. */
function answerError(error: Error, context: Context, log: Log): Response {
  if (!(error instanceof VtError) && !(error instanceof MysqlError)) {
    log.error("request failed", { path: context.req.path, error: error.stack ?? error.message });
    const body = { id: "VT13001", message: error.message, errno: 1815, sqlState: "HY000" };
    return context.json(body, 500);
  }
  const { message, errno, sqlState } = error;
  const id = error instanceof VtError ? error.id : "";
  // 499 is nginx's number, which Hono's type of statuses doesn't list.
  const status = HTTP_STATUS[error.status] as ContentfulStatusCode;
  return context.json({ id, message, errno, sqlState }, status);
}

function processVars(): Record<string, unknown> {
  const { rss, heapUsed } = Deno.memoryUsage();
  return { pid: Deno.pid, uptime_seconds: Math.round(performance.now() / 1000), rss, heapUsed };
}
