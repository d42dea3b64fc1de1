/** A shard's own server, asked with nothing between: the tablet and the gate may just have died. */
import mysql from "mysql2/promise";
import type { LocalCluster } from "./local_cluster.ts";
import { primariesOf } from "./tablets_of.ts";
import type { Place } from "./workflow_case.ts";

export interface ShardServer {
  readonly shard: string;
  readonly socketPath: string;
  readonly database: string;
}

/** The primaries' of these shards. */
export async function shardServers(
  cluster: LocalCluster,
  { keyspace, shards }: Place,
): Promise<readonly ShardServer[]> {
  const primaries = await primariesOf(cluster, keyspace);
  return shards.map((shard) => {
    const alias = primaries.get(shard);
    if (alias === undefined) throw new Error(`${keyspace}/${shard} has no primary`);
    return {
      shard: `${keyspace}/${shard}`,
      socketPath: `${cluster.options.dataDir}/tablets/${alias}/mysql.sock`,
      database: `vt_${keyspace}`,
    };
  });
}

/** As an administrator, on one connection; what fails is an error of mysql2. */
export async function onServer<T>(
  { socketPath, database }: ShardServer,
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  const connection = await mysql.createConnection({ socketPath, database, user: "vt_dba" });
  connection.on("error", () => {}); // The query that it broke tells.
  try {
    return await work(async (sql, values = []) => {
      const [rows] = await connection.query<mysql.RowDataPacket[][]>(
        { sql, rowsAsArray: true },
        [...values],
      );
      return rows.map((row) => row.map((value: unknown) => textOf(value)));
    });
  } finally {
    connection.destroy();
  }
}

/** Rows of columns as texts; "?" in the statement stands for a value. */
export type Ask = (
  sql: string,
  values?: readonly (string | number)[],
) => Promise<readonly (readonly string[])[]>;

/** varbinary and JSON come as what they are to mysql2. */
function textOf(value: unknown): string {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
