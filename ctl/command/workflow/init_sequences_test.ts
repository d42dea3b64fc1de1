import assert from "node:assert/strict";
import { HOST_CLOCK } from "../../../shared/host/clock.ts";
import { printTabletAlias } from "../../../shared/model/tablet.ts";
import type { QueryRows } from "../../../shared/rpc/tablet_admin.ts";
import { openModelCluster } from "../../../tests/harness/model_tablets.ts";
import { getTablet } from "../../../topo/tablets.ts";
import type { TabletClient } from "../tablet_client.ts";
import { initSequences } from "./init_sequences.ts";

const TABLES = 300;
const PLACES = { "zone1-100": "commerce/-", "zone1-200": "orders/-80", "zone1-300": "orders/80-" };

function answer(...row: readonly string[]): QueryRows {
  return { columns: [], rows: [row], affectedRows: 0, lastInsertId: "0" };
}

Deno.test("hundreds of sequences are set past the ids of all shards, a few at a time", async () => {
  await using cluster = await openModelCluster(PLACES);
  const { context, topo } = cluster;
  const set = new Map<string, string>();
  const calls: string[] = [];
  let open = 0;
  let openMax = 0;
  const ask = async (alias: string, method: string, sql: string): Promise<unknown> => {
    calls.push(`${alias} ${method}`);
    openMax = Math.max(openMax, ++open);
    await HOST_CLOCK.sleep(0, context).finally(() => open--);
    const [, name = "", next = ""] = /^INSERT INTO `(\w+)` .* \(0, (\d+), 1000\)/.exec(sql) ?? [];
    if (name !== "") set.set(name, next);
    // Table 7 has ids up to 70 on one shard and up to 71 on the other.
    const last = alias.endsWith("300") ? "1" : "0";
    return answer(...[...sql.matchAll(/FROM `t(\d+)`/g)].map(([, i]) => `${i}${last}`));
  };
  const tablets: TabletClient = {
    call: async (tablet, method, request, call) => {
      if (method !== "ExecuteFetchAsDba" && method !== "ResetSequences") {
        return await context.tablets.call(tablet, method, request, call);
      }
      const sql = "sql" in request ? request.sql : "";
      return await ask(printTabletAlias(tablet.alias), method, sql) as Awaited<
        ReturnType<typeof context.tablets.call<typeof method>>
      >;
    },
  };
  const shards = [{ keyspace: "orders", shard: "-80" }, { keyspace: "orders", shard: "80-" }];
  const primaries = new Map(
    await Promise.all(
      Object.entries(PLACES).map(async ([name, place]) => {
        const uid = Number(name.split("-")[1]);
        return [place, await getTablet(topo, { cell: "zone1", uid }, context)] as const;
      }),
    ),
  );
  const hands = {
    context: { ...context, tablets },
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
  await initSequences(hands, { do: "init_sequences", sequences, shards });
  assert.equal(set.size, TABLES - 1);
  assert.deepEqual([set.get("s7"), set.get("s298")], ["72", "2992"]);
  const of = (alias: string) => calls.filter((call) => call.startsWith(alias)).length;
  assert.deepEqual([of("zone1-0000000200"), of("zone1-0000000300")], [3, 3]);
  assert.equal(calls.at(-1), "zone1-0000000100 ResetSequences");
  assert(openMax <= 8, `${openMax} at a time`);
});
