/**
 * MariaDB's GTID positions: "0-100-38,1-100-5". One domain-server-sequence per domain; it stands
 * for every transaction of that domain up to this one (MariaDB manual, "Global Transaction ID").
 */

export interface MariadbGtid {
  readonly domain: number;
  readonly server: number;
  readonly sequence: bigint;
}

/** The last transaction of each domain, by domain. */
export type MariadbGtidSet = ReadonlyMap<number, MariadbGtid>;

/** Reads a position; "" is the empty one. SyntaxError when it is not one. */
export function parseMariadbGtidSet(text: string): MariadbGtidSet {
  const set = new Map<number, MariadbGtid>();
  const trimmed = text.trim();
  if (trimmed === "") return set;
  for (const part of trimmed.split(",")) {
    const gtid = parseGtid(part.trim());
    if (set.has(gtid.domain)) {
      throw new SyntaxError(`Cannot parse GTID position "${text}": domain ${gtid.domain} twice`);
    }
    set.set(gtid.domain, gtid);
  }
  return set;
}

function parseGtid(text: string): MariadbGtid {
  const match = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/.exec(text);
  const domain = Number(match?.[1]);
  const server = Number(match?.[2]);
  if (match === null || domain > 0xffff_ffff || server > 0xffff_ffff) {
    throw new SyntaxError(
      `Cannot parse GTID "${text}": want domain-server-sequence, as in 0-100-38`,
    );
  }
  return { domain, server, sequence: BigInt(match[3] ?? "") };
}

/** Domains in ascending order, as @@gtid_current_pos has them after a restart. */
export function printMariadbGtidSet(set: MariadbGtidSet): string {
  return [...set.values()]
    .sort((a, b) => a.domain - b.domain)
    .map((gtid) => `${gtid.domain}-${gtid.server}-${gtid.sequence}`)
    .join(",");
}

/**
 * True when a server at `outer` has every transaction of a server at `inner`. The same sequence
 * written by two servers is two transactions: neither position contains the other.
 */
export function containsMariadbGtidSet(outer: MariadbGtidSet, inner: MariadbGtidSet): boolean {
  for (const gtid of inner.values()) {
    const own = outer.get(gtid.domain);
    if (own === undefined || own.sequence < gtid.sequence) return false;
    if (own.sequence === gtid.sequence && own.server !== gtid.server) return false;
  }
  return true;
}
