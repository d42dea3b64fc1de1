/** Chooses the tablet that a stream reads from, and connects to it. */
import { vtError } from "../error/errors.ts";
import { connectMux, type MuxClient } from "./mux_client.ts";
import { StreamClient } from "./stream_client.ts";
import { sameShard } from "../key/range.ts";
import type { TabletRecord } from "../model/records.ts";
import { printTabletAlias, type TabletType } from "../model/tablet.ts";
import type { TabletHealth } from "../rpc/query_service.ts";
import type { StreamService, StreamTarget } from "../rpc/stream_service.ts";

export interface Source extends Disposable {
  /** Its alias. */
  readonly name: string;
  readonly streams: StreamService;
  /** Aborts when the connection is lost. */
  readonly lost: AbortSignal;
}

export interface SourcePickerOptions {
  /** All tablets of the topology, or as many as can be read now. */
  readonly tablets: (call: Call) => Promise<readonly TabletRecord[]>;
  /** Who asks, for the source's log. */
  readonly name: string;
}

export interface SourceWish {
  readonly from: StreamTarget;
  /** Empty: any. */
  readonly cells: readonly string[];
  /** In order of preference. */
  readonly types: readonly TabletType[];
  /** Aliases that failed lately: they come last. */
  readonly avoid: ReadonlySet<string>;
}

interface Call {
  readonly signal: AbortSignal;
}

const ANSWER_MS = 3000;
/** A replica that is further behind is read only when there is no other. */
const LAG_SECONDS_MAX = 30;

interface Candidate {
  readonly record: TabletRecord;
  readonly client: MuxClient;
  readonly health: TabletHealth;
  readonly lost: AbortSignal;
}

/** VT27005 when none answers. */
export async function pickSource(
  options: SourcePickerOptions,
  wish: SourceWish,
  call: Call,
): Promise<Source> {
  const records = (await options.tablets(call)).filter((record) => fits(record, wish));
  const answers = await Promise.all(records.map((record) => look(options.name, record, call)));
  const candidates = answers.filter((answer) => answer !== undefined)
    .toSorted((a, b) => rank(a, wish) - rank(b, wish));
  const [best, ...others] = candidates;
  for (const { client } of others) client.abort("another tablet was chosen");
  call.signal.throwIfAborted();
  if (best === undefined || rank(best, wish) >= UNFIT) {
    best?.client.abort("it can't be read from");
    throw vtError("VT27005", `${wish.from.keyspace}/${wish.from.shard}`, wish.types.join(", "));
  }
  return {
    name: printTabletAlias(best.record.alias),
    streams: new StreamClient(best.client),
    lost: best.lost,
    [Symbol.dispose]: () => best.client.abort("the stream has ended"),
  };
}

function fits(record: TabletRecord, { from, cells }: SourceWish): boolean {
  return record.keyspace === from.keyspace && isSameShard(record.shard, from.shard) &&
    record.portMap.grpc !== 0 && (cells.length === 0 || cells.includes(record.alias.cell));
}

function isSameShard(a: string, b: string): boolean {
  try {
    return sameShard(a, b);
  } catch (error) {
    if (error instanceof SyntaxError) return a === b;
    throw error;
  }
}

/** Connects and hears how it is; undefined when it does not answer soon. */
async function look(
  name: string,
  record: TabletRecord,
  { signal }: Call,
): Promise<Candidate | undefined> {
  const lost = new AbortController();
  const soon = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  const alias = printTabletAlias(record.alias);
  let client: MuxClient | undefined;
  try {
    client = await connectMux({
      hostname: record.hostname,
      port: record.portMap.grpc,
      name,
      peer: alias,
      signal: soon,
      onClosed: (cause) => lost.abort(cause),
    });
    if (client.peerName !== alias) throw vtError("VT20003", alias, client.peerName);
    const health = await firstHealth(new StreamClient(client), soon);
    return { record, client, health, lost: lost.signal };
  } catch {
    // Whatever it was: it is not there to read from, and another one may be.
    client?.abort("it does not answer");
    return undefined;
  }
}

/** What a tablet says of itself; undefined when it does not answer soon. */
export async function askHealth(
  record: TabletRecord,
  name: string,
  call: Call,
): Promise<TabletHealth | undefined> {
  const answer = await look(name, record, call);
  answer?.client.abort("asked");
  return answer?.health;
}

async function firstHealth(streams: StreamClient, signal: AbortSignal): Promise<TabletHealth> {
  const heard = new AbortController();
  const either = AbortSignal.any([signal, heard.signal]);
  let health: TabletHealth | undefined;
  try {
    await streams.streamHealth((first) => {
      health ??= first;
      heard.abort();
    }, { signal: either });
  } catch (error) {
    // The cancelled stream's echo, when there is a health.
    if (health === undefined) throw error;
  }
  if (health === undefined) throw new TypeError("A health stream ended without a health");
  return health;
}

const UNFIT = 1_000_000;

/** The lowest is the best: type first, then whether it failed lately, then lag. */
function rank({ record, health }: Candidate, wish: SourceWish): number {
  const type = wish.types.indexOf(health.target.tabletType);
  // A primary says 0; without a lag, replication or mysqld is down.
  const lag = health.lagSeconds;
  if (type < 0 || lag === undefined) return UNFIT;
  const failed = wish.avoid.has(printTabletAlias(record.alias));
  const behind = lag > LAG_SECONDS_MAX;
  return (failed ? 100_000 : 0) + (behind ? 10_000 : 0) + type * 1000 + Math.min(lag, 999);
}

/** "replica,primary", also with Vitess's "in_order:" in front. "" is all, the primary last. */
export function readTabletTypes(text: string): readonly TabletType[] {
  const names = text.replace(/^in_order:/i, "").split(",").map((name) => name.trim().toLowerCase())
    .map((name) => name === "master" ? "primary" : name);
  const types = SOURCES.filter((type) => names.includes(type))
    .toSorted((a, b) => names.indexOf(a) - names.indexOf(b));
  return types.length === 0 ? SOURCES : types;
}

const SOURCES: readonly TabletType[] = ["replica", "rdonly", "primary"];
