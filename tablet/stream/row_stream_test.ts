import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { loginOf, record, selectRaw, showRow } from "../../tests/harness/change_stream.ts";
import { startTestMysqld, type TestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import type { Row, TableFields } from "../../shared/binlog/change.ts";
import { VtError } from "../../shared/error/errors.ts";
import { StreamFilter } from "../../shared/filter/stream_filter.ts";
import { sleep } from "../../shared/host/clock.ts";
import { rowsOf } from "../../shared/mysql/row_packets.ts";
import { connectForStream } from "./dump.ts";
import { type RowStreamOptions, streamRows } from "./row_stream.ts";
import { openSnapshots } from "./snapshot.ts";

const NEVER = { signal: new AbortController().signal };

interface Copy {
  readonly position: string;
  readonly fields: TableFields;
  readonly keyColumns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly keys: readonly Row[];
}

/** Reads until the end, or until `stopAfter` batches. */
async function copy(
  server: TestMysqld,
  table: string,
  more: Partial<RowStreamOptions> = {},
  stopAfter = Infinity,
): Promise<Copy> {
  const stop = new AbortController();
  const rows: (readonly (string | null)[])[] = [];
  const keys: Row[] = [];
  let start: { position: string; fields: TableFields; keyColumns: readonly string[] } | undefined;
  await streamRows(
    { login: loginOf(server), database: "vt_t", table, lastKey: undefined, ...more },
    (item) => {
      if (item.kind === "start") start = item;
      else {
        let count = 0;
        for (const row of rowsOf(item.packets, start?.fields.fields.length ?? 0)) {
          rows.push(showRow(row));
          count++;
        }
        strictEqual(count, item.count);
        keys.push(item.lastKey);
        if (keys.length >= stopAfter) stop.abort(new Error("enough"));
      }
    },
    { signal: stop.signal },
  ).catch((error) => {
    if (!stop.signal.aborted) throw error;
  });
  ok(start);
  return { ...start, rows, keys };
}

async function create(server: TestMysqld, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await server.root.query(statement, NEVER);
}

/** Copies in small pieces, each from behind the last one: together they are the table. */
async function resumes(server: TestMysqld, table: string, order: string): Promise<void> {
  const whole = await selectRaw(server, `SELECT * FROM vt_t.${table} ORDER BY ${order}`);
  const rows: (readonly (string | null)[])[] = [];
  let lastKey: Row | undefined;
  for (;;) {
    const part = await copy(server, table, { batchBytes: 1, lastKey }, 1);
    rows.push(...part.rows);
    const key = part.keys.at(-1);
    if (key === undefined) break;
    lastKey = key;
    ok(rows.length <= whole.length, `${table}: rows come again`);
  }
  deepStrictEqual(rows, whole.map(showRow));
}

for (const flavor of testServers()) {
  Deno.test(`row streams read in key order and go on behind any key: ${flavor}`, async () => {
    await using server = await startTestMysqld({ server: flavor, users: false });
    await create(server, [
      "CREATE DATABASE vt_t CHARACTER SET utf8mb4",
      "CREATE TABLE vt_t.n (a bigint unsigned, b int, c text, primary key (a, b))",
      "INSERT INTO vt_t.n VALUES (18446744073709551615, -1, 'x'), (1, 2, NULL), (1, -2, 'y'), (2, 0, '')",
      "CREATE TABLE vt_t.s (k varchar(20) character set latin1, b varbinary(9), v int, primary key (k, b))",
      "INSERT INTO vt_t.s VALUES ('é', x'00', 1), ('E', x'ff', 2), ('z', '', 3), ('Z ', x'01', 4), ('ä', '''', 5)",
      "CREATE TABLE vt_t.d (d datetime(3), t time(2), y bit(9), f decimal(20,5), u date, primary key (d, t, y, f, u))",
      "INSERT INTO vt_t.d VALUES ('2026-01-01 00:00:00.001', '-01:00:00.5', b'1', -1.5, '2026-01-01'), " +
      "('2026-01-01 00:00:00.001', '-01:00:00.5', b'100000001', -1.5, '2026-01-01'), " +
      "('2026-01-01 00:00:00.001', '-01:00:00.5', b'100000001', 1.5, '2026-01-01'), " +
      "('2026-01-01 00:00:00.001', '-01:00:00.5', b'100000001', 1.5, '2026-01-02'), " +
      "('2025-01-01 00:00:00.001', '01:00:00.5', b'100000001', 1.5, '2026-01-02')",
      "CREATE TABLE vt_t.u (a int, b char(3) not null, c int not null, unique key two (b, c), unique key n (a))",
      "INSERT INTO vt_t.u VALUES (NULL, 'b', 1), (NULL, 'a', 2), (3, 'a', 1)",
    ]);
    await resumes(server, "n", "a, b");
    await resumes(server, "s", "k, b");
    await resumes(server, "d", "d, t, y, f, u");
    await resumes(server, "u", "b, c");
  });

  Deno.test(`tables without a key are read in one piece: ${flavor}`, async () => {
    await using server = await startTestMysqld({ server: flavor, users: false });
    await create(server, [
      "CREATE DATABASE vt_t",
      "CREATE TABLE vt_t.k (a int, f float)",
      "INSERT INTO vt_t.k VALUES (2, 1.5), (1, 0.1), (2, 1.2345678), (NULL, NULL)",
    ]);
    const { rows, keyColumns, keys } = await copy(server, "k");
    deepStrictEqual(keyColumns, []);
    deepStrictEqual(keys, [[]]);
    deepStrictEqual(rows, [["2", "1.5"], ["1", "0.1"], ["2", "1.2345678"], [null, null]]);
  });

  Deno.test(`a filter chooses rows and columns: ${flavor}`, async () => {
    await using server = await startTestMysqld({ server: flavor, users: false });
    await create(server, [
      "CREATE DATABASE vt_t",
      "CREATE TABLE vt_t.c (id bigint primary key, name varchar(20), extra int)",
      "INSERT INTO vt_t.c VALUES (1,'a',1),(2,'b',2),(3,'c',3),(4,'d',4),(5,'e',5),(6,'f',6)",
    ]);
    // hash: 1 -> 166b, 2 -> 06e7, 3 -> 4eb1, 4 -> d2fd, 5 -> 70bb, 6 -> f098.
    const filter = new StreamFilter([{
      match: "t2",
      filter: "select name as n, id from c where in_keyrange(id, 'hash', '80-')",
    }]);
    const { rows, fields, keyColumns } = await copy(server, "c", {
      plan: (fields) => filter.plansFor(fields)[0],
    });
    deepStrictEqual(rows, [["d", "4"], ["f", "6"]]);
    strictEqual(fields.table, "t2");
    deepStrictEqual(fields.fields.map(({ name }) => name), ["n", "id"]);
    deepStrictEqual(fields.primaryKey, [1]);
    deepStrictEqual(keyColumns, ["id"]);
  });

  Deno.test(`rows and position of a snapshot fit under writes: ${flavor}`, async () => {
    await using server = await startTestMysqld({ server: flavor, users: false });
    await create(server, [
      "CREATE DATABASE vt_t",
      "CREATE TABLE vt_t.w (id int primary key auto_increment, n int)",
    ]);
    const stop = new AbortController();
    const writing = (async () => {
      for (let i = 0; !stop.signal.aborted; i++) {
        await server.root.query(
          i % 3 === 2
            ? "UPDATE vt_t.w SET n = n + 1 ORDER BY id DESC LIMIT 3"
            : "INSERT INTO vt_t.w (n) VALUES (1), (2)",
          NEVER,
        );
      }
    })();
    try {
      for (let round = 0; round < 3; round++) {
        const table = new Map<string, string | null>();
        const { rows, position } = await copy(server, "w");
        for (const [id, n] of rows) table.set(id ?? "", n ?? null);
        await using stream = record({ login: loginOf(server), database: "vt_t", position });
        await stream.until("changes behind the snapshot", () => stream.changes().length > 50);
        for (const change of stream.changes()) {
          // A row that the snapshot already has would come twice; one that it lacks, never.
          if (change.kind === "insert") {
            const [id, n] = showRow(change.after);
            ok(!table.has(id ?? ""), `row ${id} twice`);
            table.set(id ?? "", n ?? null);
          } else if (change.kind === "update") {
            const [id, n] = showRow(change.before);
            strictEqual(table.get(id ?? ""), n, `row ${id}`);
            table.set(id ?? "", showRow(change.after)[1] ?? null);
          }
        }
      }
    } finally {
      stop.abort();
      await writing;
    }
  });

  Deno.test(`snapshots of several readers are one, under writes: ${flavor}`, async () => {
    await using server = await startTestMysqld({ server: flavor, users: false });
    await create(server, [
      "CREATE DATABASE vt_t",
      "CREATE TABLE vt_t.a (id int primary key auto_increment)",
      "CREATE TABLE vt_t.b (id int primary key auto_increment)",
    ]);
    const stop = new AbortController();
    const writers = ["a", "b"].map(async (table) => {
      while (!stop.signal.aborted) {
        await server.root.query(`INSERT INTO vt_t.${table} VALUES ()`, NEVER);
      }
    });
    try {
      for (let round = 0; round < 5; round++) await oneSnapshot(server);
    } finally {
      stop.abort();
      await Promise.all(writers);
    }
  });
}

/** Each row of a and b is a transaction, so that their number says where a reader stands. */
async function oneSnapshot(server: TestMysqld): Promise<void> {
  const login = loginOf(server);
  using scope = new DisposableStack();
  const readers = await Promise.all(
    [1, 2, 3, 4].map(async () => scope.use(await connectForStream(login, NEVER))),
  );
  const tables = { database: "vt_t", tables: ["a", "b"] };
  const position = await openSnapshots(readers, login, tables, NEVER);
  const seen = await Promise.all(readers.map(async (reader) => {
    const sql = "SELECT (SELECT COUNT(*) FROM vt_t.a), (SELECT COUNT(*) FROM vt_t.b)";
    return (await reader.fetchRows(sql, NEVER)).rows[0];
  }));
  for (const other of seen) deepStrictEqual(other, seen[0]);
  await using stream = record({ login, database: "vt_t", position });
  await stream.until("changes behind the snapshot", () => stream.changes().length > 20);
  for (const [i, table] of ["a", "b"].entries()) {
    const next = stream.changes().find((change) => change.table === table);
    if (next?.kind !== "insert") continue;
    strictEqual(
      showRow(next.after)[0],
      String(Number(seen[0]?.[i]) + 1),
      `${table} at ${position}`,
    );
  }
}

for (const flavor of testServers()) {
  Deno.test(`a server that hangs in the midst of a table is given up, a slow reader is not: ${flavor}`, async () => {
    await using server = await startTestMysqld({ server: flavor, users: false });
    await create(server, [
      "CREATE DATABASE vt_t",
      "CREATE TABLE vt_t.s (id int primary key auto_increment, t text)",
      ...Array.from(
        { length: 12 },
        (_, i) =>
          i === 0
            ? "INSERT INTO vt_t.s (t) VALUES (repeat('x', 5000))"
            : "INSERT INTO vt_t.s (t) SELECT t FROM vt_t.s",
      ),
    ]);
    const table = { login: loginOf(server), database: "vt_t", table: "s", lastKey: undefined };
    const options = { ...table, stallMs: 400 };
    let batches = 0;
    await streamRows(options, async () => {
      // Longer than a stall: the silence is our own.
      if (++batches === 2) await sleep(600, NEVER);
    }, NEVER);
    ok(batches > 10);
    let stopped = false;
    const hanging = streamRows(options, (item) => {
      if (item.kind === "start" || stopped) return;
      stopped = true;
      Deno.kill(server.pid, "SIGSTOP");
    }, NEVER);
    try {
      await rejects(hanging, (error) => error instanceof VtError && error.id === "VT26006");
    } finally {
      Deno.kill(server.pid, "SIGCONT");
    }
    ok(stopped);
  });
}
