import { vtError } from "../../../shared/error/errors.ts";
import { getShards } from "../../../topo/shards.ts";
import type { Effect } from "../../workflow/effect.ts";
import { findPrimary } from "../lookup.ts";
import { type Hands, primaryOf } from "./perform.ts";
import { quoteIdentifier } from "./quote.ts";

/** Finding the highest id reads one entry of an index, or the whole table where there is none. */
const READ_TIMEOUT_MS = 30_000;
/** What a sequence that had no row gets (Vitess: 1000). */
const CACHE = 1000;

/**
 * Sets a sequence past the highest id that its table has on any shard, never back, and has its
 * tablet forget what it has reserved of the old range. VT22002 when the sequence has no one place.
 */
export async function initSequence(
  hands: Hands,
  { sequence, shards }: Extract<Effect, { readonly do: "init_sequence" }>,
): Promise<void> {
  const { context } = hands;
  const options = { signal: hands.signal() };
  const highest = await Promise.all(shards.map(async (at) => {
    const table = quoteIdentifier(sequence.table);
    const { rows } = await context.tablets.call(primaryOf(hands, at), "ExecuteFetchAsDba", {
      sql: `SELECT COALESCE(MAX(${quoteIdentifier(sequence.column)}), 0) FROM ${table}`,
      rowsMax: 1,
      disableBinlogs: false,
    }, { ...options, timeoutMs: READ_TIMEOUT_MS });
    return BigInt(rows[0]?.[0] ?? "0");
  }));
  const next = highest.reduce((a, b) => (a > b ? a : b), 0n) + 1n;
  const [place, more] = [...await getShards(context.topo, sequence.keyspace, options)];
  if (place === undefined || more !== undefined) {
    throw vtError(
      "VT22002",
      `the sequence ${sequence.keyspace}.${sequence.sequence} must be in a keyspace of one shard`,
    );
  }
  const [shard, record] = place;
  const primary = await findPrimary({ ...context, ...options }, {
    keyspace: sequence.keyspace,
    shard,
    record,
  });
  hands.check();
  await context.tablets.call(primary, "ExecuteFetchAsDba", {
    sql:
      `INSERT INTO ${
        quoteIdentifier(sequence.sequence)
      } (id, next_id, cache) VALUES (0, ${next}, ${CACHE}) ` +
      "ON DUPLICATE KEY UPDATE next_id = GREATEST(next_id, VALUES(next_id))",
    rowsMax: 0,
    disableBinlogs: false,
  }, { ...options, timeoutMs: READ_TIMEOUT_MS });
  await context.tablets.call(primary, "ResetSequences", { tables: [sequence.sequence] }, {
    ...options,
    timeoutMs: READ_TIMEOUT_MS,
  });
  context.log.info("sequence set", {
    sequence: `${sequence.keyspace}.${sequence.sequence}`,
    atLeast: String(next),
  });
}
