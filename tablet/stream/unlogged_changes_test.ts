import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { loginOf, record, showRow } from "../../tests/harness/change_stream.ts";
import { startTestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { VtError } from "../../shared/error/errors.ts";
import { StreamFilter } from "../../shared/filter/stream_filter.ts";

const NEVER = { signal: new AbortController().signal };

for (const flavor of testServers()) {
  Deno.test(`tables that change without a word in the binlog are refused: ${flavor}`, async () => {
    await using server = await startTestMysqld({ server: flavor, users: false });
    const run = async (...statements: readonly string[]) => {
      for (const statement of statements) await server.root.query(statement, NEVER);
    };
    await run("CREATE DATABASE vt_t", "CREATE TABLE vt_t.p (id int primary key)");
    const options = { login: loginOf(server), database: "vt_t", position: "current" };
    const child = (name: string, rule: string) =>
      `CREATE TABLE vt_t.${name} (id int primary key, p int, ` +
      `CONSTRAINT ${name}_p FOREIGN KEY (p) REFERENCES vt_t.p(id) ${rule})`;
    const refused = async (what: RegExp): Promise<void> => {
      await using stream = record({ ...options, heartbeatMs: 100 });
      const error = await stream.ended();
      ok(error instanceof VtError, String(error));
      strictEqual(error.id, "VT12001");
      match(error.message, what);
    };

    await using running = record({ ...options, heartbeatMs: 100 });
    const filter = new StreamFilter([{ match: "p", filter: "" }]);
    await using other = record({ ...options, filter, heartbeatMs: 100 });
    for (const stream of [running, other]) {
      await stream.until("the stream to begin", () => stream.items.length > 0);
    }
    await run(child("r", "ON DELETE RESTRICT"), child("k", "ON UPDATE CASCADE"));
    await run("INSERT INTO vt_t.p VALUES (1)", "INSERT INTO vt_t.k VALUES (10, 1)");
    await run("UPDATE vt_t.p SET id = 2");
    await other.until("what was changed", () => other.changes().length === 2);
    if (flavor === "mysql") {
      await running.until("what was changed", () => running.changes().length === 4);
      const changed = running.changes().map(({ table, ...rows }) =>
        `${table} ${"after" in rows ? showRow(rows.after).join() : ""}`
      );
      deepStrictEqual(changed, ["p 1", "k 10,1", "k 10,2", "p 2"]);
      return;
    }
    const error = await running.ended();
    ok(error instanceof VtError && error.id === "VT12001", String(error));
    match(error.message, /table k, which foreign key k_p changes ON UPDATE CASCADE without a word/);
    await refused(/k_p/);
    await run("DROP TABLE vt_t.k", child("k", "ON DELETE SET NULL"));
    await refused(/table k, .* ON DELETE SET NULL/);
    await run(
      "DROP TABLE vt_t.k",
      "CREATE TABLE vt_t.h (id int primary key) WITH SYSTEM VERSIONING",
    );
    await refused(/table h, which is system versioned; ALTER TABLE h DROP SYSTEM VERSIONING/);
    await run("ALTER TABLE vt_t.h DROP SYSTEM VERSIONING");
    await using again = record({ ...options, heartbeatMs: 100 });
    await again.until("the stream to begin", () => again.items.length > 0);
  });
}
