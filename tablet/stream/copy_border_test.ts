import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { loginOf, record, showRow } from "../../tests/harness/change_stream.ts";
import { startTestMysqld, type TestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import type { RowChange, StreamItem } from "../../shared/binlog/change.ts";
import { printPosition } from "../../shared/binlog/position.ts";
import { VtError } from "../../shared/error/errors.ts";
import { streamChanges } from "./change_stream.ts";
import { connectForStream } from "./dump.ts";
import { flavorOfConnection, readCurrentPosition } from "./source_setup.ts";

const NEVER = { signal: new AbortController().signal };
const bytes = (text: string) => new TextEncoder().encode(text);

async function positionOf(server: TestMysqld): Promise<string> {
  using connection = await connectForStream(loginOf(server), NEVER);
  const gtid = await readCurrentPosition(connection, NEVER);
  return printPosition(flavorOfConnection(connection), gtid);
}

async function run(server: TestMysqld, ...statements: string[]): Promise<void> {
  await server.root.session(async (session) => {
    for (const statement of statements) await session.query(statement, NEVER);
  }, NEVER);
}

/** "+10:00:00,n" */
function show(change: RowChange): string {
  const before = "before" in change ? `-${showRow(change.before).join(",")}` : "";
  const after = "after" in change ? `+${showRow(change.after).join(",")}` : "";
  return change.table + before + after;
}

function changesOf(items: readonly StreamItem[]): readonly string[] {
  return items.flatMap((item) => item.kind === "transaction" ? item.changes.map(show) : []);
}

for (const flavor of testServers()) {
  Deno.test(`a reader in the midst of copying gets what concerns its rows, in the server's order: ${flavor}`, async () => {
    await using server = await startTestMysqld({ server: flavor, users: false });
    await run(
      server,
      "CREATE DATABASE vt_t",
      "CREATE TABLE vt_t.c (t time, s varchar(9) COLLATE utf8mb4_general_ci, n int, PRIMARY KEY (t, s))",
      "CREATE TABLE vt_t.later (id int primary key)",
      "CREATE TABLE vt_t.whole (id int primary key)",
    );
    const start = await positionOf(server);
    await run(
      server,
      "INSERT INTO vt_t.c VALUES ('-12:00:00', 'z', 1), ('100:00:00', 'a', 2)",
      "INSERT INTO vt_t.c VALUES ('10:00:00', 'M', 3), ('10:00:00', 'n', 4), ('09:00:00', 'é', 5)",
      "BEGIN",
      "INSERT INTO vt_t.later VALUES (1)",
      "INSERT INTO vt_t.whole VALUES (1)",
      "COMMIT",
      // Across the border, both ways; then on each side of it.
      "UPDATE vt_t.c SET s = 'F' WHERE n = 4",
      "UPDATE vt_t.c SET t = '11:00:00' WHERE n = 3",
      "UPDATE vt_t.c SET n = 20 WHERE n = 2",
      "UPDATE vt_t.c SET n = 10 WHERE n = 1",
    );
    const until = await positionOf(server);
    await run(server, "DELETE FROM vt_t.c");
    const items: StreamItem[] = [];
    const upTo = { columns: ["t", "s"], values: [bytes("10:00:00"), bytes("m")] };
    await streamChanges({
      login: loginOf(server),
      database: "vt_t",
      position: start,
      until,
      copying: [{ table: "c", upTo }, { table: "later", upTo: undefined }],
    }, (more) => {
      items.push(...more);
    }, NEVER);
    deepStrictEqual(changesOf(items), [
      "c+-12:00:00,z,1",
      "c+10:00:00,M,3",
      "c+09:00:00,Ã©,5",
      "whole+1",
      "c+10:00:00,F,4",
      "c-10:00:00,M,3",
      "c--12:00:00,z,1+-12:00:00,z,10",
    ]);
    const last = items.at(-1);
    ok(last?.kind === "transaction");
    strictEqual(last.position, until);
    // It is there already: nothing is asked of the server.
    const none = { login: loginOf(server), database: "vt_t", position: until, until };
    await streamChanges(none, () => Promise.reject(new Error("nothing is to come")), NEVER);
  });

  Deno.test(`a table that loses a column of its key in the midst of copying is refused: ${flavor}`, async () => {
    await using server = await startTestMysqld({ server: flavor, users: false });
    await run(server, "CREATE DATABASE vt_t", "CREATE TABLE vt_t.c (a int primary key, b int)");
    await using stream = record({
      login: loginOf(server),
      database: "vt_t",
      position: await positionOf(server),
      copying: [{ table: "c", upTo: { columns: ["a"], values: [bytes("5")] } }],
      heartbeatMs: 100,
    });
    await run(
      server,
      "ALTER TABLE vt_t.c CHANGE a z int",
      "INSERT INTO vt_t.c VALUES (1, 1)",
    );
    const error = await stream.ended();
    ok(error instanceof VtError && error.id === "VT26004", String(error));
  });
}
