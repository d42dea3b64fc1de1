/**
 * deno run -A tests/bench/change_streams.ts
 *
 * Single-row transactions a second from the binlog, decoded and filtered by key range; rows a
 * second of a row stream beside mariadb-dump of the same table.
 */
import { loginOf } from "../harness/change_stream.ts";
import { startTestMysqld, type TestMysqld } from "../harness/mysqld.ts";
import { StreamFilter } from "../../shared/filter/stream_filter.ts";
import { streamChanges } from "../../tablet/stream/change_stream.ts";
import { streamRows } from "../../tablet/stream/row_stream.ts";

const NEVER = { signal: new AbortController().signal };
const WRITERS = 8;
const TRANSACTIONS = 40_000;
const ROWS = 500_000;

/** Figures are this program's output. */
function say(text: string): void {
  // deno-lint-ignore no-console
  console.log(text);
}

async function write(server: TestMysqld): Promise<void> {
  await server.root.query("CREATE DATABASE vt_b", NEVER);
  await server.root.query(
    "CREATE TABLE vt_b.t (id bigint primary key auto_increment, k int, c char(120), pad char(60), d datetime)",
    NEVER,
  );
  // One statement a transaction, as OLTP clients write; the loop runs in the server.
  await server.root.query(
    `CREATE PROCEDURE vt_b.fill(n int) BEGIN DECLARE i int DEFAULT 0; WHILE i < n DO
      INSERT INTO vt_b.t (k, c, pad, d) VALUES (i, repeat('c', 100), repeat('p', 50), now());
      SET i = i + 1; END WHILE; END`,
    NEVER,
  );
  await Promise.all(
    Array.from(
      { length: WRITERS },
      () => server.root.query(`CALL vt_b.fill(${TRANSACTIONS / WRITERS})`, NEVER),
    ),
  );
}

async function follow(server: TestMysqld, filter: StreamFilter): Promise<void> {
  const { rows: [end] } = await server.root.query("SELECT @@global.gtid_binlog_pos", NEVER);
  const position = `MariaDB/${end?.[0]}`;
  const stop = new AbortController();
  const start = performance.now();
  let transactions = 0;
  let rows = 0;
  await streamChanges(
    { login: loginOf(server), database: "vt_b", position: "MariaDB/", filter },
    (items) => {
      for (const item of items) {
        if (item.kind !== "transaction") continue;
        transactions++;
        rows += item.changes.length;
        if (item.position === position) stop.abort();
      }
    },
    { signal: stop.signal },
  ).catch(() => {});
  const seconds = (performance.now() - start) / 1000;
  say(
    `binlog: ${TRANSACTIONS} single-row transactions in ${seconds.toFixed(2)} s, ` +
      `${Math.round(TRANSACTIONS / seconds)} a second; ${transactions} items, ${rows} rows passed`,
  );
}

async function readRows(server: TestMysqld, filter: StreamFilter | undefined): Promise<void> {
  const start = performance.now();
  let rows = 0;
  let bytes = 0;
  await streamRows({
    login: loginOf(server),
    database: "vt_b",
    table: "t",
    lastKey: undefined,
    ...(filter === undefined ? {} : { plan: (fields) => filter.plansFor(fields)[0] }),
  }, (item) => {
    if (item.kind !== "rows") return;
    rows += item.count;
    bytes += item.packets.length;
  }, NEVER);
  const seconds = (performance.now() - start) / 1000;
  say(
    `rows${filter === undefined ? "" : " by key range"}: ${rows} in ${seconds.toFixed(2)} s, ` +
      `${Math.round(ROWS / seconds)} read a second, ${(bytes / 1e6 / seconds).toFixed(0)} MB/s`,
  );
}

async function dump(server: TestMysqld): Promise<void> {
  const start = performance.now();
  const child = new Deno.Command("mariadb-dump", {
    args: ["-uroot", `--socket=${server.socketPath}`, "--single-transaction", "vt_b", "t"],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let bytes = 0;
  for await (const chunk of child.stdout) bytes += chunk.length;
  await child.status;
  const seconds = (performance.now() - start) / 1000;
  say(
    `mariadb-dump: ${seconds.toFixed(2)} s, ${Math.round(ROWS / seconds)} rows a second, ` +
      `${(bytes / 1e6).toFixed(0)} MB`,
  );
}

await using server = await startTestMysqld({
  server: "mariadb",
  users: false,
  extraLines: ["innodb_flush_log_at_trx_commit=0", "sync_binlog=0", "innodb_log_file_size=512M"],
});
await write(server);
const half = new StreamFilter([
  { match: "t", filter: "select * from t where in_keyrange(id, 'hash', '-80')" },
]);
await follow(server, new StreamFilter([{ match: "/.*/", filter: "" }]));
await follow(server, half);
await server.root.query(
  `INSERT INTO vt_b.t (k, c, pad, d) SELECT seq, repeat('c', 100), repeat('p', 50), now() FROM mysql.seq_1_to_${
    ROWS - TRANSACTIONS
  }`,
  NEVER,
);
for (let round = 0; round < 3; round++) {
  await readRows(server, undefined);
  await readRows(server, half);
  await dump(server);
}
