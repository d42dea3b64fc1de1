import { deepStrictEqual, rejects } from "node:assert/strict";
import { loginOf } from "../../tests/harness/change_stream.ts";
import { startTestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { connectForStream } from "./dump.ts";
import { readTable } from "./row_stream.ts";
import { openSnapshots } from "./snapshot.ts";
import { sourceDefinitions } from "./table_columns.ts";

const NEVER = { signal: new AbortController().signal };
const DATABASE = "vt_t";

/** Tables, what happens to each, and how reading it ends. */
const CASES = [
  ["kept", undefined, undefined],
  ["lost_column", "DROP COLUMN v", { id: "VT26010", status: "aborted" }],
  ["lost_key", "DROP KEY k", { id: "VT26010", status: "aborted" }],
  // ER_TABLE_DEF_CHANGED, which passes too (classify.ts).
  ["rebuilt", "MODIFY v bigint", { errno: 1412 }],
] as const;

for (const flavor of testServers()) {
  Deno.test(`tables altered behind the snapshot are read as they were, or not at all: ${flavor}`, async () => {
    await using server = await startTestMysqld({ server: flavor, users: false });
    await server.root.query(`CREATE DATABASE ${DATABASE}`, NEVER);
    for (const [table] of CASES) {
      await server.root.query(
        `CREATE TABLE ${DATABASE}.${table} (id int NOT NULL, v int, UNIQUE KEY k (id))`,
        NEVER,
      );
      await server.root.query(`INSERT INTO ${DATABASE}.${table} VALUES (1, 2)`, NEVER);
    }
    const login = loginOf(server);
    using connection = await connectForStream(login, NEVER);
    const tables = CASES.map(([table]) => table);
    const snapshot = { database: DATABASE, tables };
    const position = await openSnapshots([connection], login, snapshot, NEVER);
    // What was seen stays new, however slow the machine is.
    const definitions = sourceDefinitions(DATABASE, { ...HOST_CLOCK, monotonicMs: () => 0 });
    await definitions.expect(
      tables,
      async (sql) => (await connection.fetchRows(sql, NEVER)).rows,
    );
    for (const [table, change] of CASES) {
      if (change === undefined) continue;
      await server.root.query(`ALTER TABLE ${DATABASE}.${table} ${change}`, NEVER);
    }
    const read = async (table: string): Promise<readonly string[]> => {
      const seen: string[] = [];
      const options = { login, database: DATABASE, table, lastKey: undefined, definitions };
      await readTable(connection, position, options, (item) => {
        seen.push(item.kind === "rows" ? `${item.count} rows` : item.keyColumns.join());
      }, NEVER);
      return seen;
    };
    for (const [table, , error] of CASES) {
      if (error === undefined) deepStrictEqual(await read(table), ["id", "1 rows"]);
      else await rejects(read(table), error);
    }
    await connection.quit(NEVER);
  });
}
