/** The same statements on one plain server and through the gate on two shards. */
import assert from "node:assert/strict";
import { createConnection } from "mysql2/promise";
import { startGateCluster } from "../../tests/harness/gate_cluster.ts";
import { type TestServer, whyNoMysql } from "../../tests/harness/mysqld.ts";
import { TEST_SCHEMA } from "../../tests/harness/gate_schema.ts";

interface Answer {
  readonly columns: readonly string[];
  readonly rows: readonly string[];
  readonly affected: string;
  readonly error: string;
}

type Connection = Awaited<ReturnType<typeof createConnection>>;

interface Field {
  readonly name: string;
  readonly columnType?: number;
  readonly characterSet?: number;
  readonly decimals?: number;
}

/** Where the answers may differ, and why: a statement's start to the parts that don't count. */
const DIFFERENCES: readonly {
  readonly starts: string;
  readonly ignore: readonly ("rows" | "affected" | "error" | "columns")[];
  readonly why: string;
}[] = [
  {
    starts: "show create table",
    ignore: ["rows"],
    why: "AUTO_INCREMENT is a sequence's business on shards",
  },
  {
    starts: "describe",
    ignore: ["rows"],
    why: "the same",
  },
  {
    starts: "show columns",
    ignore: ["rows"],
    why: "the same",
  },
  {
    starts: "show index",
    ignore: ["rows"],
    why: "cardinality is an estimate of each shard",
  },
  {
    starts: "explain",
    ignore: ["rows"],
    why: "estimates",
  },
  { starts: "show tables", ignore: ["columns", "rows"], why: "other databases, other tables" },
  {
    starts: "set sql_mode",
    ignore: ["affected"],
    why: "MySQL warns of modes that should be set together",
  },
  { starts: "set @@session.sql_mode", ignore: ["affected"], why: "the same" },
  { starts: "analyze", ignore: ["rows"], why: "each shard reports" },
  { starts: "select @", ignore: ["columns"], why: "a literal stands where the variable stood" },
];

const REFUSED: readonly string[] = [
  "replace into customer (customer_id, email) values (102, 'replaced')",
  "insert into corder (customer_id, sku, price) select 7, 'sel', 1",
];

async function ask(connection: Connection, sql: string): Promise<Answer> {
  try {
    const [result, fields] = await connection.query({ sql, rowsAsArray: true });
    if (!Array.isArray(result)) {
      const { affectedRows, insertId } = result;
      const { info, warningStatus } = result as unknown as Record<string, unknown>;
      // The text has a length in front, which mysql2 reads only with session tracking.
      const text = String(info).replace(/^[^A-Z]/, "").replace(/^[^R](?=Rows)/, "");
      const affected = `${affectedRows} rows, id ${insertId}, ${warningStatus} warnings, "${text}"`;
      return { columns: [], rows: [], affected, error: "" };
    }
    const columns = (fields as unknown as Field[] ?? [])
      .map(({ name, columnType, decimals }) => `${name}:${columnType}:${decimals}`);
    const rows = (result as unknown[][]).map((row) => JSON.stringify(row.map(shown)));
    const ordered = /\border by\b/i.test(sql) ? rows : rows.toSorted();
    return { columns, rows: ordered, affected: "", error: "" };
  } catch (error) {
    if (!(error instanceof Error) || !("errno" in error)) throw error;
    // A syntax error quotes the server's name.
    const text = error.errno === 1064 ? "" : error.message.replaceAll(/vt_customer|plain/g, "DB");
    return { columns: [], rows: [], affected: "", error: `${error.errno} ${text}` };
  }
}

/** MariaDB tells mysql2 which texts are JSON, in a way of its own; the gate doesn't. */
function shown(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.toHex();
  if (typeof value !== "string" || !/^(?:[[{].*|null)$/.test(value)) return value;
  return JSON.parse(value);
}

const skipped = whyNoMysql() === undefined ? "" : ` (skipped: ${whyNoMysql()})`;

Deno.test("differential: statements on shards answer as on one server", (t) => {
  return differential("mariadb", t);
});
Deno.test({
  name: `differential: the same on MySQL${skipped}`,
  ignore: whyNoMysql() !== undefined,
  fn: (t) => differential("mysql", t),
});

async function differential(server: TestServer, t: Deno.TestContext): Promise<void> {
  await using cluster = await startGateCluster({ schema: TEST_SCHEMA, server });
  const options = {
    user: "user",
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
  };
  const plain = await createConnection({
    ...options,
    user: "root",
    socketPath: cluster.first.socketPath,
    database: "plain",
  });
  const gate = await createConnection({
    ...options,
    host: "127.0.0.1",
    port: cluster.port,
    database: "customer",
  });
  const refused: string[] = [];
  try {
    const file = new URL("testdata/differential.sql", import.meta.url);
    const lines = (await Deno.readTextFile(file)).split("\n");
    for (const sql of lines) {
      if (sql === "" || sql.startsWith("-- ")) continue;
      await t.step(sql, async () => {
        const want = await ask(plain, sql);
        const got = await ask(gate, sql);
        const ignore = DIFFERENCES.find(({ starts }) => sql.startsWith(starts))?.ignore ?? [];
        if (/^1235 VT12001/.test(got.error)) {
          refused.push(sql);
          return;
        }
        const kept = (answer: Answer) =>
          Object.fromEntries(
            Object.entries(answer).filter(([part]) => !ignore.includes(part as "rows")),
          );
        assert.deepEqual(kept(got), kept(want));
      });
    }
    // Refusing is allowed, answering wrongly is not; this list may only shrink.
    assert.deepEqual(refused, REFUSED);
  } finally {
    await plain.end();
    await gate.end();
  }
}
