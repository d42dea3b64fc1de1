import assert from "node:assert/strict";
import type { ShardRecord, TabletRecord } from "../../shared/model/records.ts";
import type { TabletAlias, TabletType } from "../../shared/model/tablet.ts";
import { decideDesired, NO_COMMAND, sameDesired, type View } from "./desired.ts";

const SELF: TabletAlias = { cell: "zone1", uid: 100 };
const OTHER: TabletAlias = { cell: "zone1", uid: 101 };

function record(alias: TabletAlias, type: TabletType): TabletRecord {
  return {
    alias,
    hostname: "h",
    portMap: { vt: 1, grpc: 2 },
    keyspace: "commerce",
    shard: "-",
    type,
    dbNameOverride: "",
    tags: {},
    mysqlHostname: `mysql${alias.uid}`,
    mysqlPort: 3306,
  };
}

function shard(
  primaryAlias: TabletAlias | undefined,
  more: Partial<ShardRecord> = {},
): ShardRecord {
  return {
    sourceShards: [],
    tabletControls: [],
    isPrimaryServing: true,
    ...(primaryAlias && { primaryAlias, primaryTermStartTime: "T1" }),
    ...more,
  };
}

function view(more: Partial<View>): View {
  return {
    self: SELF,
    record: record(SELF, "replica"),
    shard: shard(undefined),
    primary: undefined,
    semiSync: false,
    disabledTypes: [],
    command: NO_COMMAND,
    baseType: "replica",
    lagMaxSeconds: 60,
    ...more,
  };
}

const SOURCE = { alias: OTHER, host: "mysql101", port: 3306 };

Deno.test("decideDesired() takes the primary from the shard record alone", () => {
  const lonely = decideDesired(view({ record: record(SELF, "primary") }));
  assert.deepEqual(lonely.role, {
    is: "replica",
    type: "replica",
    source: undefined,
    replicationStopped: false,
  });
  const primary = decideDesired(view({ shard: shard(SELF) }));
  assert.deepEqual(primary.role, { is: "primary", termStartTime: "T1" });
  const lost = decideDesired(view({
    record: record(SELF, "primary"),
    shard: shard(OTHER),
    primary: record(OTHER, "primary"),
    baseType: "rdonly",
  }));
  assert.deepEqual(lost.role, {
    is: "replica",
    type: "rdonly",
    source: SOURCE,
    replicationStopped: false,
  });
});

Deno.test("decideDesired() keeps types that take no queries", () => {
  const drained = decideDesired(view({ record: record(SELF, "drained"), shard: shard(OTHER) }));
  assert.equal(drained.role.is, "spare");
});

Deno.test("decideDesired() obeys commands over the record, except that they make no primary", () => {
  const demoted = view({ shard: shard(SELF), command: { ...NO_COMMAND, demoted: true } });
  assert.equal(decideDesired(demoted).role.is, "demoted");
  const follow = { ...SOURCE, host: "elsewhere" };
  const pointed = view({ shard: shard(SELF), command: { ...NO_COMMAND, follow } });
  assert.deepEqual(decideDesired(pointed).role, {
    is: "replica",
    type: "replica",
    source: follow,
    replicationStopped: false,
  });
});

Deno.test("decideDesired() collects what is denied to its type in its cell", () => {
  const control = { tabletType: "primary", cells: [], deniedTables: ["b"], frozen: false } as const;
  const desired = decideDesired(view({
    shard: shard(SELF, {
      tabletControls: [
        control,
        { ...control, cells: ["zone1"], deniedTables: ["a"] },
        { ...control, cells: ["zone2"], deniedTables: ["c"] },
        { ...control, tabletType: "replica", deniedTables: ["d"] },
      ],
    }),
    disabledTypes: ["primary"],
  }));
  assert.deepEqual(desired.deniedTables, ["a", "b"]);
  assert.equal(desired.queryServiceDisabled, true);
});

Deno.test("sameDesired() sees each difference", () => {
  const base = decideDesired(view({ shard: shard(OTHER), primary: record(OTHER, "primary") }));
  const others = [
    decideDesired(view({ shard: shard(SELF) })),
    decideDesired(view({ shard: shard(OTHER) })),
    { ...base, semiSync: true },
    { ...base, queryServiceDisabled: true },
    { ...base, deniedTables: ["t"] },
    { ...base, lagMaxSeconds: 1 },
  ];
  assert.ok(sameDesired(base, { ...base }));
  for (const other of others) assert.ok(!sameDesired(base, other));
});
