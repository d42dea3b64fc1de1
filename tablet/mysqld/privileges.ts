/**
 * What the tablet's user must be allowed on a server that somebody else runs, read from the lines
 * of SHOW GRANTS. Both servers list there what the session's active roles give, too.
 */
import { quoteName } from "./statement.ts";
import type { ServerVersion } from "./version.ts";

/** Databases whose tables the tablet works on. */
export interface GrantedDatabases {
  readonly keyspace: string;
  readonly sidecar: string;
}

/** Clients' statements, streams that write rows back, DROP at the end of a move. */
const KEYSPACE_PRIVILEGES = [
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "CREATE",
  // Where expressions of streams are evaluated, and VDiff gathers what there should be.
  "CREATE TEMPORARY TABLES",
  "DROP",
  "ALTER",
  "INDEX",
  // Foreign keys of tables that come: MySQL looks at the table that they refer to.
  "REFERENCES",
  "LOCK TABLES",
  "SHOW VIEW",
  // Without it, nobody sees that there are any.
  "TRIGGER",
] as const;

const SIDECAR_PRIVILEGES = [
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "CREATE",
  "DROP",
  "ALTER",
] as const;

/** Transactions under way, the binlog, how far a replica is. */
function globalPrivileges({ flavor }: ServerVersion): readonly string[] {
  const status = flavor === "mariadb" ? "SLAVE MONITOR" : "REPLICATION CLIENT";
  return ["PROCESS", "REPLICATION SLAVE", status];
}

/** Other names that mean the same or more. */
const IMPLIED_BY: Readonly<Record<string, readonly string[]>> = {
  "SLAVE MONITOR": ["REPLICA MONITOR", "SUPER"],
  "REPLICATION SLAVE": ["REPLICATION REPLICA"],
  "REPLICATION CLIENT": ["SUPER"],
};

interface Grant {
  readonly privileges: ReadonlySet<string>;
  /** Undefined: on everything. */
  readonly database: RegExp | undefined;
}

/** "GRANT a, b ON `x`.* TO ..."; undefined for roles, tables, routines, columns. */
function parseGrant(line: string): Grant | undefined {
  const found = /^GRANT (.+?) ON (\*|`(?:[^`]|``)+`)\.\* TO /i.exec(line);
  if (found === null) return undefined;
  const [, list = "", target = ""] = found;
  const privileges = new Set(list.toUpperCase().split(",").map((name) => name.trim()));
  if (target === "*") return { privileges, database: undefined };
  return { privileges, database: databasePattern(target.slice(1, -1).replaceAll("``", "`")) };
}

/** "%" and "_" stand for letters in the name of a database, unless "\" is before them. */
function databasePattern(name: string): RegExp {
  let source = "";
  for (let at = 0; at < name.length; at++) {
    const letter = name[at] ?? "";
    if (letter === "\\" && at + 1 < name.length) source += RegExp.escape(name[++at] ?? "");
    else if (letter === "%") source += ".*";
    else if (letter === "_") source += ".";
    else source += RegExp.escape(letter);
  }
  return new RegExp(`^${source}$`, "su");
}

/** Statements that give `account` what it lacks; empty when it lacks nothing. */
export function missingGrants(
  lines: readonly string[],
  account: string,
  version: ServerVersion,
  databases: GrantedDatabases,
): readonly string[] {
  const grants = lines.flatMap((line) => parseGrant(line) ?? []);
  const lacks = (privileges: readonly string[], database?: string): readonly string[] => {
    const there = grants.filter((grant) =>
      grant.database === undefined || (database !== undefined && grant.database.test(database))
    );
    return privileges.filter((privilege) =>
      !there.some(({ privileges: given }) =>
        given.has("ALL PRIVILEGES") || given.has("ALL") || given.has(privilege) ||
        (IMPLIED_BY[privilege] ?? []).some((other) => given.has(other))
      )
    );
  };
  const everywhere = lacks(globalPrivileges(version));
  const inKeyspace = lacks(KEYSPACE_PRIVILEGES, databases.keyspace);
  const inSidecar = lacks(SIDECAR_PRIVILEGES, databases.sidecar);
  return [
    ...(everywhere.length === 0 ? [] : [`GRANT ${everywhere.join(", ")} ON *.* TO ${account}`]),
    ...(inKeyspace.length === 0
      ? []
      : [`GRANT ${inKeyspace.join(", ")} ON ${quoteName(databases.keyspace)}.* TO ${account}`]),
    ...(inSidecar.length === 0
      ? []
      : [`GRANT ALL ON ${quoteName(databases.sidecar)}.* TO ${account}`]),
  ];
}
