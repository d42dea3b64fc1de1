/**
 * What runs once on a fresh mysqld, unlogged: the users that the programs log in as. An
 * operator's file (--init-db-sql-file, Vitess's init_db.sql) takes the place of the built-in one.
 */
import { vtErrorFrom } from "../../shared/error/errors.ts";
import type { CallOptions, StatementRunner } from "./dba.ts";
import type { Flavor } from "./flavor.ts";
import type { ClientSessions, Server } from "./replication.ts";
import { unlogged } from "./sidecar.ts";
import { splitStatements } from "./split_statements.ts";

/** As in Vitess's config/init_db.sql: who may do what. All but vt_repl log in through the socket only. */
const DEFAULT_INIT_DB_SQL = `
DROP DATABASE IF EXISTS test;

-- Administration.
CREATE USER IF NOT EXISTS 'vt_dba'@'localhost';
GRANT ALL ON *.* TO 'vt_dba'@'localhost' WITH GRANT OPTION;

-- The statements of clients.
CREATE USER IF NOT EXISTS 'vt_app'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, FILE, REFERENCES, INDEX,
  ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION CLIENT,
  CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER
  ON *.* TO 'vt_app'@'localhost';

-- A person who looks.
CREATE USER IF NOT EXISTS 'vt_appdebug'@'localhost';
GRANT SELECT, SHOW DATABASES, PROCESS ON *.* TO 'vt_appdebug'@'localhost';

-- Administration that read_only shall stop.
CREATE USER IF NOT EXISTS 'vt_allprivs'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, FILE, REFERENCES, INDEX,
  ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE,
  REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT,
  TRIGGER ON *.* TO 'vt_allprivs'@'localhost';

-- Replicas, from other hosts.
CREATE USER IF NOT EXISTS 'vt_repl'@'%';
GRANT REPLICATION SLAVE ON *.* TO 'vt_repl'@'%';

-- Workflows: read the binlog, write rows.
CREATE USER IF NOT EXISTS 'vt_filtered'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, FILE, REFERENCES, INDEX,
  ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE,
  REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT,
  TRIGGER ON *.* TO 'vt_filtered'@'localhost';

-- Metrics.
CREATE USER IF NOT EXISTS 'vt_monitoring'@'localhost';
GRANT SELECT, PROCESS, SUPER, REPLICATION CLIENT, RELOAD ON *.* TO 'vt_monitoring'@'localhost';
`;

/** The users of DEFAULT_INIT_DB_SQL that code logs in as. */
export const MYSQL_USERS = {
  dba: "vt_dba",
  app: "vt_app",
  allprivs: "vt_allprivs",
  repl: "vt_repl",
  filtered: "vt_filtered",
} as const;

/** Of a server that is ours: they end when a primary steps down. */
export const OWN_CLIENTS: ClientSessions = {
  users: [MYSQL_USERS.app, MYSQL_USERS.allprivs, MYSQL_USERS.filtered],
  database: undefined,
  readers: [],
};

export interface InitDbSql {
  /** For messages: the file's name. */
  readonly name: string;
  readonly text: string;
}

export const BUILT_IN_INIT_DB_SQL: InitDbSql = {
  name: "the built-in init_db.sql",
  text: DEFAULT_INIT_DB_SQL,
};

/** Runs as root, unlogged: each server has its own users. VT20032 names the statement that failed. */
export async function runInitDbSql(
  root: Server,
  init: InitDbSql,
  options: CallOptions,
): Promise<void> {
  await unlogged(root, (session) => runStatements(session, root.flavor, init, options), options);
}

async function runStatements(
  session: StatementRunner,
  flavor: Flavor,
  init: InitDbSql,
  options: CallOptions,
): Promise<void> {
  let number = 0;
  for (const statement of splitStatements(init.text)) {
    number++;
    const translated = flavor.setup.translateInit(statement);
    if (translated === undefined) continue;
    try {
      await session.query(translated, options);
    } catch (error) {
      if (options.signal.aborted) throw error;
      const cause = error instanceof Error ? error.message : String(error);
      throw vtErrorFrom(error, "VT20032", init.name, number, cause);
    }
  }
}
