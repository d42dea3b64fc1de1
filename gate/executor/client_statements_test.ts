/**
 * What some forty drivers, frameworks and tools really send (recorded), on one plain server and
 * through the gate to an unsharded keyspace: the same error numbers, no bug, and a list of what is
 * refused that may only shrink.
 */
import assert from "node:assert/strict";
import { createConnection } from "mysql2/promise";
import { startGateCluster } from "../../tests/harness/gate_cluster.ts";
import { TEST_SCHEMA } from "../../tests/harness/gate_schema.ts";

interface Recorded {
  readonly client: string;
  readonly com: "QUERY" | "STMT_PREPARE";
  readonly q: string;
}

type Connection = Awaited<ReturnType<typeof createConnection>>;

/** Statements whose errors differ, by their start, and why. */
const DIFFERENT: readonly (readonly [RegExp, string])[] = [
  [/^set .*sql_log_bin/i, "remembered: the binary log is the tablet's"],
  [/information_schema_stats_expiry/i, "accepted on MariaDB as well"],
  [/@@(?:session\.)?transaction_isolation/i, "read on MariaDB as well"],
  [/utf8mb4_0900_ai_ci/i, "accepted on MariaDB as well"],
  [/^(?:show (?:all )?(?:slave|master)|show replica)/i, "vt_app may not"],
];

async function errnoOf(connection: Connection, { com, q }: Recorded): Promise<number> {
  try {
    if (com === "QUERY") await connection.query(q);
    else await (await connection.prepare(q)).close();
    return 0;
  } catch (error) {
    if (!(error instanceof Error) || !("errno" in error)) throw error;
    assert.ok(!("fatal" in error) || error.fatal !== true, `the connection broke: ${q}`);
    return Number(error.errno);
  }
}

Deno.test("recorded statements of clients through a gate", async () => {
  const bugs: string[] = [];
  const log = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (message: string, fields?: Readonly<Record<string, unknown>>) => {
      bugs.push(`${message}: ${fields?.["error"]}`);
    },
    with: () => log,
  };
  await using cluster = await startGateCluster({ schema: TEST_SCHEMA, log });
  const { signal } = new AbortController();
  await cluster.second.root.query("create database commerce", { signal });
  await cluster.second.root.query("create table commerce.product (sku int)", { signal });
  const options = { user: "user", multipleStatements: true, database: "commerce" };
  const plain = await createConnection({
    ...options,
    user: "root",
    socketPath: cluster.second.socketPath,
  });
  const gate = await createConnection({ ...options, host: "127.0.0.1", port: cluster.port });
  const refused = new Set<string>();
  const different: string[] = [];
  try {
    const file = new URL("testdata/client_statements.jsonl", import.meta.url);
    for (const line of (await Deno.readTextFile(file)).trim().split("\n")) {
      const recorded: Recorded = JSON.parse(line);
      // The gate ignores them; each is recorded once, so the plain server would stay locked.
      if (/^lock tables/i.test(recorded.q)) continue;
      const got = await errnoOf(gate, recorded);
      const want = await errnoOf(plain, recorded);
      if (got === 1235) refused.add(recorded.q.slice(0, 60));
      else if (got !== want && !DIFFERENT.some(([pattern]) => pattern.test(recorded.q))) {
        different.push(
          `${recorded.client}: ${got} instead of ${want}: ${recorded.q.slice(0, 200)}`,
        );
      }
    }
  } finally {
    await plain.end();
    await gate.end();
  }
  assert.deepEqual(bugs, []);
  assert.deepEqual(different, []);
  assert.deepEqual([...refused].sort(), REFUSED);
});

const REFUSED: readonly string[] = [
  "CREATE DATABASE `test_djdb` ",
  "CREATE DATABASE `test_vft` ",
  "DROP DATABASE `test_djdb`",
  "DROP DATABASE `test_vft`",
  "FLUSH TABLES WITH READ LOCK",
];
