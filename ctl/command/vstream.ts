import { choice, duration, integer, list, text } from "../../shared/flags/flag.ts";
import { vtError } from "../../shared/error/errors.ts";
import { LastKnown } from "../../shared/host/last_known.ts";
import { pickSource } from "../../shared/host/source_picker.ts";
import type { TabletType } from "../../shared/model/tablet.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import { listAllTablets } from "../../topo/tablets.ts";
import type { VEvent } from "../stream/event.ts";
import { printEvent } from "../stream/event_line.ts";
import { StreamLimit } from "../stream/limit.ts";
import { currentVGtid, lookUp } from "../stream/start_position.ts";
import { parseVGtid, type VGtid, vgtidJson } from "../stream/vgtid.ts";
import { vstream, type VStreamOptions } from "../stream/vstream.ts";
import { defineCommand } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { one, parseName } from "./positional.ts";

/** A shard without a primary is repaired within this, by somebody. */
const GIVE_UP_MS = 120_000;

/** The wished ones first, and the primary, which has other things to do, last. */
const SOURCES = {
  replica: ["replica", "rdonly", "primary"],
  rdonly: ["rdonly", "replica", "primary"],
  primary: ["primary"],
} as const satisfies Readonly<Record<string, readonly TabletType[]>>;

export const VSTREAM = defineCommand({
  name: "VStream",
  group: "Workflows",
  summary: "Prints the changes of a keyspace's rows, of all its shards, as lines of JSON.",
  details: [
    "Each transaction is BEGIN, ROW ..., COMMIT and then VGTID, the position behind it; rows that end in ROLLBACK never happened or come again. Whoever keeps the last VGTID and gives it to --position gets each change exactly once, also when tablets die and shards are split or merged in between.",
    'Ends with Ctrl-C, or with --limit behind the transaction that has the last row. Values are text; bytes that are no text are {"base64": ...}.',
  ],
  examples: [
    "VStream customer",
    "VStream --tables customer,corder --limit 100 customer",
    'VStream --position "$(cat last_vgtid.json)" customer',
  ],
  flags: {
    "tables": list({ help: "only these, or /patterns/", fallback: [] }),
    "position": text({ help: "a VGTID to go on from; now when absent", fallback: "" }),
    "tablet-type": choice(["replica", "rdonly", "primary"], {
      help: "tablets to read from first",
      fallback: "replica",
    }),
    "cells": list({ help: "cells to read from", fallback: [] }),
    "limit": integer({ help: "rows; 0 for all", fallback: 0 }),
    "heartbeat-interval": duration({ help: "between HEARTBEATs", fallback: 5000 }),
  },
  positionals: { keyspace: one("keyspace", parseName) },
  run: async (context, { args: { keyspace }, flags }) => {
    if (flags.heartbeatInterval < 1) {
      throw vtError("VT22001", "--heartbeat-interval takes 1ms at least");
    }
    const start = flags.position === ""
      ? await currentVGtid(context, keyspace)
      : await lookUp(context, readPosition(flags.position, keyspace));
    const name = `vtctld VStream of ${keyspace}`;
    // While the topology is away the stream goes on with the tablets that it knows.
    const tablets = new LastKnown((call) => listAllTablets(context.topo, call), context.log);
    const limit = new StreamLimit(flags.limit);
    await streamUpTo(context, limit, {
      start,
      rules: rulesOf(flags.tables),
      types: SOURCES[flags.tabletType],
      cells: flags.cells,
      pick: (wish, call) =>
        pickSource({ tablets: (asked) => tablets.get(asked), name }, wish, call),
      heartbeatMs: flags.heartbeatInterval,
      giveUpMs: GIVE_UP_MS,
      clock: context.clock,
      log: context.log,
    });
    return { rows: limit.rows, vgtid: vgtidJson(limit.vgtid) };
  },
  print: () => "",
});

function readPosition(json: string, keyspace: string): VGtid {
  let vgtid: VGtid;
  try {
    vgtid = parseVGtid(json);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw vtError("VT22001", `--position: ${error.message}`);
  }
  const other = vgtid.find((entry) => entry.keyspace !== keyspace);
  if (other === undefined) return vgtid;
  throw vtError("VT22001", `--position is one of keyspace ${other.keyspace}, not of ${keyspace}`);
}

/** Tables of online schema changes are nobody's data. */
const INTERNAL: FilterRule = { match: "/^_vt_/", filter: "exclude" };

function rulesOf(tables: readonly string[]): readonly FilterRule[] {
  const named = tables.map((match) => ({ match, filter: "" }));
  return named.length > 0 ? named : [INTERNAL, { match: "/.*/", filter: "" }];
}

async function streamUpTo(
  context: CommandContext,
  limit: StreamLimit,
  options: Omit<VStreamOptions, "emit">,
): Promise<void> {
  const enough = new AbortController();
  const signal = AbortSignal.any([context.signal, enough.signal]);
  const emit = async (events: readonly VEvent[]): Promise<void> => {
    const lines = limit.pass(events).map(printEvent);
    if (lines.length > 0) await context.output(lines);
    if (limit.reached) enough.abort(new DOMException("the limit was reached", "AbortError"));
  };
  try {
    await vstream({ ...options, emit }, { signal });
  } catch (error) {
    if (context.signal.aborted || !enough.signal.aborted) throw error;
  }
}
