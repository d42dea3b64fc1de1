/** Tables and shards change places under clients that write: they wait, and nothing is lost. */
import assert from "node:assert/strict";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { vtError } from "../../shared/error/errors.ts";
import type { RoutingRule } from "../../shared/model/records.ts";
import {
  type ClusterSchema,
  type GateCluster,
  startGateCluster,
} from "../../tests/harness/gate_cluster.ts";
import { TEST_SCHEMA } from "../../tests/harness/gate_schema.ts";
import type { TestMysqld } from "../../tests/harness/mysqld.ts";
import { waitFor } from "../../tests/harness/wait.ts";

type Connection = Awaited<ReturnType<typeof createConnection>>;

const NEVER = { signal: new AbortController().signal };
const NOTE = "create table {db}.note (id bigint primary key, v bigint)";

const SCHEMA: ClusterSchema = {
  ...TEST_SCHEMA,
  commerce: [...TEST_SCHEMA.commerce, NOTE],
  customer: [...TEST_SCHEMA.customer, NOTE],
  vschema: {
    commerce: {
      tables: { ...tablesOf(TEST_SCHEMA.vschema.commerce), note: {} },
    },
    customer: {
      ...TEST_SCHEMA.vschema.customer,
      tables: {
        ...tablesOf(TEST_SCHEMA.vschema.customer),
        note: { column_vindexes: [{ column: "id", name: "hash" }] },
      },
    },
  },
};

function tablesOf(vschema: { readonly [name: string]: unknown }): Record<string, never> {
  return vschema["tables"] as Record<string, never>;
}

function rulesTo(keyspace: string): readonly RoutingRule[] {
  return ["note", "commerce.note", "customer.note"].map((fromTable) => ({
    fromTable,
    toTables: [`${keyspace}.note`],
  }));
}

function open(cluster: GateCluster, database: string): Promise<Connection> {
  return createConnection({ host: "127.0.0.1", port: cluster.port, user: "user", database });
}

async function count(connection: Connection, sql: string): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  return Number(Object.values(rows[0] ?? {})[0]);
}

/** The first column of a query on a mysqld itself. */
async function numbers({ root }: TestMysqld, sql: string): Promise<readonly number[]> {
  const { rows } = await root.query(sql, NEVER);
  return rows.map(([first]) => Number(first));
}

/** Inserts until told to stop; every other insert is prepared, every third in a transaction. */
class Writer {
  readonly acknowledged: number[] = [];
  readonly #connection: Connection;
  readonly #done: Promise<void>;
  #stop = false;
  longestMs = 0;

  constructor(connection: Connection, first: number, step: number) {
    this.#connection = connection;
    this.#done = this.#run(first, step);
  }

  async #run(first: number, step: number): Promise<void> {
    for (let id = first; !this.#stop; id += step) {
      const started = performance.now();
      await this.#insert(id);
      this.longestMs = Math.max(this.longestMs, performance.now() - started);
      this.acknowledged.push(id);
    }
  }

  async #insert(id: number): Promise<void> {
    const inTransaction = id % 3 === 0;
    if (inTransaction) await this.#connection.query("begin");
    if (id % 2 === 0) {
      await this.#connection.execute("insert into note (id, v) values (?, ?)", [id, id]);
    } else {
      await this.#connection.query(`insert into note (id, v) values (${id}, ${id})`);
    }
    if (inTransaction) await this.#connection.query("commit");
  }

  async stop(): Promise<void> {
    this.#stop = true;
    await this.#done;
    await this.#connection.end();
  }
}

async function startWriters(cluster: GateCluster, database: string): Promise<Writer[]> {
  const connections = await Promise.all([1, 2, 3].map(() => open(cluster, database)));
  return connections.map((connection, i) => new Writer(connection, i + 1, 3));
}

async function progress(writers: readonly Writer[], more: number): Promise<void> {
  const goals = writers.map(({ acknowledged }) => acknowledged.length + more);
  await waitFor(
    `${more} more rows of each writer`,
    () => writers.every(({ acknowledged }, i) => acknowledged.length >= (goals[i] ?? 0)),
  );
}

Deno.test("traffic switch: a table moves to another keyspace under writers", async () => {
  await using cluster = await startGateCluster({ schema: SCHEMA });
  const { topology, tablets: [commerce], first, second } = cluster;
  assert.ok(commerce !== undefined);
  await topology.saveVSchema(SCHEMA.vschema, rulesTo("commerce"));
  const reader = await open(cluster, "");
  await waitFor("the rules", async () => {
    return await count(reader, "select count(*) from customer.note") === 0;
  });
  const held = await open(cluster, "commerce");
  await held.query("begin");
  await held.query("select count(*) from product");

  const writers = await startWriters(cluster, "commerce");
  await progress(writers, 20);

  // As SwitchTraffic does: refuse on the source, drain, copy what is left, then tell the gates.
  commerce.serving.denied = ["note"];
  await waitFor("writers that wait", () => cluster.gate.replanner.waiting === 3);
  // What was open goes on, but not with the table that is moving; it can be rolled back.
  await assert.rejects(held.query("insert into note (id, v) values (-1, 0)"), /VT20004/);
  await held.query("rollback");
  await first.root.query("lock tables vt_commerce.note read", NEVER);
  await first.root.query("unlock tables", NEVER);
  const moved = await numbers(first, "select id from vt_commerce.note");
  const copy = await open(cluster, "customer");
  await topology.saveVSchema(SCHEMA.vschema, rulesTo("customer"));
  await waitFor("the gate to know", async () => {
    return await count(reader, "select count(*) from commerce.note") >= 0;
  });
  for (const id of moved) {
    await copy.query(`insert into note (id, v) values (${id}, ${id})`);
  }
  await progress(writers, 20);
  for (const writer of writers) await writer.stop();

  const acknowledged = writers.flatMap((writer) => writer.acknowledged);
  assert.equal(await count(reader, "select count(*) from customer.note"), acknowledged.length);
  assert.equal((await numbers(first, "select id from vt_commerce.note")).length, moved.length);
  for (const server of [first, second]) {
    assert.ok((await numbers(server, "select id from vt_customer.note")).length > 0);
  }
  await Promise.all([reader.end(), held.end(), copy.end()]);
});

Deno.test("traffic switch: rules by tablet type hold from the moment they are saved", async () => {
  const target = { keyspace: "customer", shard: "-80", tabletType: "replica" } as const;
  await using cluster = await startGateCluster({
    schema: SCHEMA,
    moreTablets: [
      {
        uid: 101,
        target: { ...target, keyspace: "commerce", shard: "-" },
        ...copyOf("r_commerce"),
      },
      { uid: 201, target, ...copyOf("r_low") },
      { uid: 301, target: { ...target, shard: "80-" }, ...copyOf("r_high") },
    ],
  });
  const { topology, first } = cluster;
  await first.root.query("insert into r_commerce.note values (1, 1)", NEVER);
  await first.root.query("insert into r_low.note values (1, 1), (2, 2)", NEVER);
  const replica = await open(cluster, "commerce@replica");
  const primary = await open(cluster, "commerce");
  await primary.query("insert into note (id, v) values (1, 1), (2, 2), (3, 3)");
  const counts = async () => [
    await count(primary, "select count(*) from note"),
    await count(replica, "select count(*) from note"),
    await count(replica, "select count(*) from commerce.note"),
  ];
  assert.deepEqual(await counts(), [3, 1, 1]);
  const toReplica = ["note@replica", "commerce.note@replica"].map((fromTable) => ({
    fromTable,
    toTables: ["customer.note"],
  }));
  for (const [rules, want] of [[toReplica, [3, 2, 2]], [[], [3, 1, 1]]] as const) {
    const { version } = cluster.gate.catalog();
    await topology.saveVSchema(SCHEMA.vschema, rules);
    await waitFor("the gate to hear of it", () => cluster.gate.catalog().version > version);
    assert.deepEqual(await counts(), want);
  }
  await Promise.all([replica.end(), primary.end()]);
});

Deno.test("traffic switch: each tablet type has its own shards", async () => {
  const target = { keyspace: "customer", shard: "-", tabletType: "replica" } as const;
  await using cluster = await startGateCluster({
    schema: SCHEMA,
    moreTablets: [{ uid: 401, target, ...copyOf("r_whole") }],
  });
  const { topology, first } = cluster;
  await first.root.query("insert into r_whole.note values (1, 1), (2, 2), (3, 3)", NEVER);
  const replica = await open(cluster, "customer@replica");
  const primary = await open(cluster, "customer");
  await primary.query("insert into note (id, v) values (1, 1), (4, 4)");
  const one = "select count(*) from note where id = 3";
  assert.equal(await count(primary, one), 0);
  await topology.serve("customer", ["-80", "80-"], { replica: ["-"] });
  await waitFor("replicas of the whole", () => cluster.directory.expects(target));
  assert.equal(await count(replica, one), 1);
  assert.equal(await count(replica, "select count(*) from note"), 3);
  assert.equal(await count(primary, "select count(*) from note"), 2);
  // No replica of the halves is there: the answer is an error, not the old shard's rows.
  await topology.serve("customer", ["-80", "80-"]);
  await waitFor("replicas of the halves", () => !cluster.directory.expects(target));
  await assert.rejects(replica.query(one), /VT20005/);
  await Promise.all([replica.end(), primary.end()]);
});

function copyOf(database: string) {
  return { database, statements: [NOTE] };
}

Deno.test("traffic switch: shards are split and merged under writers", async () => {
  const target = { keyspace: "customer", shard: "-", tabletType: "primary" } as const;
  await using cluster = await startGateCluster({
    schema: SCHEMA,
    moreTablets: [{ uid: 400, target, ...copyOf("whole") }],
  });
  const { topology, first, second, tablets } = cluster;
  const [, low, high, whole] = tablets;
  assert.ok(low !== undefined && high !== undefined && whole !== undefined);
  const writers = await startWriters(cluster, "customer");
  await progress(writers, 20);

  // Merge: both stop serving, the rows go over, the new shard serves.
  stopServing([low, high]);
  await waitFor("writers that wait", () => waiting(cluster) === 3);
  for (const server of [first, second]) {
    for (const id of await numbers(server, "select id from vt_customer.note")) {
      await first.root.query(`insert into whole.note values (${id}, ${id})`, NEVER);
    }
  }
  await topology.serve("customer", ["-"]);
  await progress(writers, 20);

  // And back: what was written since goes where it belongs.
  stopServing([whole]);
  await waitFor("writers that wait", () => waiting(cluster) === 3);
  const ids = await numbers(first, "select id from whole.note");
  for (const { root } of [first, second]) await root.query("truncate vt_customer.note", NEVER);
  for (const tablet of [low, high]) {
    tablet.serving.refusal = undefined;
    tablet.serving.announce({ serving: true });
  }
  await topology.serve("customer", ["-80", "80-"]);
  const copy = await open(cluster, "customer");
  await waitFor("both shards", async () => {
    const [shards] = await copy.query<RowDataPacket[]>("show vitess_shards");
    return shards.length === 3;
  });
  for (const id of ids) {
    await copy.query(`insert into note (id, v) values (${id}, ${id})`);
  }
  await progress(writers, 20);
  for (const writer of writers) await writer.stop();
  const acknowledged = writers.flatMap((writer) => writer.acknowledged);
  assert.equal(await count(copy, "select count(*) from note"), acknowledged.length);
  const longest = Math.max(...writers.map(({ longestMs }) => longestMs));
  assert.ok(longest < 4500, `no writer ran into the limit: ${longest} ms`);
  await copy.end();
});

/** Writers wait for a tablet of their shard, or for the shard to change. */
function waiting({ directory, gate }: GateCluster): number {
  return directory.waiting + gate.replanner.waiting;
}

function stopServing(tablets: readonly GateCluster["tablets"][number][]): void {
  for (const { serving } of tablets) {
    serving.refusal = vtError("VT20001", "NOT_SERVING");
    serving.announce({ serving: false });
  }
}

Deno.test("traffic switch: a wait ends, and is bounded in number", async () => {
  await using cluster = await startGateCluster({ schema: SCHEMA, bufferMs: 400 });
  const [commerce] = cluster.tablets;
  assert.ok(commerce !== undefined);
  commerce.serving.denied = ["note"];
  const connection = await open(cluster, "commerce");
  const started = performance.now();
  await assert.rejects(
    connection.query("select count(*) from note"),
    /VT20004.*\(table note\).*GetRoutingRules/,
  );
  const waitedMs = performance.now() - started;
  assert.ok(waitedMs >= 390 && waitedMs < 3000, `waited ${waitedMs} ms`);
  // The shard is named: another plan would ask the same one.
  await connection.query("use `commerce:-`");
  const named = performance.now();
  await assert.rejects(connection.query("select count(*) from note"), /VT20004/);
  assert.ok(performance.now() - named < 300);
  // A switch that is taken back.
  await connection.query("use commerce");
  const waits = connection.query("select count(*) from note");
  await waitFor("it to wait", () => cluster.gate.replanner.waiting === 1);
  commerce.serving.denied = [];
  await waits;
  await connection.end();
});
