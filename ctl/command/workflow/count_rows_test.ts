import assert from "node:assert/strict";
import { onServer, openModelCluster } from "../../../tests/harness/model_tablets.ts";
import { startTestMysqld, testServers } from "../../../tests/harness/mysqld.ts";
import { getTablet } from "../../../topo/tablets.ts";
import { countRows } from "./count_rows.ts";

const TABLES = 250;

for (const kind of testServers()) {
  Deno.test(`hundreds of tables are looked at in a few statements (${kind})`, async () => {
    await using cluster = await openModelCluster({ "zone1-100": "commerce/-" });
    const { context, topo, tablets } = cluster;
    await using server = await startTestMysqld({ server: kind });
    const tables = Array.from({ length: TABLES }, (_, i) => `t${i}`);
    await server.root.query("CREATE DATABASE d", context);
    for (const table of tables) {
      await server.root.query(`CREATE TABLE d.${table} (id int PRIMARY KEY)`, context);
    }
    await server.root.query("INSERT INTO d.t7 VALUES (1), (2)", context);
    await server.root.query("INSERT INTO d.t249 VALUES (1)", context);
    tablets.fetch = onServer(server, "d");
    const primary = await getTablet(topo, { cell: "zone1", uid: 100 }, context);
    const counts = await countRows(context, primary, tables);
    assert.equal(counts.size, TABLES);
    assert.deepEqual([...counts].filter(([, count]) => count > 0), [["t7", 1], ["t249", 1]]);
    assert.equal(tablets.calls.length, 3);
  });
}
