import assert from "node:assert/strict";
import { onServer, openModelCluster } from "../../../tests/harness/model_tablets.ts";
import { startTestMysqld, testServers } from "../../../tests/harness/mysqld.ts";
import { World } from "../../../tests/harness/workflow_world.ts";
import { getTablet } from "../../../topo/tablets.ts";
import { checkStoredUses } from "./check_stored_uses.ts";

const HARMLESS = [
  "CREATE ALGORITHM = TEMPTABLE VIEW report AS SELECT customer_id FROM customer",
  "CREATE VIEW sums AS SELECT COUNT(*) AS n FROM customer",
  "CREATE VIEW harmless AS SELECT id, customer FROM other",
  "CREATE TRIGGER of_its_own AFTER INSERT ON customer FOR EACH ROW DELETE FROM corder",
  "CREATE FUNCTION fu() RETURNS int READS SQL DATA RETURN (SELECT MAX(customer) FROM other)",
  "CREATE VIEW looks AS SELECT id FROM other WHERE id IN (SELECT customer_id FROM customer)",
  "CREATE PROCEDURE quotes() BEGIN -- we update customer later\n SELECT 'it''s insert into corder'; END",
  "CREATE PROCEDURE elsewhere() INSERT INTO audit.customer SELECT 1 FROM customer FOR UPDATE",
];
const HARMFUL = {
  "VIEW v": "AS SELECT customer_id AS id FROM customer",
  "TRIGGER tr": "AFTER INSERT ON other FOR EACH ROW UPDATE customer SET customer_id = NEW.id",
  "PROCEDURE pr": "() INSERT INTO vt_commerce.`corder` VALUES (1)",
  "PROCEDURE `my-pr`": "() BEGIN SELECT 'it''s'; REPLACE customer VALUES (1); SELECT 'it''s'; END",
  "EVENT ev": "ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM corder",
};

for (const kind of testServers()) {
  Deno.test(`what a server keeps and would write to the old place is named (${kind})`, async () => {
    await using cluster = await openModelCluster({ "zone1-100": "commerce/-" });
    const { context, topo, tablets } = cluster;
    await using server = await startTestMysqld({ server: kind });
    await server.root.query("CREATE DATABASE vt_commerce", context);
    const run = onServer(server, "vt_commerce");
    await run("CREATE TABLE customer (customer_id int PRIMARY KEY)");
    await run("CREATE TABLE corder (order_id int PRIMARY KEY)");
    await run("CREATE TABLE other (id int PRIMARY KEY, customer int)");
    for (const sql of HARMLESS) await run(sql);
    tablets.fetch = run;
    const world = new World("move_tables", ["-"], ["-80", "80-"]);
    const primary = await getTablet(topo, { cell: "zone1", uid: 100 }, context);
    const found = { facts: world.facts("w"), primaries: new Map([["commerce/-", primary]]) };
    for (const [name, rest] of Object.entries(HARMFUL)) {
      await run(`CREATE ${name} ${rest}`);
      const error: unknown = await checkStoredUses(context, found).catch((thrown) => thrown);
      const [, way] = /'(DROP .+?)'\)/.exec(String(error)) ?? [];
      assert.equal(way, `DROP ${name}`, String(error));
      await run(way);
      await checkStoredUses(context, found);
    }
  });
}
