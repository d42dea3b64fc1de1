/**
 * Statements of every kind that change rows: tables built from the stream alone are the server's
 * afterwards. Strictly: no row comes twice, and what changes was as the stream says.
 */
import assert from "node:assert/strict";
import { loginOf, record, selectRaw, showRow } from "../../tests/harness/change_stream.ts";
import { startTestMysqld, type TestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { tempDir } from "../../tests/harness/temp_dir.ts";
import type { Row, RowChange, StreamItem, TableFields } from "../../shared/binlog/change.ts";

const NEVER = { signal: new AbortController().signal };

async function run(server: TestMysqld, ...statements: string[]): Promise<void> {
  await server.root.session(async (session) => {
    for (const statement of statements) await session.query(statement, NEVER);
  }, NEVER);
}

/** A change of columns as a reader of the stream sees it: the same rows in another form. */
type Reshape = (row: readonly (string | null)[]) => readonly (string | null)[];

class Replica {
  readonly #tables = new Map<string, Map<string, string>>();
  readonly #fields = new Map<string, TableFields>();
  readonly #reshapes: Readonly<Record<string, Reshape>>;

  /** What to make of a table's rows when a statement with this text comes. */
  constructor(reshapes: Readonly<Record<string, Reshape>>) {
    this.#reshapes = reshapes;
  }

  rows(table: string): readonly string[] {
    return [...this.#tables.get(table)?.values() ?? []].toSorted();
  }

  take(item: StreamItem): void {
    if (item.kind === "fields") this.#fields.set(item.fields.table, item.fields);
    if (item.kind === "ddl") this.#define(item.sql, item.tables);
    if (item.kind === "transaction") { for (const change of item.changes) this.#change(change); }
  }

  #define(sql: string, tables: readonly string[]): void {
    const [first = "", second = ""] = tables;
    if (/^\s*(truncate|drop)/i.test(sql)) {
      for (const table of tables) {
        this.#tables.delete(table);
      }
    }
    if (/^\s*rename/i.test(sql)) {
      this.#tables.set(second, this.#tables.get(first) ?? new Map());
      this.#tables.delete(first);
    }
    const found = Object.entries(this.#reshapes).find(([text]) => sql.includes(text));
    if (found === undefined) return;
    const rows = this.rows(first).map((row) => JSON.stringify(found[1](JSON.parse(row))));
    this.#tables.set(first, new Map(rows.map((row) => [this.#keyOf(first, row), row])));
  }

  #change(change: RowChange): void {
    const table = this.#tables.get(change.table) ?? new Map<string, string>();
    this.#tables.set(change.table, table);
    const print = (row: Row) => JSON.stringify(showRow(row));
    if ("before" in change) {
      const before = print(change.before);
      const key = this.#keyOf(change.table, before);
      assert.equal(table.get(key), before, `${change.kind} in ${change.table}`);
      table.delete(key);
    }
    if ("after" in change) {
      const after = print(change.after);
      const key = this.#keyOf(change.table, after);
      assert.ok(!table.has(key), `${change.kind} in ${change.table}: ${after} comes twice`);
      table.set(key, after);
    }
  }

  #keyOf(table: string, row: string): string {
    const places = this.#fields.get(table)?.primaryKey ?? [];
    const cells = JSON.parse(row) as readonly (string | null)[];
    return JSON.stringify(places.map((place) => cells[place]));
  }
}

const INSTANT: Readonly<Record<string, Reshape>> = {
  "ADD COLUMN late": (row) => [...row, "7"],
  "ADD COLUMN mid": ([id = "", ...rest]) => [id, null, ...rest],
  "DROP COLUMN n": ([id = "", mid = "", _n, ...rest]) => [id, mid, ...rest],
};

async function changeRows(server: TestMysqld, flavor: string): Promise<void> {
  const file = `${server.socketPath}.rows.csv`;
  await Deno.writeTextFile(file, "100,x\n101,\\N\n102,y\n");
  try {
    await run(server, `LOAD DATA INFILE '${file}' INTO TABLE vt_t.a FIELDS TERMINATED BY ','`);
  } finally {
    await Deno.remove(file);
  }
  await run(
    server,
    "USE vt_t",
    "INSERT INTO a VALUES (1, 'one'), (2, 'two'), (3, 'three')",
    "REPLACE INTO a VALUES (2, 'zwei'), (4, 'vier')",
    "INSERT INTO a VALUES (1, 'eins'), (5, 'fünf') ON DUPLICATE KEY UPDATE n = concat(n, '!')",
    "INSERT IGNORE INTO a VALUES (1, 'again'), (6, 'six')",
    "UPDATE a SET id = id + 1000 WHERE id IN (3, 4) ORDER BY id DESC",
    "INSERT INTO b SELECT id, id * 2 FROM a",
    "UPDATE a JOIN b USING (id) SET a.n = 'both', b.m = -1 WHERE a.id < 3",
    "DELETE a, b FROM a JOIN b USING (id) WHERE a.id = 5",
    "BEGIN",
    "INSERT INTO a VALUES (20, 'kept')",
    "SAVEPOINT s",
    "INSERT INTO a VALUES (21, 'gone')",
    "UPDATE a SET n = 'gone too' WHERE id = 20",
    "ROLLBACK TO s",
    "UPDATE a SET n = 'kept on' WHERE id = 20",
    "RELEASE SAVEPOINT s",
    "COMMIT",
    "XA START 'one'",
    "INSERT INTO a VALUES (30, 'xa')",
    "XA END 'one'",
    "XA COMMIT 'one' ONE PHASE",
    "XA START 'back'",
    "INSERT INTO a VALUES (31, 'no')",
    "XA END 'back'",
    "XA PREPARE 'back'",
  );
  // Nobody's, once the server has seen its session go: another one ends it.
  await waitFor("the prepared transaction", async () => {
    await run(server, "XA ROLLBACK 'back'");
    return true;
  });
  await run(
    server,
    "USE vt_t",
    "CREATE TABLE c (PRIMARY KEY (id)) SELECT * FROM b",
    "CREATE TRIGGER t AFTER INSERT ON b FOR EACH ROW INSERT INTO a VALUES (NEW.id, 'triggered')",
    "INSERT INTO b VALUES (50, 1)",
    "DROP TRIGGER t",
    "CREATE PROCEDURE p() BEGIN INSERT INTO a VALUES (60, 'called'); DELETE FROM b WHERE id = 50; END",
    "CALL p()",
    "RENAME TABLE c TO d",
    "UPDATE d SET m = 9 WHERE id = 1",
    "CREATE TABLE e (id int primary key)",
    "INSERT INTO e VALUES (1), (2)",
    "TRUNCATE TABLE e",
    "INSERT INTO e VALUES (3)",
    // Columns that the rows on disk don't have.
    "ALTER TABLE a ADD COLUMN late int DEFAULT 7, ALGORITHM=INSTANT",
    "UPDATE a SET late = 8 WHERE id = 1",
    "DELETE FROM a WHERE id = 2",
    "ALTER TABLE a ADD COLUMN mid int AFTER id, ALGORITHM=INSTANT",
    "UPDATE a SET mid = id WHERE id IN (1, 20)",
    "ALTER TABLE a DROP COLUMN n, ALGORITHM=INSTANT",
    "UPDATE a SET late = NULL WHERE id = 30",
    "INSERT INTO a (id) VALUES (70)",
    "DELETE FROM a WHERE id = 1004",
  );
  if (flavor === "mariadb") {
    await run(
      server,
      "USE vt_t",
      "CREATE SEQUENCE q",
      "SELECT NEXT VALUE FOR q",
      "INSERT INTO a (id) VALUES (71) RETURNING id",
    );
  }
}

interface Setting {
  readonly name: string;
  /** Lines of my.cnf; undefined: the server has no such thing. `folder` is the test's own. */
  readonly lines: (flavor: string, folder: string) => readonly string[] | undefined;
}

const SETTINGS: readonly Setting[] = [
  { name: "as usual", lines: () => [] },
  { name: "without checksums", lines: () => ["binlog_checksum=NONE"] },
  {
    name: "with the text of each statement",
    lines: (flavor) => [
      flavor === "mysql" ? "binlog_rows_query_log_events=ON" : "binlog_annotate_row_events=ON",
    ],
  },
  {
    // MySQL's is below the dump as well, and needs a keyring.
    name: "with encrypted files",
    lines: (flavor, folder) =>
      flavor === "mysql" ? undefined : [
        "plugin_load_add=file_key_management",
        `file_key_management_filename=${folder}/keys`,
        "encrypt_binlog=ON",
      ],
  },
];

for (const flavor of testServers()) {
  for (const { name, lines } of SETTINGS) {
    if (lines(flavor, "") === undefined) continue;
    Deno.test(`tables built from the stream are the server's, ${name}: ${flavor}`, async () => {
      await using folder = await tempDir("vt-statements");
      await Deno.chmod(folder.path, 0o755);
      await Deno.writeTextFile(`${folder.path}/keys`, `1;${"0123456789abcdef".repeat(2)}\n`);
      await using server = await startTestMysqld({
        server: flavor,
        users: false,
        extraLines: ["secure_file_priv=", ...lines(flavor, folder.path) ?? []],
      });
      await run(
        server,
        "CREATE DATABASE vt_t",
        "CREATE TABLE vt_t.a (id int primary key, n varchar(20))",
        "CREATE TABLE vt_t.b (id int primary key, m int)",
      );
      const options = { login: loginOf(server), database: "vt_t", heartbeatMs: 100 };
      await using stream = record({ ...options, position: "current" });
      await stream.until("the stream to begin", () => stream.items.length > 0);
      await changeRows(server, flavor);
      await run(server, "CREATE TABLE vt_t.last (id int primary key)");
      const isLast = (item: StreamItem) => item.kind === "ddl" && item.tables.includes("last");
      await stream.until("the last statement", () => stream.items.some(isLast));
      const replica = new Replica(INSTANT);
      for (const item of stream.items) replica.take(item);
      for (const table of ["a", "b", "d", "e"]) {
        const rows = await selectRaw(server, `SELECT * FROM vt_t.${table}`);
        const want = rows.map((row) => JSON.stringify(showRow(row))).toSorted();
        assert.ok(want.length > 0);
        assert.deepEqual(replica.rows(table), want, table);
      }
    });
  }
}
