/** Sequences that go on where the ids of tables ended, while clients wait for it. */
import { vtError } from "../../../shared/error/errors.ts";
import type { TabletRecord } from "../../../shared/model/records.ts";
import { settleAll } from "../../../shared/io/settle_all.ts";
import { getShards } from "../../../topo/shards.ts";
import type { Effect, Place } from "../../workflow/effect.ts";
import type { Sequence } from "../../workflow/sequences.ts";
import { findPrimary } from "../lookup.ts";
import { type Hands, primaryOf } from "./perform.ts";
import { quoteIdentifier } from "./quote.ts";

/** Finding the highest id reads one entry of an index, or the whole table where there is none. */
const CALL_TIMEOUT_MS = 30_000;
/** What a sequence that had no row gets (Vitess: 1000). */
const CACHE = 1000;
/** Tables that one statement looks at: together they have its time. */
const TABLES_MAX = 25;
/** Such statements of a shard at a time. */
const READS_MAX = 4;
/** Sequences of a tablet that are set at a time: each call has a connection of its own. */
const SETS_MAX = 8;

/**
 * Sets each sequence past the highest id that its tables have on any shard, never back, and has its
 * tablet forget what it has reserved of the old range. VT22002 when one has no one place.
 */
export async function initSequences(
  hands: Hands,
  { sequences, shards }: Extract<Effect, { readonly do: "init_sequences" }>,
): Promise<void> {
  const byShard = await settleAll(shards, (at) => highestIds(hands, at, sequences));
  const highest = sequences.map((_, i) =>
    byShard.map((ids) => ids[i] ?? 0n).reduce((a, b) => (a > b ? a : b), 0n)
  );
  const byKeyspace = Map.groupBy(
    sequences.map((sequence, i) => ({ ...sequence, highest: highest[i] ?? 0n })),
    ({ keyspace }) => keyspace,
  );
  await settleAll([...byKeyspace], async ([keyspace, mine]) => {
    const primary = await placeOf(hands, keyspace, mine);
    hands.check();
    const bySequence = Map.groupBy(mine, ({ sequence }) => sequence).entries().toArray();
    await fewAtATime(SETS_MAX, bySequence, async ([name, tables]) => {
      const last = tables.map((table) => table.highest).reduce((a, b) => (a > b ? a : b), 0n);
      await setSequence(hands, primary, name, last + 1n);
    });
    const tables = [...new Set(mine.map(({ sequence }) => sequence))];
    await hands.context.tablets.call(primary, "ResetSequences", { tables }, callOf(hands));
  });
}

function callOf(hands: Hands) {
  return { signal: hands.signal(), timeoutMs: CALL_TIMEOUT_MS };
}

/** Of each sequence's table on the shard, in their order; 0 for an empty one. */
async function highestIds(
  hands: Hands,
  at: Place,
  sequences: readonly Sequence[],
): Promise<readonly bigint[]> {
  const ids: bigint[] = [];
  const starts = Array.from(
    { length: Math.ceil(sequences.length / TABLES_MAX) },
    (_, i) => i * TABLES_MAX,
  );
  await fewAtATime(READS_MAX, starts, async (from) => {
    const some = sequences.slice(from, from + TABLES_MAX);
    const columns = some.map(({ table, column }) =>
      `(SELECT COALESCE(MAX(${quoteIdentifier(column)}), 0) FROM ${quoteIdentifier(table)})`
    );
    const { rows: [row] } = await hands.context.tablets.call(
      primaryOf(hands, at),
      "ExecuteFetchAsDba",
      { sql: `SELECT ${columns.join(", ")}`, rowsMax: 1, disableBinlogs: false },
      callOf(hands),
    );
    for (const i of some.keys()) ids[from + i] = BigInt(row?.[i] ?? "0");
  });
  return ids;
}

/** Does the work on all, and begins no more of it once it failed for one; see settleAll. */
async function fewAtATime<T>(
  most: number,
  all: readonly T[],
  work: (each: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  await settleAll(Array.from({ length: Math.min(most, all.length) }), async () => {
    try {
      for (let each = all[next++]; each !== undefined; each = all[next++]) await work(each);
    } catch (error) {
      next = all.length;
      throw error;
    }
  });
}

/** The primary that has a keyspace's sequences. */
async function placeOf(
  hands: Hands,
  keyspace: string,
  [first]: readonly Sequence[],
): Promise<TabletRecord> {
  const context = { ...hands.context, signal: hands.signal() };
  const [place, more] = [...await getShards(context.topo, keyspace, context)];
  if (place === undefined || more !== undefined) {
    throw vtError(
      "VT22002",
      `the sequence ${keyspace}.${first?.sequence} must be in a keyspace of one shard`,
    );
  }
  const [shard, record] = place;
  return await findPrimary(context, { keyspace, shard, record });
}

async function setSequence(
  hands: Hands,
  primary: TabletRecord,
  sequence: string,
  next: bigint,
): Promise<void> {
  await hands.context.tablets.call(primary, "ExecuteFetchAsDba", {
    sql:
      `INSERT INTO ${
        quoteIdentifier(sequence)
      } (id, next_id, cache) VALUES (0, ${next}, ${CACHE}) ` +
      "ON DUPLICATE KEY UPDATE next_id = GREATEST(next_id, VALUES(next_id))",
    rowsMax: 0,
    disableBinlogs: false,
  }, callOf(hands));
  hands.context.log.info("sequence set", { sequence, atLeast: String(next) });
}
