/** Tables move from MariaDB to MySQL and back, in one cluster, while they are written. */
import assert from "node:assert/strict";
import mysql from "mysql2/promise";
import { whyNoMysql } from "../harness/mysqld.ts";
import { tempDir } from "../harness/temp_dir.ts";
import { clusterYaml } from "./cluster_yaml.ts";
import { type LocalCluster, startLocalCluster } from "./local_cluster.ts";

type Server = "maria" | "my";

/** Definition on MariaDB, on MySQL, and some values. */
const COLUMNS: readonly (readonly [name: string, maria: string, my: string, string[]])[] = [
  same("i8", "bigint unsigned", "18446744073709551615", "0"),
  same("d", "decimal(65,30)", "-0.5", "12345678901234567890.123456789012345678901234567890"),
  same("f", "float", "0.1", "3.4028234e38"),
  same("g", "double", "-1.7976931348623157e308", "NULL"),
  same("b", "bit(13)", "b'1010101010101'", "b'0'"),
  same("da", "date", "'2026-08-31'", "'1000-01-01'"),
  same("ti", "time(6)", "'-838:59:58.999999'", "'00:00:00.000001'"),
  same("ts", "timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6)", "'1970-01-01 00:00:01.5'", "NULL"),
  same("y", "year", "1901", "2155"),
  [
    "z",
    "datetime NOT NULL DEFAULT '0000-00-00 00:00:00'",
    "datetime NOT NULL",
    ["'2026-01-01 00:00:00'", "'2026-12-31 23:59:59'"],
  ],
  same("e", "enum('x','it''s','ä')", "'it''s'", "'ä'"),
  same("s", "set('a','b','c') COLLATE latin1_german1_ci", "'a,c'", "''"),
  same("l1", "varchar(20) CHARACTER SET latin1 COLLATE latin1_bin", "_latin1 0xe4f6fc27", "''"),
  same("bl", "longblob", "REPEAT(0xff27005c, 9000)", "NULL"),
  same("p", "point", "ST_GeomFromText('POINT(1 2)')", "NULL"),
  same("gs", "bigint GENERATED ALWAYS AS (i8 DIV 2) STORED"),
  same("gv", "int GENERATED ALWAYS AS (LENGTH(bl)) VIRTUAL"),
  same("inv", "int INVISIBLE", "7", "NULL"),
  ["j", "json", "json", [`'{"a": [1, 2.50, null, "é\\\\"q"]}'`, "NULL"]],
  [
    "u",
    "varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci",
    "varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci",
    ["'Zoë 😀'", "'zoe'"],
  ],
];

function same(
  name: string,
  type: string,
  ...values: string[]
): readonly [string, string, string, string[]] {
  return [name, type, type, values];
}

/** A text as key, in the collation that only this server has. */
function create(server: Server): string {
  const collation = server === "maria" ? "utf8mb4_uca1400_nopad_ai_ci" : "utf8mb4_0900_ai_ci";
  const columns = COLUMNS.map(([name, maria, my]) => `${name} ${server === "maria" ? maria : my}`);
  return `CREATE TABLE t (k varchar(40) CHARACTER SET utf8mb4 COLLATE ${collation} NOT NULL, ` +
    `n int NOT NULL, ${columns.join(", ")}, PRIMARY KEY (k, n), KEY (u)) ` +
    `DEFAULT CHARSET = utf8mb4 COLLATE = ${collation} COMMENT = 'COLLATE none'`;
}

function insert(key: string, n: number): string {
  const written = COLUMNS.filter(([, , , values]) => values.length > 0);
  const names = written.map(([name]) => name).join(", ");
  const values = written.map(([, , , list]) => list[n % 2]).join(", ");
  return `INSERT INTO t (k, n, ${names}) VALUES ('${key}', ${n}, ${values})`;
}

const WORDS = ["a", "A b", "ä", "z", "ß", "Ω", "日本", "😀", "é"] as const;

/** Writes rows, changes and removes some, until it is told to stop; the keys that must be there. */
class Keys implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #there = new Map<string, string>();
  readonly #running: Promise<void>;
  #next: number;
  written = 0;

  constructor(port: number, database: string, first: number) {
    this.#next = first;
    this.#running = this.#run(port, database);
  }

  async #run(port: number, database: string): Promise<void> {
    const connection = await mysql.createConnection({
      host: "127.0.0.1",
      port,
      user: "user",
      database,
    });
    try {
      while (!this.#stop.signal.aborted) {
        const n = this.#next++;
        const key = `${WORDS[n % WORDS.length]}${n}`;
        await connection.query(insert(key, n));
        this.#there.set(String(n), "new");
        if (n % 3 === 0) {
          await connection.query(
            `UPDATE t SET u = 'changed', inv = ${n} WHERE k = '${key}' AND n = ${n}`,
          );
          this.#there.set(String(n), "changed");
        }
        if (n % 5 === 0) {
          await connection.query(`DELETE FROM t WHERE k = '${key}' AND n = ${n}`);
          this.#there.delete(String(n));
        }
        this.written++;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    } finally {
      await connection.end();
    }
  }

  async more(count: number): Promise<void> {
    const want = this.written + count;
    while (this.written < want) {
      const running = await Promise.race([
        this.#running.then(() => false),
        new Promise<true>((resolve) => setTimeout(() => resolve(true), 20)),
      ]);
      if (!running) throw new Error("the writer has ended");
    }
  }

  /** Ends it; the rows by their numbers. */
  async stop(): Promise<ReadonlyMap<string, string>> {
    this.#stop.abort();
    await this.#running;
    return this.#there;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running.catch(() => {}); // It was seen by more() or stop(), or another error is told.
  }
}

async function vdiff(cluster: LocalCluster, workflow: string, keyspace: string): Promise<void> {
  const name = ["--workflow", workflow, "--target-keyspace", keyspace];
  const text = await cluster.vtctl("VDiff", ...name, "create", "--wait", "--verbose");
  assert.match(text, /HasMismatch: +false/, text);
}

async function move(cluster: LocalCluster, from: Server, to: Server): Promise<void> {
  const keyspace = `${from}_first`;
  const target = `${to}_then`;
  const name = ["MoveTables", "--workflow", `to_${to}`, "--target-keyspace", target];
  const sql = async (database: string, text: string): Promise<string> => {
    const { code, stdout, stderr } = await cluster.mysql([
      "-N",
      "--default-character-set=utf8mb4",
      database,
    ], `${text};\n`);
    assert.equal(code, 0, stderr);
    return stdout.trim();
  };
  await cluster.vtctl("ApplySchema", `--sql=${create(from)}`, keyspace);
  await cluster.vtctl("ApplyVSchema", '--vschema={"tables": {"t": {}}}', keyspace);
  const rows = Array.from({ length: 300 }, (_, n) => insert(`${WORDS[n % WORDS.length]}${n}`, n));
  await sql(keyspace, rows.join(";\n"));
  await using keys = new Keys(cluster.mysqlPort, keyspace, 1000);
  await keys.more(20);
  await cluster.vtctl(...name, "create", "--source-keyspace", keyspace, "--tables", "t", "--wait");
  await keys.more(20);
  await vdiff(cluster, `to_${to}`, target);
  await cluster.vtctl(...name, "switchtraffic");
  await keys.more(50);
  await vdiff(cluster, `to_${to}_reverse`, keyspace);
  await cluster.vtctl(...name, "reversetraffic");
  await keys.more(50);
  await vdiff(cluster, `to_${to}`, target);
  await cluster.vtctl(...name, "switchtraffic");
  await keys.more(20);
  const there = await keys.stop();
  await cluster.vtctl(...name, "complete");
  const kept = await sql(
    target,
    "SELECT n, IF(u = 'changed', 'changed', 'new') FROM t WHERE n >= 1000",
  );
  const found = new Map(kept.split("\n").map((row) => row.split("\t") as [string, string]));
  assert.deepEqual(new Map([...found].sort()), new Map([...there].sort()));
  assert.equal(await sql(target, "SELECT COUNT(*) FROM t WHERE n < 1000"), "300");
}

Deno.test({
  name: "tables move between MariaDB and MySQL while they are written",
  ignore: whyNoMysql() !== undefined,
  fn: async (t) => {
    await using folder = await tempDir("vtcross");
    const file = `${folder.path}/cluster.yaml`;
    const program = Deno.env.get("VT_MYSQLD_MYSQL") ?? "";
    const keyspace = (name: string, mysqld: string) => ({ name, parts: [1], replicas: 1, mysqld });
    await Deno.writeTextFile(
      file,
      await clusterYaml([
        keyspace("maria_first", "mariadbd"),
        keyspace("my_then", program),
        keyspace("my_first", program),
        keyspace("maria_then", "mariadbd"),
      ]),
    );
    await using cluster = await startLocalCluster({ file, dataDir: `${folder.path}/cluster` });
    await t.step(
      "from MariaDB to MySQL, back, and there again",
      () => move(cluster, "maria", "my"),
    );
    await t.step(
      "from MySQL to MariaDB, back, and there again",
      () => move(cluster, "my", "maria"),
    );
  },
});
