/** VDiff of a tablet, put together: what it compares itself, and what others read from it. */
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import type { Server } from "../mysqld/replication.ts";
import { quote } from "../mysqld/statement.ts";
import type { StreamLogin } from "../stream/dump.ts";
import type { VReplication } from "../vreplication/build.ts";
import { VDiffEngine } from "./engine.ts";
import { SourceSessions } from "./source_sessions.ts";
import { VDiffRows } from "./vdiff_rows.ts";

export interface VDiffParts {
  readonly record: TabletRecord;
  readonly server: Server;
  /** Reads binlogs and tables. */
  readonly login: StreamLogin;
  /** The keyspace's, as mysqld calls it: vt_KEYSPACE unless the tablet is told another. */
  readonly database: string;
  readonly vreplication: VReplication;
  readonly log: Log;
}

export interface VDiff {
  readonly engine: VDiffEngine;
  readonly sources: SourceSessions;
}

export function buildVDiff(parts: VDiffParts): VDiff {
  const { record, server, login, database, vreplication, log } = parts;
  const { keyspace, shard } = record;
  const listed = "SELECT table_name AS name FROM information_schema.tables WHERE " +
    `table_schema = ${quote(database)} AND table_type = 'BASE TABLE' ORDER BY table_name`;
  const engine = new VDiffEngine({
    rows: new VDiffRows(server.dba, { keyspace, shard, database }),
    streams: vreplication.engine,
    login,
    database,
    listTables: async (call) =>
      (await server.dba.query(listed, call)).rows.map(([name]) => name ?? ""),
    tablets: (call) => vreplication.tablets.get(call),
    clock: HOST_CLOCK,
    log,
  });
  const sources = new SourceSessions({
    server,
    login,
    database,
    context: (call) => vreplication.context.get(call),
  });
  return { engine, sources };
}
