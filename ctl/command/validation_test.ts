import assert from "node:assert/strict";
import type { ShardRecord, TabletRecord } from "../../shared/model/records.ts";
import type { TabletType } from "../../shared/model/tablet.ts";
import { findPartitionIssues, findShardIssues, type ShardFacts } from "./validation.ts";

function tablet(uid: number, type: TabletType): TabletRecord {
  return {
    alias: { cell: "zone1", uid },
    hostname: "h",
    portMap: { vt: 1, grpc: 2 },
    keyspace: "customer",
    shard: "-80",
    type,
    dbNameOverride: "",
    tags: {},
    mysqlHostname: "h",
    mysqlPort: 17000 + uid,
  };
}

const SHARD: ShardRecord = { sourceShards: [], tabletControls: [], isPrimaryServing: true };
const STATUS = {
  position: "0-100-5",
  ioRunning: true,
  sqlRunning: true,
  lagSeconds: 0,
  sourceHost: "h",
  sourcePort: 17100,
  lastError: "",
};

const GOOD: ShardFacts = {
  keyspace: "customer",
  shard: "-80",
  record: { ...SHARD, primaryAlias: { cell: "zone1", uid: 100 } },
  tablets: [tablet(100, "primary"), tablet(101, "replica")],
  replication: new Map([["zone1", [{ cell: "zone1", uid: 100 }, { cell: "zone1", uid: 101 }]]]),
  answers: new Map([
    ["zone1-0000000100", { status: undefined }],
    ["zone1-0000000101", { status: STATUS }],
  ]),
};

function issues(change: Partial<ShardFacts>): string {
  return findShardIssues({ ...GOOD, ...change }).join("\n");
}

Deno.test("a good shard has no issues", () => assert.equal(issues({}), ""));

Deno.test("findShardIssues() tells who is primary and who says so", () => {
  assert.match(
    issues({ record: SHARD }),
    /no primary for shard customer\/-80; PlannedReparentShard/,
  );
  assert.match(
    issues({ record: { ...SHARD, primaryAlias: { cell: "zone1", uid: 7 } } }),
    /primary zone1-0000000007 .* has no tablet record[^]*zone1-0000000100 also says/,
  );
  assert.match(
    issues({ tablets: [tablet(100, "replica"), tablet(101, "replica")] }),
    /primary mismatch for shard customer\/-80/,
  );
});

Deno.test("findShardIssues() compares ShardReplication with the tablets", () => {
  assert.match(issues({ tablets: [tablet(100, "primary")] }), /has zone1-0000000101, which is no/);
  assert.match(
    issues({ replication: new Map() }),
    /zone1-0000000100 is missing in ShardReplication/,
  );
});

Deno.test("findShardIssues() looks at replication when tablets were asked", () => {
  const answer = (change: Partial<typeof STATUS>): string =>
    issues({ answers: new Map([["zone1-0000000101", { status: { ...STATUS, ...change } }]]) });
  assert.equal(answer({}), "");
  assert.match(answer({ ioRunning: false, lastError: "no login" }), /doesn't replicate: no login/);
  assert.match(answer({ sourcePort: 9 }), /replicates from h:9, and not from the primary/);
  const silent = new Map([["zone1-0000000101", { error: "refused" }]]);
  assert.match(issues({ answers: silent }), /zone1-0000000101 doesn't answer: refused/);
});

Deno.test("findPartitionIssues() finds gaps, overlaps and words", () => {
  const of = (...names: readonly string[]): string =>
    findPartitionIssues("customer", new Map(names.map((name) => [name, SHARD]))).join();
  assert.equal(of("-80", "80-"), "");
  assert.equal(of("0"), "");
  assert.equal(of("east", "west"), "");
  assert.match(of(), /has no shards/);
  assert.match(of("-80"), /leave a gap or overlap/);
  assert.match(of("-", "-80"), /leave a gap or overlap/);
  const off = new Map([["-", { ...SHARD, isPrimaryServing: false }]]);
  assert.match(findPartitionIssues("customer", off).join(), /no serving shard/);
});
