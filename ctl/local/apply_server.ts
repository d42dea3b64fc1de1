/**
 * The supervisor's HTTP face, on loopback, for vtctld: GET /api/status, and POST /api/apply
 * {"yaml": TEXT, "file": PATH} which answers lines of JSON: {"line": ...} as it goes, at the end
 * {"done": true} or {"error": {"id", "message"}}.
 */
import { isAbsolute } from "node:path";
import { VtError, vtError } from "../../shared/error/errors.ts";
import { limitBody, readJsonBody, serveHttp } from "../../shared/host/http.ts";
import type { Log } from "../../shared/io/log.ts";
import { Hono } from "hono";
import type { Cluster } from "./cluster.ts";
import { parseClusterFile } from "./cluster_file.ts";

/** A cluster file of thousands of lines fits. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

export interface ApplyOptions {
  readonly cluster: Cluster;
  readonly port: number;
  /** Stands for the file of a request that names none; relative paths are looked up beside it. */
  readonly file: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export interface ApplyServer extends AsyncDisposable {
  /** Runs `body` while no apply runs, and the other way round. */
  readonly exclusive: (body: () => Promise<void>) => Promise<void>;
}

interface ApplyRequest {
  readonly yaml: string;
  readonly file: string;
}

function decodeRequest(body: unknown, fallback: string): ApplyRequest {
  const { yaml, file } = (typeof body === "object" && body !== null ? body : {}) as Record<
    string,
    unknown
  >;
  if (typeof yaml !== "string") throw vtError("VT20013", 'want {"yaml": "...", "file": "..."}');
  return { yaml, file: typeof file === "string" && isAbsolute(file) ? file : fallback };
}

export function applyServer(options: ApplyOptions): ApplyServer {
  let last: Promise<void> = Promise.resolve();
  const exclusive = (body: () => Promise<void>): Promise<void> => {
    const mine = last.then(body);
    last = mine.catch(() => {}); // Its caller gets the error; the next one only waits.
    return mine;
  };
  const app = new Hono();
  app.get("/api/status", (context) => context.json({ processes: options.cluster.status() }));
  app.post("/api/apply", limitBody(BODY_BYTES_MAX), async (context) => {
    const body = await readJsonBody(context);
    return new Response(applyLines(options, exclusive, body), {
      headers: { "content-type": "application/x-ndjson" },
    });
  });
  app.onError((error, context) => {
    const id = error instanceof VtError ? error.id : "";
    return context.json({ error: { id, message: error.message } }, 400);
  });
  const server = serveHttp(app, { hostname: "127.0.0.1", port: options.port });
  return { exclusive, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

function applyLines(
  options: ApplyOptions,
  exclusive: ApplyServer["exclusive"],
  body: unknown,
): ReadableStream<Uint8Array> {
  const { cluster, signal, log } = options;
  const encoder = new TextEncoder();
  let open = true;
  return new ReadableStream({
    async start(controller) {
      const send = (event: unknown): void => {
        if (open) controller.enqueue(encoder.encode(JSON.stringify(event) + "\n"));
      };
      try {
        const { yaml, file } = decodeRequest(body, options.file);
        const spec = parseClusterFile(file, yaml);
        const progress = (line: string) => send({ line });
        await exclusive(() => cluster.reconcile(spec, { progress, signal }));
        send({ done: true });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        log.error("apply failed", { error: message });
        send({ error: { id: error instanceof VtError ? error.id : "", message } });
      }
      if (open) controller.close();
      open = false;
    },
    // Whoever asked has gone; the change goes on, since half of one is worse.
    cancel() {
      open = false;
    },
  });
}
