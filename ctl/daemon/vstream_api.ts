/**
 * The change stream for programs: what `vtctl VStream` prints, without the command line.
 *
 *     POST /api/v1/vstream   VStreamRequest -> lines of JSON, one event each (ctl/stream/event.ts)
 *
 * The request has the names of Vitess's message (proto/vtgate.proto VStreamRequest):
 *
 *     {
 *       "vgtid": {"shard_gtids": [{"keyspace": "customer", "shard": "-80", "gtid": "current"}]},
 *       "filter": {"rules": [{"match": "customer", "filter": "select ..."}]},
 *       "tablet_type": "REPLICA",
 *       "flags": {"minimize_skew": false, "stop_on_reshard": false, "heartbeat_interval": 5,
 *                 "cells": "zone1,zone2", "limit": 0}
 *     }
 *
 * Only vgtid is needed; a gtid of "" copies all rows first, and no shard means all of them. The
 * last line has `result` (a limit was reached) or `error`; a stream that ends without one was cut.
 * A reader that is slow holds the stream back, nothing is kept for it; one that leaves ends it.
 */
import type { Context, Hono } from "hono";
import { vtError } from "../../shared/error/errors.ts";
import { limitBody, readJsonBody } from "../../shared/host/http.ts";
import type { Log } from "../../shared/io/log.ts";
import { readFilter } from "../stream/filter_text.ts";
import { runVStream, STREAM_SOURCES, type VStreamRequest } from "../stream/run_vstream.ts";
import { readVGtid, vgtidJson } from "../stream/vgtid_json.ts";
import { answerOf } from "./command_api.ts";
import type { CommandRunner } from "./command_runner.ts";
import { lineResponse } from "./line_stream.ts";

export const VSTREAM_PATH = "/api/v1/vstream";

/** A position of thousands of shards, each in the midst of a table, fits. */
const REQUEST_BYTES_MAX = 16 * 1024 * 1024;

export interface VStreamApi {
  readonly runner: CommandRunner;
  readonly log: Log;
}

export function addVStreamRoute(app: Hono, api: VStreamApi): void {
  app.post(VSTREAM_PATH, limitBody(REQUEST_BYTES_MAX), async (context) => {
    return answer(await readRequest(context), api);
  });
}

function answer(request: VStreamRequest, { runner, log }: VStreamApi): Response {
  return lineResponse(async (lines) => {
    const output = async (events: readonly string[]): Promise<void> => {
      lines.send(events.join("\n"));
      await lines.drained();
    };
    const caller = { signal: lines.signal, say: () => {}, output };
    try {
      const { result } = await runner.run("VStream", {
        help: false,
        endless: true,
        run: async (context) => {
          const { rows, vgtid } = await runVStream(context, request, output);
          return { result: { rows, vgtid: vgtidJson(vgtid) }, text: "" };
        },
      }, caller);
      lines.send(JSON.stringify({ result }));
    } catch (error) {
      lines.send(JSON.stringify({ error: answerOf(error, "VStream", log) }));
    }
  });
}

/** VT20013 says what is wrong with it. */
async function readRequest(context: Context): Promise<VStreamRequest> {
  const body = await readJsonBody(context);
  try {
    return readVStreamRequest(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw vtError("VT20013", error.message);
  }
}

const REQUEST_KEYS = ["vgtid", "filter", "tablet_type", "flags"] as const;
const FLAG_KEYS = ["minimize_skew", "stop_on_reshard", "heartbeat_interval", "cells", "limit"];
const HEARTBEAT_SECONDS = 5;

/** SyntaxError says what is wrong. */
export function readVStreamRequest(body: unknown): VStreamRequest {
  const request = record("the request", body, REQUEST_KEYS);
  const flags = record("flags", request["flags"] ?? {}, FLAG_KEYS);
  const type = text("tablet_type", request["tablet_type"] ?? "REPLICA").toLowerCase();
  if (!isSource(type)) throw new SyntaxError(`tablet_type is none of ${SOURCES.join(", ")}`);
  const { filter } = request;
  return {
    position: readVGtid(request["vgtid"]),
    rules: filter === undefined ? [{ match: "/.*/", filter: "" }] : readFilter(filter),
    sources: type,
    cells: text("cells", flags["cells"] ?? "").split(",").filter((cell) => cell !== ""),
    rowsMax: count("limit", flags["limit"] ?? 0, 0),
    stopOnReshard: toggle("stop_on_reshard", flags["stop_on_reshard"] ?? false),
    minimizeSkew: toggle("minimize_skew", flags["minimize_skew"] ?? false),
    heartbeatMs: 1000 *
      count("heartbeat_interval", flags["heartbeat_interval"] ?? HEARTBEAT_SECONDS, 1),
  };
}

const SOURCES = ["replica", "rdonly", "primary"] as const;

function isSource(type: string): type is keyof typeof STREAM_SOURCES {
  return Object.hasOwn(STREAM_SOURCES, type);
}

function record(
  what: string,
  value: unknown,
  keys: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new SyntaxError(`${what} is no object`);
  for (const key of Object.keys(value)) {
    if (!keys.includes(key)) {
      throw new SyntaxError(`${what} has an unknown key "${key}": there are ${keys.join(", ")}`);
    }
  }
  return { ...value };
}

function text(key: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new SyntaxError(`${key} is no text`);
}

function toggle(key: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new SyntaxError(`${key} is neither true nor false`);
}

function count(key: string, value: unknown, min: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min) return value;
  throw new SyntaxError(`${key} is no whole number from ${min}`);
}
