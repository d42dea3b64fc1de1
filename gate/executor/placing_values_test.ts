/**
 * Values that a lenient mysqld changes as it stores them: whatever is sent in whatever sql_mode,
 * each row lies on the shard of the value that it has, and is found there by all that equals it.
 */
import assert from "node:assert/strict";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { contains, parseShardName } from "../../shared/key/range.ts";
import { integerValue, textValue } from "../../shared/value/value.ts";
import { createVindex } from "../../shared/vindex/registry.ts";
import {
  type ClusterSchema,
  type GateCluster,
  startGateCluster,
} from "../../tests/harness/gate_cluster.ts";
import { testServers } from "../../tests/harness/mysqld.ts";
import { newRandom, type Random } from "../../tests/harness/random.ts";

const BINARY_ORDER = "character set utf8mb4 collate utf8mb4_bin";

const COLUMNS: Readonly<Record<string, { readonly type: string; readonly vindex: string }>> = {
  tiny: { type: "tinyint unsigned", vindex: "hash" },
  whole: { type: "int", vindex: "hash" },
  exact: { type: "decimal(4,0)", vindex: "hash" },
  varied: { type: `varchar(4) ${BINARY_ORDER}`, vindex: "xxhash" },
  latin: { type: "varchar(4) character set latin1 collate latin1_bin", vindex: "xxhash" },
  fixed: { type: `char(4) ${BINARY_ORDER}`, vindex: "xxhash" },
  bytes: { type: "binary(4)", vindex: "xxhash" },
  varbytes: { type: "varbinary(4)", vindex: "binary_md5" },
};

const SCHEMA: ClusterSchema = {
  commerce: ["create table {db}.product (sku varchar(8))"],
  customer: Object.entries(COLUMNS).map(([name, { type }]) =>
    `create table {db}.${name} (k ${type} not null, note int)`
  ),
  plain: [],
  vschema: {
    commerce: { tables: { product: {} } },
    customer: {
      sharded: true,
      vindexes: Object.fromEntries(
        ["hash", "xxhash", "binary_md5"].map((type) => [type, { type }]),
      ),
      tables: Object.fromEntries(
        Object.entries(COLUMNS).map(([name, { vindex }]) => [
          name,
          { column_vindexes: [{ column: "k", name: vindex }] },
        ]),
      ),
    },
  },
};

// deno-fmt-ignore
const LITERALS = [
  "0", "-1", "7", "127", "128", "255", "256", "9999", "10000", "2147483647", "2147483648",
  "-2147483649", "3.0", "3.5", "1e2", "1e-2", "'12'", "' 12'", "'12 '", "'12x'", "'x'", "''", "' '",
  "'ab'", "'ab '", "'ab  '", "'abcd '", "'abcd    '", "'abcde'", "'äöü€'", "'äöü€x'", "'漢'", "null", "true",
  "0x6162", "'ab\\0'", "'9999999999999999999999'", "18446744073709551616",
] as const;
const MODES = ["", "STRICT_TRANS_TABLES", "PAD_CHAR_TO_FULL_LENGTH"] as const;
const INSERTS_PER_TABLE = 60;

for (const server of testServers()) {
  Deno.test(`rows lie where the values that they have belong, on ${server}`, async () => {
    await using cluster = await startGateCluster({ schema: SCHEMA, server });
    const random = newRandom();
    await insertAll(cluster, random);
    for (const table of Object.keys(COLUMNS)) {
      const rows = await checkPlaces(cluster, table, `TEST_SEED=${random.seed}`);
      assert.ok(rows > 0, `no row came into ${table}, TEST_SEED=${random.seed}`);
      await checkLookups(cluster, table);
    }
  });
}

function connect({ port }: GateCluster): Promise<Connection> {
  return createConnection({ host: "127.0.0.1", port, user: "user", database: "customer" });
}

async function insertAll(cluster: GateCluster, random: Random): Promise<void> {
  const connection = await connect(cluster);
  try {
    for (const table of Object.keys(COLUMNS)) {
      await connection.query(`set sql_mode = '${random.pick(MODES)}'`);
      for (let i = 0; i < INSERTS_PER_TABLE; i++) {
        const ignore = random.int(2) === 0 ? "ignore " : "";
        const rows = [random.pick(LITERALS), random.pick(LITERALS)]
          .slice(random.int(2)).map((literal) => `(${literal}, ${i})`);
        // What is refused is not stored; the rest is looked at afterwards.
        await connection.query(`insert ${ignore}into ${table} (k, note) values ${rows.join(", ")}`)
          .catch((error: unknown) => assert.ok(error instanceof Error && "errno" in error));
      }
    }
  } finally {
    await connection.end();
  }
}

/** How many rows there are. */
async function checkPlaces(
  { first, second }: GateCluster,
  table: string,
  seed: string,
): Promise<number> {
  const { vindex: type = "", type: column = "" } = COLUMNS[table] ?? {};
  const vindex = createVindex(type, type, {});
  const { signal } = new AbortController();
  let count = 0;
  for (const [server, shard] of [[first, "-80"], [second, "80-"]] as const) {
    const { rows } = await server.root.query(
      `select hex(${
        /bytes/.test(table) ? "k" : "convert(k using utf8mb4)"
      }) from vt_customer.${table}`,
      { signal },
    );
    for (const [hex] of rows) {
      const text = atHex(hex ?? "");
      const value = /int|decimal/.test(column) ? integerValue(BigInt(text)) : textValue(text);
      const id = vindex?.map([value]);
      const where = `${table}: ${JSON.stringify(text)} on ${shard}, ${seed}`;
      assert.ok(id !== undefined && contains(parseShardName(shard), id), where);
      count++;
    }
  }
  return count;
}

/** The gate finds what the shards have, for each value as it may be written. */
async function checkLookups(cluster: GateCluster, table: string): Promise<void> {
  const { signal } = new AbortController();
  const connection = await connect(cluster);
  try {
    for (const literal of LITERALS) {
      const where = `where k = ${literal}`;
      const found = await connection.query<RowDataPacket[]>(
        `select count(*) as n from ${table} ${where}`,
      ).then(([[row]]) => Number(row?.["n"]), errnoOf);
      const [one, other] = await Promise.all([cluster.first, cluster.second].map(({ root }) => {
        const sql = `select count(*) from vt_customer.${table} ${where}`;
        return root.query(sql, { signal }).then(({ rows }) => Number(rows[0]?.[0]), errnoOf);
      }));
      const there = typeof one === "string" ? one : Number(one) + Number(other);
      assert.equal(found, there, `${table} ${where}`);
    }
  } finally {
    await connection.end();
  }
}

/** latin1 doesn't compare with what it can't hold. */
function errnoOf(error: unknown): string {
  if (!(error instanceof Error) || !("errno" in error)) throw error;
  return `error ${error.errno}`;
}

/** A byte string. */
function atHex(hex: string): string {
  return (hex.match(/../g) ?? []).map((pair) => String.fromCharCode(parseInt(pair, 16))).join("");
}
