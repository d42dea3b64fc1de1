/**
 * What mysqld says of itself and of a keyspace's tables, and why a workflow may not stream from
 * there: decided before anything is made, since in the middle rows would be lost or differ.
 */
import { vtError } from "../../shared/error/errors.ts";
import { settingRemedy } from "../../shared/error/setting_remedy.ts";
import {
  type ServerVariables,
  wrongReplicaSetting,
  wrongSetting,
} from "../../shared/binlog/source_settings.ts";

export interface ServerFacts {
  /** "customer/-80". */
  readonly at: string;
  readonly kind: "mariadb" | "mysql";
  /** 90704 for 9.7.4. */
  readonly version: number;
  readonly variables: ServerVariables;
  /** It applies what another server wrote. */
  readonly replicates: boolean;
  /** Names of collations and character sets. */
  readonly collations: ReadonlySet<string>;
}

export interface ColumnFacts {
  readonly name: string;
  /** "int", "uuid". */
  readonly type: string;
  /** "" where it is none. */
  readonly collation: string;
  /** A unique key has it. */
  readonly unique: boolean;
}

export interface TableFacts {
  readonly name: string;
  /** "BASE TABLE", "VIEW", "SYSTEM VERSIONED" ... */
  readonly type: string;
  readonly engine: string;
  readonly triggers: readonly string[];
  readonly columns: readonly ColumnFacts[];
}

/** Kind and number of SELECT VERSION(). */
export function parseVersion(text: string): Pick<ServerFacts, "kind" | "version"> {
  const [, major = 0, minor = 0, patch = 0] = /(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return {
    kind: /mariadb/i.test(text) ? "mariadb" : "mysql",
    version: Number(major) * 10_000 + Number(minor) * 100 + Number(patch),
  };
}

/** VT22002 when its binlog can't be followed. `why`: what it would be followed for. */
export function checkServer(server: ServerFacts, why: string): void {
  const { variables, replicates } = server;
  const wrong = wrongSetting(variables) ??
    (replicates ? wrongReplicaSetting(variables) : undefined);
  if (wrong === undefined) return;
  const { name, value, want } = wrong;
  throw vtError(
    "VT22002",
    `${why} follows the binlog of ${server.at}, but there ${name} is ${value} and must be ${want}: ${
      settingRemedy(name, want)
    }; then run this again`,
  );
}

/** VT22002 for a table whose rows can't be kept alike on two servers. */
export function checkTable(server: ServerFacts, table: TableFacts): void {
  const why = whyTableNot(table);
  if (why !== undefined) throw vtError("VT22002", `table ${table.name} of ${server.at} ${why}`);
}

/** VT22002 for a table that is none of `known` and would be left behind without a word. */
export function checkOthers(
  server: ServerFacts,
  tables: readonly TableFacts[],
  known: readonly string[],
): void {
  for (const table of tables) {
    if (!known.includes(table.name) && !LEFT_BEHIND.has(table.type)) checkTable(server, table);
  }
}

/** Views are nobody's rows; tables that are sequences stay unless they are named. */
const LEFT_BEHIND: ReadonlySet<string> = new Set(["BASE TABLE", "VIEW", "SEQUENCE"]);

function whyTableNot(table: TableFacts): string | undefined {
  if (table.type === "VIEW") return undefined;
  if (table.type !== "BASE TABLE") {
    return `is a ${table.type} table, whose history can't be copied; leave it out (--exclude-tables ${table.name}), or make it an ordinary one`;
  }
  if (table.engine.toLowerCase() !== "innodb") {
    return `has the engine ${table.engine}, which gives no consistent snapshot; run ALTER TABLE ${table.name} ENGINE = InnoDB, or leave it out`;
  }
  const [trigger] = table.triggers;
  if (trigger !== undefined) {
    return `has the trigger ${trigger}: it would not run on the target, and run a second time for rows that come back; drop it, after its work is done by the application, or leave the table out`;
  }
  return undefined;
}
