import assert from "node:assert/strict";
import { startTestMysqld, testServers } from "./mysqld.ts";

for (const server of testServers()) {
  Deno.test(`startTestMysqld() gives a writable ${server}`, async () => {
    const { signal } = new AbortController();
    await using mysqld = await startTestMysqld({ server });
    await mysqld.root.query("CREATE DATABASE d", { signal });
    await mysqld.root.query("CREATE TABLE d.t (id int PRIMARY KEY, b varbinary(9))", { signal });
    const done = await mysqld.root.query("INSERT INTO d.t VALUES (1, NULL), (2, 0xff)", { signal });
    assert.equal(done.affectedRows, 2);
    assert.deepEqual(await mysqld.root.query("SELECT * FROM d.t ORDER BY id", { signal }), {
      columns: ["id", "b"],
      rows: [["1", null], ["2", "0xff"]],
      affectedRows: 0,
      lastInsertId: "0",
    });
  });
}
