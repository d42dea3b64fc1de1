import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";

/**
 * A tablet as GetTablets lists it, for awk (go/cmd/vtctldclient/cli/awk.go): alias, keyspace,
 * shard, type, host:port, mysqld's host:port, tags, and when a primary became one.
 */
export function printTabletLine(tablet: TabletRecord): string {
  const tags = Object.entries(tablet.tags).sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}: "${value}"`).join(" ");
  return [
    printTabletAlias(tablet.alias),
    tablet.keyspace === "" ? "<null>" : tablet.keyspace,
    tablet.shard === "" ? "<null>" : tablet.shard,
    tablet.type,
    `${joinHost(tablet.hostname)}:${tablet.portMap.vt}`,
    `${joinHost(tablet.mysqlHostname)}:${tablet.mysqlPort}`,
    `[${tags}]`,
    // Seconds are enough for a person, and what Vitess prints.
    tablet.primaryTermStartTime?.replace(/\.\d+Z$/, "Z") ?? "<null>",
  ].join(" ");
}

/** IPv6 addresses need brackets before a port. */
function joinHost(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
