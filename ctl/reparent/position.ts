import {
  containsMariadbGtidSet,
  type MariadbGtidSet,
  parseMariadbGtidSet,
} from "../../shared/mysql/gtid_mariadb.ts";
import {
  containsMysqlGtidSet,
  type MysqlGtidSet,
  parseMysqlGtidSet,
} from "../../shared/mysql/gtid_mysql.ts";

/** What a server has applied and logged, in the terms of its own flavor. */
export type Position =
  | { readonly flavor: "empty" }
  | { readonly flavor: "mariadb"; readonly set: MariadbGtidSet }
  | { readonly flavor: "mysql"; readonly set: MysqlGtidSet };

/** Reads a server's own text, with or without Vitess's "MariaDB/" or "MySQL56/" in front. */
export function parsePosition(text: string): Position {
  const bare = text.trim().replace(/^(MariaDB|MySQL56)\//, "");
  if (bare === "") return { flavor: "empty" };
  // A MySQL source is followed by a colon, which no MariaDB GTID has.
  if (bare.includes(":")) return { flavor: "mysql", set: parseMysqlGtidSet(bare) };
  return { flavor: "mariadb", set: parseMariadbGtidSet(bare) };
}

/** True when a server at `outer` has every transaction of one at `inner`. */
export function containsPosition(outer: Position, inner: Position): boolean {
  if (inner.flavor === "empty") return true;
  if (outer.flavor === "mariadb" && inner.flavor === "mariadb") {
    return containsMariadbGtidSet(outer.set, inner.set);
  }
  if (outer.flavor === "mysql" && inner.flavor === "mysql") {
    return containsMysqlGtidSet(outer.set, inner.set);
  }
  return false;
}
