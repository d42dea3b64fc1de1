/** SHOW of what a server has, where the gate's answer is its own. */
import type { RegisteredSession } from "../executor/session_registry.ts";
import { likeMatcher } from "./like.ts";
import type { ShowTable } from "./row_table.ts";

/** `extra`: the system databases, for SHOW DATABASES; SHOW KEYSPACES has none. */
export function showDatabases(
  keyspaces: readonly string[],
  extra: readonly string[],
  like: string | undefined,
): ShowTable {
  const column = like === undefined ? "Database" : `Database (${like})`;
  const names = [...keyspaces, ...extra].filter(likeMatcher(like));
  return { columns: [column], rows: names.map((name) => [name]) };
}

const INFO_LENGTH = 100;

/** `full`: the whole statement. Columns are mysqld's. */
export function showProcesslist(
  sessions: readonly RegisteredSession[],
  nowMs: number,
  full: boolean,
): ShowTable {
  const columns = ["Id", "User", "Host", "db", "Command", "Time", "State", "Info"];
  const rows = sessions.map((session) => [
    session.client.connectionId,
    session.client.user,
    session.client.remoteAddress,
    session.database === "" ? undefined : session.database,
    session.command,
    Math.floor((nowMs - session.sinceMs) / 1000),
    session.inTransaction ? "in transaction" : "",
    session.statement === ""
      ? undefined
      : full
      ? session.statement
      : session.statement.slice(0, INFO_LENGTH),
  ]);
  return { columns, numbers: [0, 5], rows };
}

export function showWarnings(
  warnings: readonly {
    readonly level: string;
    readonly code: number;
    readonly message: string;
  }[],
): ShowTable {
  const rows = warnings.map(({ level, code, message }) => [level, code, message]);
  return { columns: ["Level", "Code", "Message"], numbers: [1], rows };
}

/** The keyspaces' tables live in InnoDB, whatever else a mysqld could do. */
export function showEngines(): ShowTable {
  return {
    columns: ["Engine", "Support", "Comment", "Transactions", "XA", "Savepoints"],
    rows: [[
      "InnoDB",
      "DEFAULT",
      "Supports transactions, row-level locking, and foreign keys",
      "YES",
      "YES",
      "YES",
    ]],
  };
}

export function showPlugins(): ShowTable {
  return {
    columns: ["Name", "Status", "Type", "Library", "License"],
    rows: [["InnoDB", "ACTIVE", "STORAGE ENGINE", undefined, "GPL"]],
  };
}
