import assert from "node:assert/strict";
import { openModelCluster, rows } from "../../../tests/harness/model_tablets.ts";
import { getTablet } from "../../../topo/tablets.ts";
import { initSequences } from "./init_sequences.ts";

const TABLES = 300;
const PLACES = { "zone1-100": "commerce/-", "zone1-200": "orders/-80", "zone1-300": "orders/80-" };

Deno.test("hundreds of sequences are set past the ids of all shards, a few at a time", async () => {
  await using cluster = await openModelCluster(PLACES);
  const { context, topo, tablets } = cluster;
  const set = new Map<string, string>();
  let tablesMax = 0;
  tablets.fetch = (sql, alias) => {
    const [, name = "", next = ""] = /^INSERT INTO `(\w+)` .* \(0, (\d+), 1000\)/.exec(sql) ?? [];
    if (name !== "") set.set(name, next);
    tablesMax = Math.max(tablesMax, sql.split("MAX(").length - 1);
    // Table 7 has ids up to 70 on one shard and up to 71 on the other.
    const last = alias.endsWith("300") ? "1" : "0";
    return rows([[...sql.matchAll(/FROM `t(\d+)`/g)].map(([, i]) => `${i}${last}`)]);
  };
  const primaries = new Map(
    await Promise.all(
      Object.entries(PLACES).map(async ([name, place]) => {
        const uid = Number(name.split("-")[1]);
        return [place, await getTablet(topo, { cell: "zone1", uid }, context)] as const;
      }),
    ),
  );
  const hands = {
    context,
    primaries,
    check: () => {},
    token: () => 1,
    nextToken: () => {},
    signal: () => context.signal,
  };
  const sequences = Array.from({ length: TABLES }, (_, i) => ({
    table: `t${i}`,
    column: "id",
    keyspace: "commerce",
    // The last two tables have one in common.
    sequence: `s${Math.min(i, TABLES - 2)}`,
  }));
  const shards = [{ keyspace: "orders", shard: "-80" }, { keyspace: "orders", shard: "80-" }];
  await initSequences(hands, { do: "init_sequences", sequences, shards });
  assert.equal(set.size, TABLES - 1);
  assert.deepEqual([set.get("s7"), set.get("s298")], ["72", "2992"]);
  // Few share the time of one statement, and not all statements run at once.
  assert.equal(tablesMax, 25);
  const of = (alias: string) => tablets.calls.filter((call) => call.startsWith(alias)).length;
  assert.deepEqual([of("zone1-0000000200"), of("zone1-0000000300")], [12, 12]);
  assert.equal(tablets.calls.at(-1), "zone1-0000000100 ResetSequences");
  assert(tablets.openMax <= 8, `${tablets.openMax} at a time`);
});
