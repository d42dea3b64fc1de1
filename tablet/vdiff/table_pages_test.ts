import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { loginOf } from "../../tests/harness/change_stream.ts";
import { startTestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { matchSides } from "./table_sides.ts";
import { TableSnapshot } from "./table_snapshot.ts";
import { tablePages } from "./table_pages.ts";

const NEVER = { signal: new AbortController().signal };

/** Keys that can be walked, and one that can't. */
const KEYS = [
  ["n, kind", "VARCHAR(9)"],
  ["kind, n", "VARCHAR(9)"],
  ["n, kind", "ENUM('odd', 'even')"],
] as const;

for (const flavor of testServers()) {
  Deno.test(`a table is read in pieces, each row once: ${flavor}`, async () => {
    await using server = await startTestMysqld({ server: flavor });
    await server.root.query("CREATE DATABASE d", NEVER);
    for (const [i, [key, type]] of KEYS.entries()) {
      const table = `t${i}`;
      await server.root.query(
        `CREATE TABLE d.${table} (n INT, kind ${type}, f FLOAT, PRIMARY KEY (${key}))`,
        NEVER,
      );
      const values = Array.from(
        { length: 250 },
        (_, n) => `(${n}, '${n % 2 === 0 ? "even" : "odd"}', 16777215)`,
      );
      await server.root.query(`INSERT INTO d.${table} VALUES ${values.join(", ")}`, NEVER);
      using snapshot = await TableSnapshot.open(
        { login: loginOf(server), database: "d", table },
        NEVER,
        ["CREATE TEMPORARY TABLE d.between_pages (n INT)"],
      );
      const { columns, targetKey } = matchSides(
        table,
        snapshot.columns.fields.fields,
        snapshot.columns,
      );
      strictEqual(targetKey.length, type.startsWith("ENUM") ? 0 : 2);
      const found: string[] = [];
      const counts: number[] = [];
      const limits = { rowsMax: 100, bytesMax: Infinity };
      for await (const rows of tablePages(snapshot, { columns, key: targetKey, limits }, NEVER)) {
        counts.push(rows.length);
        found.push(
          ...rows.map((row) => row.map((value) => new TextDecoder().decode(value ?? undefined)))
            .map((row) => `(${row[0]}, '${row[1]}', ${row[2]})`),
        );
        // The session is free for other statements.
        await snapshot.run("INSERT INTO d.between_pages VALUES (1)", NEVER);
      }
      deepStrictEqual(found.toSorted(), values.toSorted(), table);
      if (targetKey.length > 0) deepStrictEqual(counts, [100, 100, 50], table);
      else ok(counts.length === 3 && Math.max(...counts) < 250, counts.join());
    }
  });
}
