import assert from "node:assert/strict";
import type { TableFields } from "../../shared/binlog/change.ts";
import { MYSQL_TYPE_LONG } from "../../shared/mysql/column_types.ts";
import { startTestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { connectForStream } from "../stream/dump.ts";
import { readTableColumns } from "../stream/table_columns.ts";
import { WriteSession } from "../vreplication/session.ts";
import { claimStream } from "../vreplication/stream_lock.ts";
import { TargetTables } from "../vreplication/target_tables.ts";

const NEVER = { signal: new AbortController().signal };
const RENAMING = "SELECT id FROM information_schema.processlist WHERE info LIKE 'RENAME TABLE%'";
const FIELDS: TableFields = {
  table: "a",
  fields: [{
    name: "id",
    type: MYSQL_TYPE_LONG,
    columnType: "",
    unsigned: false,
    collation: 63,
    nullable: false,
    invisible: false,
  }],
  primaryKey: [0],
};

for (const server of testServers()) {
  Deno.test(`a table is there for streams while DDL has it for itself (${server})`, async () => {
    await using mysqld = await startTestMysqld({ server, users: false });
    const address = { socketPath: mysqld.socketPath };
    await mysqld.root.query("CREATE DATABASE vt_t", NEVER);
    const login = { address, user: "root", password: "", database: "vt_t" };
    using admin = await WriteSession.open(login, NEVER);
    using reader = await WriteSession.open(login, NEVER);
    using renamer = await WriteSession.open(login, NEVER);
    using first = await WriteSession.open(login, NEVER);
    using second = await WriteSession.open(login, NEVER);
    for (const table of ["a", "b", "c"]) {
      await admin.run(`CREATE TABLE ${table} (id int PRIMARY KEY)`, NEVER);
    }
    await claimStream(first, 7, NEVER);
    await claimStream(second, 8, NEVER);
    using named = new TargetTables({ streamId: 7, session: first, login, rules: [] }, NEVER);
    using described = new TargetTables({ streamId: 8, session: second, login, rules: [] }, NEVER);

    // One that reads for a stream has the locks of its transaction.
    using source = await connectForStream({ address, user: "root", password: "" }, NEVER);
    for (const sql of ["BEGIN", "SELECT id FROM vt_t.c"]) await source.fetchRows(sql, NEVER);

    await reader.run("BEGIN", NEVER);
    await reader.rows("SELECT id FROM b", NEVER);
    // It has `a` for itself, and waits for `b`.
    const renamed = renamer.run("RENAME TABLE a TO a2, b TO b2", NEVER)
      .then(() => "renamed", (error: Error) => error.message);
    const [[id] = []] = await waitFor("the RENAME to wait", async () => {
      const found = await admin.rows(RENAMING, NEVER);
      return found.length === 1 ? found : undefined;
    });
    const looks = async () =>
      Number((await admin.rows("SHOW GLOBAL STATUS LIKE 'Com_show_warnings'", NEVER))[0]?.[1]);
    const before = await looks();
    const asked = Promise.all([
      named.names(),
      described.describe(FIELDS),
      readTableColumns(source, "vt_t", "a", NEVER),
    ]);
    await waitFor("all to have looked", async () => await looks() >= before + 3);
    await admin.run(`KILL ${id}`, NEVER);
    const [names, plan, columns] = await asked;
    assert.deepEqual(names, ["a", "b", "c"]);
    assert.deepEqual(columns.fields.primaryKey, [0]);
    assert.deepEqual(plan.key?.map(({ name }) => name), ["`id`"]);
    assert.notEqual(await renamed, "renamed");
  });
}
