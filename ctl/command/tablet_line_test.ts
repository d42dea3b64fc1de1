import assert from "node:assert/strict";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletLine } from "./tablet_line.ts";

const TABLET: TabletRecord = {
  alias: { cell: "zone1", uid: 118374573 },
  hostname: "10.233.117.118",
  portMap: { vt: 15000, grpc: 15999 },
  keyspace: "customer",
  shard: "80-",
  type: "primary",
  dbNameOverride: "",
  tags: {},
  mysqlHostname: "10.233.117.118",
  mysqlPort: 3306,
  primaryTermStartTime: "2022-03-09T09:34:58.123Z",
};

Deno.test("printTabletLine() prints the line that Vitess's users know", () => {
  assert.equal(
    printTabletLine(TABLET),
    "zone1-0118374573 customer 80- primary 10.233.117.118:15000 10.233.117.118:3306 [] 2022-03-09T09:34:58Z",
  );
  const { primaryTermStartTime: _, ...rest } = TABLET;
  assert.equal(
    printTabletLine({ ...rest, type: "replica", hostname: "::1", tags: { b: "2", a: "1" } }),
    'zone1-0118374573 customer 80- replica [::1]:15000 10.233.117.118:3306 [a: "1" b: "2"] <null>',
  );
});
