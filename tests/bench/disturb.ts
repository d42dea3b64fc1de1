/** What may go on at the source when writes are switched away from it. */
import { setTimeout as pause } from "node:timers/promises";
import mysql from "mysql2/promise";
import type { LocalCluster } from "../cluster/local_cluster.ts";
import type { Place } from "../cluster/workflow_case.ts";
import { waitFor } from "../harness/wait.ts";

export const DISTURBANCES = ["transaction", "select", "admin", "alter"] as const;
/**
 * A client's transaction that has written and stands still; a SELECT of some seconds; an
 * administrator's transaction on the server itself; an ALTER TABLE that waits for its lock.
 */
export type Disturbance = (typeof DISTURBANCES)[number];

export interface Held {
  /** Ends it; what it met with. */
  readonly end: () => Promise<string>;
}

const SELECT_SECONDS = 4;
/** How long the reader stays that an ALTER TABLE waits for. */
const READER_MS = 8000;

export async function disturb(
  what: Disturbance,
  cluster: LocalCluster,
  place: Place,
): Promise<Held> {
  switch (what) {
    case "transaction":
      return await holdTransaction(await clientOf(cluster));
    case "select":
      return holdSelect(await clientOf(cluster));
    case "admin":
      return await holdAdmin(await adminOf(cluster, place));
    case "alter":
      return await holdAlter(cluster, place);
  }
}

async function clientOf(cluster: LocalCluster): Promise<mysql.Connection> {
  const connection = await mysql.createConnection({
    host: "127.0.0.1",
    port: cluster.mysqlPort,
    user: "user",
  });
  connection.on("error", () => {}); // The next statement tells.
  return connection;
}

/** On the primary of the place's first shard. */
async function adminOf(cluster: LocalCluster, place: Place): Promise<mysql.Connection> {
  const alias = await primaryOf(cluster, place);
  const sql = "select @@global.socket";
  const socket = JSON.parse(await cluster.vtctl("ExecuteFetchAsDba", "--json", alias, sql)) as {
    readonly rows: readonly (readonly string[] | Readonly<Record<string, string>>)[];
  };
  const socketPath = String(Object.values(socket.rows[0] ?? {})[0]);
  const connection = await mysql.createConnection({
    socketPath,
    user: "vt_dba",
    database: `vt_${place.keyspace}`,
  });
  connection.on("error", () => {}); // The next statement tells.
  return connection;
}

async function primaryOf(cluster: LocalCluster, { keyspace, shards }: Place): Promise<string> {
  const lines = (await cluster.vtctl("GetTablets", "--keyspace", keyspace)).trim().split("\n");
  const found = lines.map((line) => line.split(" "))
    .find((fields) => fields[2] === shards[0] && fields[3] === "primary");
  if (found?.[0] === undefined) throw new Error(`${keyspace}/${shards[0]} has no primary`);
  return found[0];
}

/** "ok", or "errno 1234: ...". */
async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "ok";
  } catch (error) {
    const { errno, message } = error as { readonly errno?: number; readonly message: string };
    return `errno ${errno}: ${message}`;
  }
}

async function holdTransaction(connection: mysql.Connection): Promise<Held> {
  await connection.query("begin");
  await connection.query("update customer set email = 'held' where customer_id = 4");
  return {
    end: async () => {
      const update = "update customer set email = 'late' where customer_id = 4";
      const said = [
        `update: ${await outcome(connection.query(update))}`,
        `commit: ${await outcome(connection.query("commit"))}`,
        `select: ${await outcome(connection.query("select 1"))}`,
      ];
      connection.destroy();
      return said.join("; ");
    },
  };
}

function holdSelect(connection: mysql.Connection): Held {
  const sql =
    `select count(*), sleep(${SELECT_SECONDS}) from customer where customer_id = 4 group by customer_id`;
  const selected = outcome(connection.query(sql));
  return {
    end: async () => {
      const said = `select: ${await selected}`;
      connection.destroy();
      return said;
    },
  };
}

async function holdAdmin(connection: mysql.Connection): Promise<Held> {
  await connection.query("begin");
  await connection.query("update customer set email = 'admin' where customer_id = 4");
  return {
    end: async () => {
      const said = `commit: ${await outcome(connection.query("commit"))}`;
      connection.destroy();
      return said;
    },
  };
}

/** It waits for a reader that stays, and everybody else waits behind it. */
async function holdAlter(cluster: LocalCluster, place: Place): Promise<Held> {
  const [reader, other] = [await adminOf(cluster, place), await adminOf(cluster, place)];
  await reader.query("begin");
  await reader.query("select count(*) from customer where customer_id = 4");
  const altered = outcome(other.query("alter table customer comment = 'altered'"));
  await waitFor("the ALTER TABLE to wait for its lock", async () => {
    const [waiting] = await reader.query<mysql.RowDataPacket[]>(
      "select 1 from information_schema.processlist where info like 'alter table customer%' " +
        "and state like '%metadata lock%'",
    );
    return waiting.length > 0;
  });
  const ended = pause(READER_MS).then(() => outcome(reader.query("commit")));
  return {
    end: async () => {
      const said = `reader: ${await ended}; alter: ${await altered}`;
      reader.destroy();
      other.destroy();
      return said;
    },
  };
}
