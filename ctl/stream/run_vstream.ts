/** A stream as its caller asks for it: what the command and the HTTP API have in common. */
import { LastKnown } from "../../shared/host/last_known.ts";
import { pickSource } from "../../shared/host/source_picker.ts";
import type { TabletType } from "../../shared/model/tablet.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import { listAllTablets } from "../../topo/tablets.ts";
import type { CommandContext } from "../command/context.ts";
import { demandRules } from "./copy_rule.ts";
import type { VEvent } from "./event.ts";
import { printEvent } from "./event_line.ts";
import { StreamLimit, type StreamLimits } from "./limit.ts";
import { startPosition } from "./start_position.ts";
import type { VGtid, WishedGtid } from "./vgtid.ts";
import { vstream } from "./vstream.ts";

/** The wished ones first, and the primary, which has other things to do, last. */
export const STREAM_SOURCES = {
  replica: ["replica", "rdonly", "primary"],
  rdonly: ["rdonly", "replica", "primary"],
  primary: ["primary"],
} as const satisfies Readonly<Record<string, readonly TabletType[]>>;

export interface VStreamRequest extends StreamLimits {
  readonly position: readonly WishedGtid[];
  readonly rules: readonly FilterRule[];
  readonly sources: keyof typeof STREAM_SOURCES;
  /** Empty: any. */
  readonly cells: readonly string[];
  readonly heartbeatMs: number;
  readonly minimizeSkew: boolean;
}

/** A shard without a primary is repaired within this, by somebody. */
const GIVE_UP_MS = 120_000;

/** Tables of online schema changes are nobody's data. */
const INTERNAL: FilterRule = { match: "/^_vt_/", filter: "exclude" };

/** How far it came, when one of the limits has ended it. `output` gets lines of JSON. */
export async function runVStream(
  context: CommandContext,
  request: VStreamRequest,
  output: (lines: readonly string[]) => Promise<void>,
): Promise<{ readonly rows: number; readonly vgtid: VGtid }> {
  const rules = [INTERNAL, ...request.rules];
  demandRules(rules);
  const start = await startPosition(context, request.position, rules);
  const keyspaces = new Set(start.map(({ keyspace }) => keyspace));
  const name = `vtctld VStream of ${[...keyspaces].join(", ")}`;
  // While the topology is away the stream goes on with the tablets that it knows.
  const tablets = new LastKnown((call) => listAllTablets(context.topo, call), context.log);
  const limit = new StreamLimit(request);
  const enough = new AbortController();
  const signal = AbortSignal.any([context.signal, enough.signal]);
  const emit = async (events: readonly VEvent[]): Promise<void> => {
    const lines = limit.pass(events).map(printEvent);
    if (lines.length > 0) await output(lines);
    if (limit.reached) enough.abort(new DOMException("the limit was reached", "AbortError"));
  };
  try {
    await vstream({
      start,
      rules,
      types: STREAM_SOURCES[request.sources],
      cells: request.cells,
      pick: (wish, call) =>
        pickSource({ tablets: (asked) => tablets.get(asked), name }, wish, call),
      emit,
      heartbeatMs: request.heartbeatMs,
      minimizeSkew: request.minimizeSkew,
      giveUpMs: GIVE_UP_MS,
      clock: context.clock,
      log: context.log,
    }, { signal });
  } catch (error) {
    if (context.signal.aborted || !enough.signal.aborted) throw error;
  }
  return { rows: limit.rows, vgtid: limit.vgtid };
}
