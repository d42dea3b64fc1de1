/** What a started cluster prints: what runs where, and the lines to paste. */
import type { ClusterSpec } from "./cluster_spec.ts";
import {
  type ClusterState,
  etcdAddress,
  gatePorts,
  gatesOf,
  type Place,
  type PlacedTablet,
  PUBLIC_PORTS,
  tabletsOf,
} from "./layout.ts";

/** `runTask` begins a line that runs a task: "deno task". */
export function printSummary(
  spec: ClusterSpec,
  state: ClusterState,
  place: Place,
  runTask: string,
): string {
  const ctld = PUBLIC_PORTS.ctld + place.portOffset;
  const rows: string[][] = [
    ["etcd", "", etcdAddress(state)],
    ["vtctld", "", `http://127.0.0.1:${ctld}/debug/status`],
  ];
  gatesOf(spec).forEach((gate, i) => {
    const ports = gatePorts(place, i);
    rows.push(["vtgate", gate.name, `127.0.0.1:${ports.mysql}, http://127.0.0.1:${ports.http}`]);
  });
  for (const tablet of tabletsOf(spec)) {
    const ports = state.tablets[tablet.name];
    rows.push([
      "vttablet",
      `${tablet.name} ${tablet.keyspace.name}/${tablet.shard.name}`,
      `http://127.0.0.1:${ports?.http}, mysqld ${mysqldOf(tablet, ports?.mysql)}`,
    ]);
  }
  const server = place.portOffset === 0 ? "" : ` --server localhost:${ctld}`;
  return [
    "",
    ...table(rows),
    "",
    "Paste into another terminal:",
    "",
    `  mysql -h 127.0.0.1 -P ${gatePorts(place, 0).mysql} -u user`,
    `  ${runTask} vtctl${server} GetTablets`,
    "",
  ].join("\n");
}

function mysqldOf({ spec: { external } }: PlacedTablet, port: number | undefined): string {
  return external === undefined ? `127.0.0.1:${port}` : `${external.host}:${external.port}`;
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = [0, 1].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd()
  );
}
