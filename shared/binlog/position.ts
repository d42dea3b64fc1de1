/**
 * Positions in a change stream: the GTIDs of all transactions seen, behind the flavor as Vitess
 * writes it: "MariaDB/0-100-38", "MySQL56/uuid:1-5".
 */
import {
  containsMariadbGtidSet,
  type MariadbGtid,
  parseMariadbGtidSet,
  printMariadbGtidSet,
} from "../mysql/gtid_mariadb.ts";
import {
  containsMysqlGtidSet,
  type GtidInterval,
  parseMysqlGtidSet,
  printMysqlGtidSet,
} from "../mysql/gtid_mysql.ts";

export type GtidFlavor = "mariadb" | "mysql";

export interface Position {
  readonly flavor: GtidFlavor;
  /** As the server reads and prints it. */
  readonly gtid: string;
}

const PREFIXES: Readonly<Record<GtidFlavor, string>> = { mariadb: "MariaDB/", mysql: "MySQL56/" };

/** Reads a position with its flavor. SyntaxError when it is none. */
export function parsePosition(text: string): Position {
  for (const flavor of ["mariadb", "mysql"] as const) {
    if (!text.startsWith(PREFIXES[flavor])) continue;
    const gtid = text.slice(PREFIXES[flavor].length);
    return { flavor, gtid: canonical(flavor, gtid) };
  }
  throw new SyntaxError(
    `Cannot parse position "${text}": want MariaDB/domain-server-sequence or MySQL56/uuid:first-last`,
  );
}

/** `gtid` is the server's own text, as @@gtid_executed or @@gtid_binlog_pos has it. */
export function printPosition(flavor: GtidFlavor, gtid: string): string {
  return PREFIXES[flavor] + canonical(flavor, gtid);
}

function canonical(flavor: GtidFlavor, gtid: string): string {
  return flavor === "mariadb"
    ? printMariadbGtidSet(parseMariadbGtidSet(gtid))
    : printMysqlGtidSet(parseMysqlGtidSet(gtid));
}

/** True when whoever is at `outer` has everything of `inner`; false for two flavors. */
export function positionContains(outer: string, inner: string): boolean {
  const left = parsePosition(outer);
  const right = parsePosition(inner);
  if (left.flavor !== right.flavor) return false;
  return left.flavor === "mariadb"
    ? containsMariadbGtidSet(parseMariadbGtidSet(left.gtid), parseMariadbGtidSet(right.gtid))
    : containsMysqlGtidSet(parseMysqlGtidSet(left.gtid), parseMysqlGtidSet(right.gtid));
}

/** A position that grows with each transaction. */
export class PositionTracker {
  readonly flavor: GtidFlavor;
  readonly #mariadb: Map<number, MariadbGtid>;
  readonly #mysql: Map<string, GtidInterval[]>;

  constructor(start: Position) {
    this.flavor = start.flavor;
    this.#mariadb = new Map(start.flavor === "mariadb" ? parseMariadbGtidSet(start.gtid) : []);
    const sources = start.flavor === "mysql" ? parseMysqlGtidSet(start.gtid) : [];
    this.#mysql = new Map([...sources].map(([source, intervals]) => [source, [...intervals]]));
  }

  addMariadb(gtid: MariadbGtid): void {
    this.#mariadb.set(gtid.domain, gtid);
  }

  /** Numbers nearly always follow on the last interval; the rest is sorted in. */
  addMysql(source: string, number: bigint): void {
    const intervals = this.#mysql.get(source);
    const last = intervals?.at(-1);
    if (intervals === undefined || last === undefined) {
      this.#mysql.set(source, [{ first: number, last: number }]);
    } else if (last.last + 1n === number) {
      intervals[intervals.length - 1] = { first: last.first, last: number };
    } else {
      const text = printMysqlGtidSet(new Map([[source, intervals]]));
      const merged = parseMysqlGtidSet(`${text},${source}:${number}`).get(source);
      this.#mysql.set(source, [...merged ?? []]);
    }
  }

  print(): string {
    return PREFIXES[this.flavor] +
      (this.flavor === "mariadb"
        ? printMariadbGtidSet(this.#mariadb)
        : printMysqlGtidSet(this.#mysql));
  }
}
