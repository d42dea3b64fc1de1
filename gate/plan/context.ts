/** What a plan depends on beside the statement. A plan cache keys on all of it. */
import type { TextCharset } from "../../shared/sql/names.ts";
import type { Slot } from "../../shared/sql/slots.ts";
import type { VSchema } from "../../shared/vschema/vschema.ts";

export interface PlanContext {
  readonly vschema: VSchema;
  readonly databases: DatabaseNames;
  /** The selected keyspace; "" when none is. */
  readonly keyspace: string;
  /**
   * What the session's target says beyond the keyspace: "one" shard (`use ks:-80`, `ks[hex]`),
   * perhaps "many" (`ks[40-80]`), or nothing, so that the planner chooses.
   */
  readonly destination: "none" | "one" | "many";
  readonly tabletType: string;
  /** System variables whose value the gate knows and no mysqld: lower case. */
  readonly gateVariables: ReadonlySet<string>;
  /** Of the statement's text. */
  readonly charset: TextCharset;
}

/** The statement's text; a `Normalized` with its sql will do. */
export interface StatementText {
  readonly sql: string;
  readonly slots: readonly Slot[];
  readonly start: number;
  readonly end: number;
}

/** mysqld's name of each keyspace's database, where it isn't vt_KEYSPACE. */
export type DatabaseNames = ReadonlyMap<string, string>;

/** mysqld's name of a keyspace's database. */
export function databaseOf(keyspace: string, names: DatabaseNames): string {
  return names.get(keyspace) ?? `vt_${keyspace}`;
}

/** Schemas that every mysqld has; their names compare without regard to case. */
export const SYSTEM_SCHEMAS: ReadonlySet<string> = new Set([
  "information_schema",
  "performance_schema",
  "mysql",
  "sys",
]);

export function isSystemSchema(name: string | undefined): boolean {
  return name !== undefined && SYSTEM_SCHEMAS.has(name.toLowerCase());
}
