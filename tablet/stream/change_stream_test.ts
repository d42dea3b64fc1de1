import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { loginOf, record, recordFromNow, showRow } from "../../tests/harness/change_stream.ts";
import { startTestMysqld, type TestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import type { RowChange, StreamItem } from "../../shared/binlog/change.ts";
import { VtError } from "../../shared/error/errors.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { StreamFilter } from "../../shared/filter/stream_filter.ts";
import { streamChanges } from "./change_stream.ts";

const NEVER = { signal: new AbortController().signal };

async function run(server: TestMysqld, ...statements: string[]): Promise<void> {
  await server.root.session(async (session) => {
    for (const statement of statements) await session.query(statement, NEVER);
  }, NEVER);
}

/** "insert t a,b" */
function show(change: RowChange): string {
  const before = "before" in change ? ` ${showRow(change.before).join(",")}` : "";
  const after = "after" in change ? ` ${showRow(change.after).join(",")}` : "";
  return `${change.kind} ${change.table}${before}${after}`;
}

function showItem(item: StreamItem): readonly string[] {
  switch (item.kind) {
    case "transaction":
      return item.changes.length === 0 ? [] : [`[${item.changes.map(show).join("; ")}]`];
    case "ddl":
      return [`ddl ${item.tables.join(",")}: ${item.sql.replace(/ \/\*.*\*\/$/, "")}`];
    case "fields":
      return [`fields ${item.fields.table}: ${item.fields.fields.map((f) => f.name).join(",")}`];
    case "journal":
      return [`journal ${item.id} ${item.value}`];
    case "abandoned":
      return ["abandoned"];
    case "heartbeat":
      return [];
  }
}

for (const flavor of testServers()) {
  const start = (extraLines: readonly string[] = []) =>
    startTestMysqld({ server: flavor, users: false, extraLines });

  Deno.test(`transactions, definitions, columns and the journal come in order: ${flavor}`, async () => {
    await using server = await start();
    await run(server, "CREATE DATABASE vt_t", "CREATE DATABASE other", "CREATE DATABASE _vt");
    await run(
      server,
      "CREATE TABLE _vt.resharding_journal (id bigint primary key, db_name varbinary(255), val longblob)",
    );
    await using stream = await recordFromNow(server);
    await run(
      server,
      "CREATE TABLE vt_t.a (id int primary key, b varchar(9))",
      "CREATE TABLE other.a (id int primary key)",
      "BEGIN",
      "INSERT INTO vt_t.a VALUES (1, 'x'), (2, NULL)",
      "INSERT INTO other.a VALUES (1)",
      "UPDATE vt_t.a SET b = 'y' WHERE id = 1",
      "DELETE FROM vt_t.a WHERE id = 2",
      "COMMIT",
      "INSERT INTO other.a VALUES (2)",
      "USE vt_t",
      "ALTER TABLE a ADD COLUMN c int DEFAULT 7 FIRST",
      "INSERT INTO a VALUES (1, 3, 'z')",
      "RENAME TABLE a TO d",
      "CREATE TEMPORARY TABLE tmp (a int)",
      "BEGIN",
      "INSERT INTO d VALUES (1, 9, 'gone')",
      "ROLLBACK",
      "CREATE TABLE e AS SELECT id FROM d",
      "INSERT INTO _vt.resharding_journal VALUES (5, 'vt_t', 'text'), (6, 'vt_u', 'no')",
      "XA START 'x'",
      "INSERT INTO d VALUES (1, 4, 'xa')",
      "XA END 'x'",
      "XA PREPARE 'x'",
    );
    await run(server, "INSERT INTO vt_t.d VALUES (1, 5, 'between')");
    await run(server, "XA COMMIT 'x'", "DROP TABLE vt_t.e", "TRUNCATE TABLE vt_t.d");
    await stream.until(
      "the last statement",
      () => stream.items.some((item) => item.kind === "ddl" && /^TRUNCATE/.test(item.sql)),
    );
    const created = flavor === "mysql"
      ? /^ddl e: CREATE TABLE `e` \(\n.*START TRANSACTION$/s
      : /^ddl e: CREATE TABLE `e` \(\n/s;
    const shown = stream.items.flatMap(showItem).map((line) =>
      created.test(line) ? "ddl e: create select" : line
    );
    deepStrictEqual(shown, [
      "ddl a: CREATE TABLE vt_t.a (id int primary key, b varchar(9))",
      "fields a: id,b",
      "[insert a 1,x; insert a 2,; update a 1,x 1,y; delete a 2,]",
      "ddl a: ALTER TABLE a ADD COLUMN c int DEFAULT 7 FIRST",
      "fields a: c,id,b",
      "[insert a 1,3,z]",
      "ddl a,d: RENAME TABLE a TO d",
      "ddl e: create select",
      "fields e: id",
      "[insert e 1; insert e 3]",
      "journal 5 text",
      "fields d: c,id,b",
      "[insert d 1,5,between]",
      "[insert d 1,4,xa]",
      "ddl e: DROP TABLE `vt_t`.`e`",
      "ddl d: TRUNCATE TABLE vt_t.d",
    ]);
  });

  Deno.test(`a giant transaction comes in chunks, large values whole: ${flavor}`, async () => {
    await using server = await start([
      "max_allowed_packet=256M",
      // A blob may take a tenth of the redo log.
      flavor === "mysql" ? "innodb_redo_log_capacity=1G" : "innodb_log_file_size=512M",
    ]);
    await run(
      server,
      "CREATE DATABASE vt_t",
      "CREATE TABLE vt_t.b (id int primary key auto_increment, b longblob)",
    );
    await using stream = await recordFromNow(server);
    await run(
      server,
      "BEGIN",
      "INSERT INTO vt_t.b (b) VALUES (repeat(x'0027', 10 * 1024 * 1024))",
      ...Array.from(
        { length: 13 },
        (_, i) =>
          i === 0
            ? "INSERT INTO vt_t.b (b) VALUES ('x')"
            : "INSERT INTO vt_t.b (b) SELECT 'x' FROM vt_t.b",
      ),
      "COMMIT",
    );
    const complete = () =>
      stream.items.some((item) =>
        item.kind === "transaction" && item.complete && item.changes.length > 0
      );
    await stream.until("the transaction to end", complete);
    const parts = stream.items.filter((item) => item.kind === "transaction");
    ok(parts.filter(({ complete }) => !complete).length > 3);
    const { rows } = await server.root.query("SELECT count(*) FROM vt_t.b", NEVER);
    strictEqual(stream.changes().length, Number(rows[0]?.[0]));
    const [first] = stream.changes();
    ok(first?.kind === "insert");
    strictEqual(first.after[1]?.length, 20 * 1024 * 1024);
    ok(first.after[1]?.every((byte, i) => byte === (i % 2 === 0 ? 0 : 0x27)));
    ok(Math.max(...parts.map(({ changes }) => changes.length)) <= 2000);
  });

  Deno.test(`events that the server compresses are the same rows: ${flavor}`, async () => {
    const lines = flavor === "mysql"
      ? ["binlog_transaction_compression=ON"]
      : ["log_bin_compress=ON", "log_bin_compress_min_len=10"];
    await using server = await start(lines);
    await run(server, "CREATE DATABASE vt_t");
    await using stream = await recordFromNow(server);
    await run(
      server,
      "CREATE TABLE vt_t.c (id int primary key, t text)",
      "INSERT INTO vt_t.c VALUES (1, repeat('a', 300)), (2, 'b')",
      "UPDATE vt_t.c SET t = repeat('b', 300) WHERE id = 1",
      "DELETE FROM vt_t.c",
    );
    await stream.until("all changes", () => stream.changes().length === 5);
    deepStrictEqual(stream.changes().map(show), [
      `insert c 1,${"a".repeat(300)}`,
      "insert c 2,b",
      `update c 1,${"a".repeat(300)} 1,${"b".repeat(300)}`,
      `delete c 1,${"b".repeat(300)}`,
      "delete c 2,b",
    ]);
  });

  Deno.test(`what can't be followed is refused with the remedy: ${flavor}`, async () => {
    await using server = await start();
    const login = loginOf(server);
    await run(
      server,
      "CREATE DATABASE vt_t",
      "CREATE TABLE vt_t.r (id int primary key, b int)",
      "INSERT INTO vt_t.r VALUES (1, 1)",
    );
    const failing = async (position: string, id: string) => {
      await using stream = record({ login, database: "vt_t", position, retryMs: 0 });
      const error = await stream.ended();
      ok(error instanceof VtError, String(error));
      strictEqual(error.id, id);
      return error.message;
    };
    const { rows } = await server.root.query(
      flavor === "mysql" ? "SELECT @@global.gtid_executed" : "SELECT @@global.gtid_binlog_pos",
      NEVER,
    );
    const here = `${flavor === "mysql" ? "MySQL56" : "MariaDB"}/${
      rows[0]?.[0]?.replace(/\s/g, "")
    }`;
    await run(server, "SET SESSION binlog_row_image = MINIMAL", "UPDATE vt_t.r SET b = 2");
    ok(/binlog_row_image/.test(await failing(here, "VT26003")));
    await run(server, "SET GLOBAL binlog_row_metadata = MINIMAL");
    ok(/SET GLOBAL binlog_row_metadata = FULL/.test(await failing(here, "VT26003")));
    await run(server, "SET GLOBAL binlog_row_metadata = FULL");
    await failing(flavor === "mysql" ? "MariaDB/0-1-1" : "MySQL56/", "VT26005");
    await failing("nonsense", "VT22001");
    if (flavor === "mariadb") {
      await run(server, "CREATE TABLE vt_t.q (id uuid primary key)");
      const { rows: [now] } = await server.root.query("SELECT @@global.gtid_binlog_pos", NEVER);
      await run(server, "ALTER TABLE vt_t.q CHANGE id i uuid");
      ok(/copy the table anew/.test(await failing(`MariaDB/${now?.[0]}`, "VT26002")));
      await run(server, "DROP TABLE vt_t.q");
    }
    await run(server, "FLUSH BINARY LOGS", "FLUSH BINARY LOGS");
    // A dump that has just ended may still hold a file.
    await waitFor("the old binlogs to go", async () => {
      const logs = await server.root.query("SHOW BINARY LOGS", NEVER);
      await run(server, `PURGE BINARY LOGS TO '${logs.rows.at(-1)?.[0]}'`);
      return logs.rows.length === 1;
    });
    await failing(flavor === "mysql" ? "MySQL56/" : "MariaDB/", "VT26005");
    const stop = { signal: AbortSignal.abort(new Error("stopped")) };
    await rejects(
      streamChanges({ login, database: "vt_t", position: "current" }, () => {}, stop),
      /stopped/,
    );
  });

  Deno.test(`what a session logs otherwise is an error that names the setting: ${flavor}`, async () => {
    await using server = await start();
    await run(
      server,
      "CREATE DATABASE vt_t",
      "CREATE TABLE vt_t.r (id int primary key, b blob, j json)",
      "INSERT INTO vt_t.r VALUES (0, 'b', json_object('a', 1, 'long', repeat('x', 99)))",
    );
    const refused = async (setting: string, statement: string, id: string, text: RegExp) => {
      await using stream = await recordFromNow(server);
      await run(server, `SET SESSION ${setting}`, statement);
      const error = await stream.ended();
      ok(error instanceof VtError && error.id === id, String(error));
      ok(text.test(error.message), error.message);
    };
    const format = /binlog_format away from ROW/;
    await refused(
      "binlog_format=STATEMENT",
      "INSERT INTO vt_t.r (id) VALUES (1)",
      "VT26002",
      format,
    );
    await refused("binlog_format=MIXED", "DELETE FROM vt_t.r WHERE id = 1", "VT26002", format);
    const update = "UPDATE vt_t.r SET id = id + 1";
    const image = /SET GLOBAL binlog_row_image = FULL/;
    await refused("binlog_row_image=MINIMAL", update, "VT26003", image);
    await refused("binlog_row_image=NOBLOB", update, "VT26003", image);
    if (flavor === "mariadb") return;
    const json = "UPDATE vt_t.r SET j = json_set(j, '$.a', 2)";
    const partial = /SET GLOBAL binlog_row_value_options = ''/;
    await refused("binlog_row_value_options=PARTIAL_JSON", json, "VT26003", partial);
  });

  Deno.test(`rows move in and out of a key range: ${flavor}`, async () => {
    await using server = await start();
    await run(
      server,
      "CREATE DATABASE vt_t",
      "CREATE TABLE vt_t.m (id int primary key, v int)",
      "CREATE TABLE vt_t.x (id int primary key)",
    );
    const filter = new StreamFilter([
      { match: "m", filter: "select v, id from m where in_keyrange(id, 'hash', '80-')" },
    ]);
    await using stream = await recordFromNow(server, { filter });
    await run(
      server,
      "INSERT INTO vt_t.m VALUES (1, 10), (4, 40), (6, 60)",
      "INSERT INTO vt_t.x VALUES (4)",
      "UPDATE vt_t.m SET id = 2 WHERE id = 4",
      "UPDATE vt_t.m SET id = 4 WHERE id = 1",
      "UPDATE vt_t.m SET v = 61 WHERE id = 6",
      "DELETE FROM vt_t.m",
    );
    await stream.until("all changes", () => stream.changes().length === 7);
    deepStrictEqual(stream.changes().map(show), [
      "insert m 40,4",
      "insert m 60,6",
      "delete m 40,4",
      "insert m 10,4",
      "update m 60,6 61,6",
      "delete m 10,4",
      "delete m 61,6",
    ]);
  });

  Deno.test(`a source that falls silent is given up, and taken up again: ${flavor}`, async () => {
    await using server = await start();
    await run(server, "CREATE DATABASE vt_t", "CREATE TABLE vt_t.s (id int primary key)");
    const options = {
      login: loginOf(server),
      database: "vt_t",
      position: "current",
      heartbeatMs: 100,
      stallMs: 600,
    };
    await using impatient = record({ ...options, retryMs: 0 });
    await using patient = record(options);
    for (const stream of [impatient, patient]) {
      await stream.until(
        "heartbeats",
        () => stream.items.some((item) => item.kind === "heartbeat"),
      );
    }
    Deno.kill(server.pid, "SIGSTOP");
    try {
      const error = await impatient.ended();
      ok(error instanceof VtError && error.id === "VT26006", String(error));
    } finally {
      Deno.kill(server.pid, "SIGCONT");
    }
    await run(server, "INSERT INTO vt_t.s VALUES (1)");
    await patient.until("the row", () => patient.changes().length > 0);
    deepStrictEqual(patient.changes().map(show), ["insert s 1"]);
  });

  Deno.test(`a source that hangs while it is asked about an event is given up: ${flavor}`, async () => {
    await using server = await start();
    await run(server, "CREATE DATABASE vt_t", "CREATE TABLE vt_t.s (id int primary key)");
    const upTo = { columns: ["id"], values: [new TextEncoder().encode("5")] };
    const options = {
      login: loginOf(server),
      database: "vt_t",
      position: "current",
      heartbeatMs: 50,
      stallMs: 300,
      copying: [{ table: "s", upTo }],
    };
    // Rows whose place among the copied ones is asked for; a table that may not be streamed.
    for (const event of ["INSERT INTO vt_t.s VALUES (1)", "CREATE TABLE vt_t.n (id int)"]) {
      const busy = Promise.withResolvers<void>();
      let calls = 0;
      const streaming = streamChanges(options, async () => {
        if (++calls === 1) await busy.promise;
      }, { signal: AbortSignal.timeout(10_000) });
      const ended = rejects(streaming, { id: "VT26006" });
      await waitFor("the stream to begin", () => calls === 1);
      await run(server, event);
      // The event is on its way when the server stops, and read when the sink is done.
      const since = performance.now();
      await waitFor("the event to come", () => performance.now() - since > 200);
      Deno.kill(server.pid, "SIGSTOP");
      busy.resolve();
      try {
        await ended;
        // Where the binlog ends can't be asked, either.
        const again = streamChanges(options, () => {}, { signal: AbortSignal.timeout(10_000) });
        await rejects(again, { id: "VT26006" });
      } finally {
        Deno.kill(server.pid, "SIGCONT");
      }
    }
  });

  Deno.test(`nothing is read while the sink is busy, and nothing is lost by it: ${flavor}`, async () => {
    await using server = await start(["max_allowed_packet=64M"]);
    await run(
      server,
      "CREATE DATABASE vt_t",
      "CREATE TABLE vt_t.p (id int primary key, b longblob)",
    );
    const stop = new AbortController();
    const busy = Promise.withResolvers<void>();
    let calls = 0;
    let rows = 0;
    const streaming = streamChanges(
      {
        login: loginOf(server),
        database: "vt_t",
        position: "current",
        heartbeatMs: 50,
        stallMs: 200,
      },
      async (items) => {
        calls++;
        if (calls === 1) await busy.promise;
        for (const item of items) if (item.kind === "transaction") rows += item.changes.length;
      },
      { signal: stop.signal },
    ).catch((error) => {
      if (!stop.signal.aborted) throw error;
    });
    await waitFor("the stream to begin", () => calls === 1);
    for (let i = 0; i < 20; i++) {
      await run(server, `INSERT INTO vt_t.p VALUES (${i}, repeat('x', 1000000))`);
    }
    // Longer than a stall: the silence is our own.
    const since = performance.now();
    await waitFor("a stall's time", () => performance.now() - since > 500);
    strictEqual(calls, 1);
    busy.resolve();
    await waitFor("all rows", () => rows === 20);
    stop.abort();
    await streaming;
    strictEqual(rows, 20);
  });
}
