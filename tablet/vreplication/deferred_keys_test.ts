/** Keys that are dropped and built again: the table is what it was, on real servers. */
import assert from "node:assert/strict";
import { SILENT_LOG } from "../../shared/host/log.ts";
import {
  startTestMysqld,
  type TestMysqld,
  type TestServer,
  testServers,
} from "../../tests/harness/mysqld.ts";
import { ensureDatabases } from "../mysqld/sidecar.ts";
import { DeferredKeys } from "./deferred_keys.ts";
import { readSecondaryKeys } from "./secondary_keys.ts";
import { WriteSession } from "./session.ts";

const NEVER = { signal: new AbortController().signal };

interface Place extends AsyncDisposable {
  readonly server: TestMysqld;
  readonly session: WriteSession;
  readonly open: () => Promise<WriteSession>;
}

async function startPlace(name: TestServer): Promise<Place> {
  await using scope = new AsyncDisposableStack();
  const server = scope.use(await startTestMysqld({ server: name, users: false }));
  const databases = { keyspace: "vt_t", sidecar: "_vt" };
  await ensureDatabases({ dba: server.root, flavor: server.flavor }, databases, NEVER);
  const address = { socketPath: server.socketPath };
  const login = { address, user: "root", password: "", database: "vt_t" };
  const open = () => WriteSession.open(login, NEVER);
  const session = scope.use(await open());
  const owned = scope.move();
  return { server, session, open, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const keysOf = (streamId: number) =>
  new DeferredKeys({ streamId, database: "vt_t", log: SILENT_LOG });

/** A stream that has this table to copy. */
async function copying({ server }: Place, streamId: number, table: string): Promise<void> {
  await server.root.query(
    "INSERT IGNORE INTO _vt.vreplication (id, source, pos, max_tps, max_replication_lag, " +
      "time_updated, transaction_timestamp, state, db_name, options) " +
      `VALUES (${streamId}, '', '', 0, 0, 0, 0, 'Copying', 'vt_t', '{}')`,
    NEVER,
  );
  await server.root.query(
    `INSERT INTO _vt.copy_state (vrepl_id, table_name) VALUES (${streamId}, '${table}')`,
    NEVER,
  );
}

async function show({ server }: Place, table: string): Promise<string> {
  const { rows: [row] } = await server.root.query(`SHOW CREATE TABLE vt_t.${table}`, NEVER);
  return row?.[1] ?? "";
}

/** Makes table t with two keys that may go; its definition. */
async function makeTable(place: Place): Promise<string> {
  await place.session.run(
    "CREATE TABLE t (id int PRIMARY KEY, a int, KEY a (a), KEY b (a, id))",
    NEVER,
  );
  return await show(place, "t");
}

/** "stream table" of _vt.post_copy_action and of _vt.copy_state. */
async function noted({ server }: Place): Promise<readonly [string, string]> {
  const read = async (table: string) => {
    const sql = `SELECT vrepl_id, table_name FROM _vt.${table} ORDER BY vrepl_id, table_name`;
    return (await server.root.query(sql, NEVER)).rows.map((row) => row.join(" ")).join(", ");
  };
  return [await read("post_copy_action"), await read("copy_state")];
}

const COLUMNS = "id bigint NOT NULL, a int, b varchar(300), `ü` varchar(40), n int NOT NULL " +
  "AUTO_INCREMENT, g int GENERATED ALWAYS AS (a * 2) VIRTUAL, parent int, p point NOT NULL";
const KEYS = "PRIMARY KEY (id), UNIQUE KEY u (b(200), a), KEY a (a), KEY `b``,(` (b(20), a DESC) " +
  "COMMENT 'it''s, a (``text``), ß', KEY `ü` (`ü`), KEY g (g), KEY n (n), KEY parent (parent), " +
  "FULLTEXT KEY f (b), SPATIAL KEY p (p), KEY pair (parent, a)";
const MORE: Readonly<Record<TestServer, string>> = {
  mariadb: ", KEY hidden (a, id) IGNORED",
  mysql: ", KEY hidden (a, id) INVISIBLE, KEY expr ((lower(b)))",
};

for (const name of testServers()) {
  Deno.test(`a table is what it was, with all its keys (${name})`, async () => {
    await using place = await startPlace(name);
    const { session } = place;
    await session.run("CREATE TABLE parents (id int PRIMARY KEY)", NEVER);
    await session.run("SET NAMES utf8mb4", NEVER);
    await session.run(
      `CREATE TABLE t (${COLUMNS}, ${KEYS}${MORE[name]}, ` +
        "CONSTRAINT c FOREIGN KEY (parent) REFERENCES parents (id))",
      NEVER,
    );
    await session.prepare(NEVER);
    const before = await show(place, "t");
    await copying(place, 1, "t");

    await keysOf(1).defer(session, "t", NEVER);
    const left = await readSecondaryKeys(session, "t", NEVER);
    // AUTO_INCREMENT needs one, the foreign key one of two.
    assert.deepEqual(left.map((key) => key.name), ["n", "pair"]);
    assert.deepEqual(await noted(place), ["1 t", "1 t"]);
    // Rows are written as before.
    await session.run(
      "INSERT INTO t (id, a, b, n, parent, p) VALUES (1, 2, 'x', 0, 77, POINT(1, 1))",
      NEVER,
    );

    await keysOf(1).restore(session, "t", NEVER);
    assert.deepEqual(await noted(place), ["", ""]);
    const sorted = (sql: string) => sql.split("\n").map((line) => line.replace(/,$/, "")).sort();
    const after = await show(place, "t");
    assert.deepEqual(sorted(after), sorted(before));
    // Once more: there is nothing to do.
    await keysOf(1).restore(session, "t", NEVER);
    assert.equal(await show(place, "t"), after);
  });

  Deno.test(`keys keep their order (${name})`, async () => {
    await using place = await startPlace(name);
    const { session } = place;
    await session.run(
      "CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY zz (a), UNIQUE KEY u (b, a), KEY m (b), KEY aa (a, b))",
      NEVER,
    );
    const before = await show(place, "t");
    await copying(place, 1, "t");
    await keysOf(1).defer(session, "t", NEVER);
    assert.deepEqual(await readSecondaryKeys(session, "t", NEVER), []);
    // A stream that was cut between its notes and its rows does so again.
    await keysOf(1).defer(session, "t", NEVER);
    await keysOf(1).restore(session, "t", NEVER);
    assert.equal(await show(place, "t"), before);
  });

  Deno.test(`of streams into one table the last one builds its keys (${name})`, async () => {
    await using place = await startPlace(name);
    const { session, open } = place;
    const before = await makeTable(place);
    for (const id of [1, 2, 3]) await copying(place, id, "t");
    using other = await open();
    await Promise.all([
      keysOf(1).defer(session, "t", NEVER),
      keysOf(2).defer(other, "t", NEVER),
    ]);
    assert.deepEqual(await readSecondaryKeys(session, "t", NEVER), []);

    await keysOf(2).restore(other, "t", NEVER);
    assert.deepEqual(await readSecondaryKeys(session, "t", NEVER), []);
    assert.deepEqual((await noted(place))[1], "1 t, 3 t");
    await keysOf(1).restore(session, "t", NEVER);
    assert.deepEqual(await noted(place), ["3 t", "3 t"]);
    assert.equal(await keysOf(3).isNoted(session, "t", NEVER), true);
    await keysOf(3).restore(session, "t", NEVER);
    assert.deepEqual(await noted(place), ["", ""]);
    assert.equal(await show(place, "t"), before);
  });

  Deno.test(`streams that end at once leave the table whole (${name})`, async () => {
    await using place = await startPlace(name);
    const { open } = place;
    const before = await makeTable(place);
    const ids = [1, 2, 3, 4];
    for (let round = 0; round < 5; round++) {
      for (const id of ids) await copying(place, id, "t");
      await Promise.all(ids.map(async (id) => {
        using own = await open();
        await keysOf(id).defer(own, "t", NEVER);
        await keysOf(id).restore(own, "t", NEVER);
      }));
      assert.deepEqual(await noted(place), ["", ""]);
      assert.equal(await show(place, "t"), before);
    }
  });

  Deno.test(`a key stays where somebody reads the table (${name})`, async () => {
    await using place = await startPlace(name);
    const { session, open } = place;
    const before = await makeTable(place);
    await copying(place, 1, "t");
    using reader = await open();
    await reader.run("BEGIN", NEVER);
    await reader.rows("SELECT * FROM t", NEVER);
    await keysOf(1).defer(session, "t", NEVER);
    assert.equal(await show(place, "t"), before);
    await keysOf(1).restore(session, "t", NEVER);
    assert.deepEqual(await noted(place), ["", ""]);
  });

  Deno.test(`a key that can't be built says so, and how to go on (${name})`, async () => {
    await using place = await startPlace(name);
    const { session, server } = place;
    await session.run("CREATE TABLE t (id int PRIMARY KEY, a int, KEY a (a))", NEVER);
    await copying(place, 1, "t");
    await keysOf(1).defer(session, "t", NEVER);
    await session.run("ALTER TABLE t DROP COLUMN a", NEVER);
    await assert.rejects(keysOf(1).restore(session, "t", NEVER), {
      id: "VT27014",
      message: /lacks secondary keys that its copy went without: .*'a'.*_vt\.post_copy_action/,
    });
    assert.deepEqual(await noted(place), ["1 t", "1 t"]);
    await server.root.query("UPDATE _vt.post_copy_action SET action = '[]'", NEVER);
    await keysOf(1).restore(session, "t", NEVER);
    assert.deepEqual(await noted(place), ["", ""]);
    await server.root.query(
      `INSERT INTO _vt.post_copy_action VALUES (9, 1, 't', '{"x": 1}', 'vt_t')`,
      NEVER,
    );
    await assert.rejects(keysOf(1).restore(session, "t", NEVER), { id: "VT27007" });
  });
}
