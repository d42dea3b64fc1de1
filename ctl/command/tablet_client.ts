/** Calls the admin RPC of tablets: POST http://HOST:PORT/rpc/NAME with JSON. */
import { isErrorId, VtError, vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import {
  FENCE_HEADER,
  type TabletAdmin,
  type TabletAdminMethod,
} from "../../shared/rpc/tablet_admin.ts";
import { decodeTabletResponse } from "./tablet_response.ts";

/** How long a tablet may take for a call that has no time of its own (Vitess: 30s). */
export const TABLET_CALL_TIMEOUT_MS = 30_000;

/** Bytes of an answer: rows are limited by the call, a schema of thousands of tables fits. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

export interface TabletCall {
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  /** Of the lock that the call needs: refused once a tablet has heard of a later one (VT22009). */
  readonly token?: number;
}

export interface TabletClient {
  /** Errors are the tablet's own; VT22005 when none came back, and then nobody knows what it did. */
  call<Method extends TabletAdminMethod>(
    tablet: TabletRecord,
    method: Method,
    request: TabletAdmin[Method]["request"],
    call: TabletCall,
  ): Promise<TabletAdmin[Method]["response"]>;
}

/** True when the error is the tablet's word, and not the lack of one. */
export function isAnswered(error: unknown): boolean {
  return error instanceof MysqlError || (error instanceof VtError && error.id !== "VT22005");
}

export const HTTP_TABLET_CLIENT: TabletClient = {
  async call(tablet, method, request, call) {
    const { signal, timeoutMs = TABLET_CALL_TIMEOUT_MS, token } = call;
    const alias = printTabletAlias(tablet.alias);
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    let response: Response;
    let body: unknown;
    try {
      response = await fetch(urlOf(tablet, method), {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(token === undefined ? {} : { [FENCE_HEADER]: String(token) }),
        },
        body: JSON.stringify(request),
        signal: either,
      });
      body = await readJson(response);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const cause = timeout.aborted
        ? `no answer within ${timeoutMs} ms`
        : error instanceof Error
        ? rootMessage(error)
        : String(error);
      throw vtErrorFrom(error, "VT22005", alias, `${attempt(tablet, method)}: ${cause}`);
    }
    if (!response.ok) throw decodeError(tablet, method, response.status, body);
    return decodeTabletResponse(method, body);
  },
};

function urlOf(tablet: TabletRecord, method: string): string {
  return `http://${addressOf(tablet)}/rpc/${method}`;
}

function addressOf({ hostname, portMap }: TabletRecord): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${portMap.vt}`;
}

/** What was tried: "Ping of commerce/- at 127.0.0.1:15100". */
function attempt(tablet: TabletRecord, method: string): string {
  return `${method} of ${tablet.keyspace}/${tablet.shard} at ${addressOf(tablet)}`;
}

async function readJson(response: Response): Promise<unknown> {
  const length = Number(response.headers.get("content-length") ?? 0);
  if (length > ANSWER_BYTES_MAX) {
    await response.body?.cancel();
    throw new RangeError(`an answer of ${length} bytes`);
  }
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError(`HTTP status ${response.status} with a body that is no JSON`);
  }
}

/** fetch wraps the interesting part: "error sending request" hides "connection refused". */
function rootMessage(error: Error): string {
  const text = error.message.split(": ").slice(1).join(": ");
  const refused = /(connection refused|connection reset|dns error|timed out)/i.exec(
    `${error.message} ${error.cause instanceof Error ? error.cause.message : ""}`,
  );
  return refused?.[1]?.toLowerCase() ?? (text === "" ? error.message : text);
}

function decodeError(
  tablet: TabletRecord,
  method: string,
  status: number,
  body: unknown,
): Error {
  const alias = printTabletAlias(tablet.alias);
  const tried = `${attempt(tablet, method)}: HTTP status ${status}`;
  if (typeof body !== "object" || body === null) return vtError("VT22005", alias, tried);
  const id = "id" in body && typeof body.id === "string" ? body.id : "";
  const message = "message" in body && typeof body.message === "string" ? body.message : "";
  const errno = "errno" in body && typeof body.errno === "number" ? body.errno : 0;
  const sqlState = "sqlState" in body && typeof body.sqlState === "string" ? body.sqlState : "";
  if (isErrorId(id)) return new VtError(id, message.replace(`${id}: `, ""));
  if (errno > 0) return new MysqlError(errno, sqlState, message);
  return vtError("VT22005", alias, `${tried}: ${message}`);
}
