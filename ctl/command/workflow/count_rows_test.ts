import assert from "node:assert/strict";
import { startTestMysqld, testServers } from "../../../tests/harness/mysqld.ts";
import { openModelCluster } from "../../../tests/harness/model_tablets.ts";
import { getTablet } from "../../../topo/tablets.ts";
import type { TabletClient } from "../tablet_client.ts";
import { countRows } from "./count_rows.ts";

const TABLES = 250;

for (const kind of testServers()) {
  Deno.test(`hundreds of tables are looked at in a few statements (${kind})`, async () => {
    await using cluster = await openModelCluster({ "zone1-100": "commerce/-" });
    const { context, topo } = cluster;
    await using server = await startTestMysqld({ server: kind });
    const tables = Array.from({ length: TABLES }, (_, i) => `t${i}`);
    await server.root.query("CREATE DATABASE d", context);
    await server.root.session(async (session) => {
      await session.query("USE d", context);
      for (const table of tables) {
        await session.query(`CREATE TABLE ${table} (id int PRIMARY KEY)`, context);
      }
      await session.query("INSERT INTO t7 VALUES (1), (2)", context);
      await session.query("INSERT INTO t249 VALUES (1)", context);
    }, context);
    let calls = 0;
    const tablets: TabletClient = {
      // Of the model's calls this alone is asked for, and answered by a mysqld.
      call: async (tablet, method, request, call) => {
        if (!("sql" in request)) return await context.tablets.call(tablet, method, request, call);
        calls++;
        let answer: unknown;
        await server.root.session(async (session) => {
          await session.query("USE d", context);
          answer = await session.query(request.sql, context);
        }, context);
        return answer as Awaited<ReturnType<typeof context.tablets.call<typeof method>>>;
      },
    };
    const primary = await getTablet(topo, { cell: "zone1", uid: 100 }, context);
    const counts = await countRows({ ...context, tablets }, primary, tables);
    assert.equal(counts.size, TABLES);
    assert.deepEqual([...counts].filter(([, count]) => count > 0), [["t7", 1], ["t249", 1]]);
    assert.equal(calls, 3);
  });
}
