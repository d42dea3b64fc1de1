import assert from "node:assert/strict";
import type { Codec } from "./json_reader.ts";
import {
  CELL_INFO,
  CELLS_ALIAS,
  KEYSPACE,
  ROUTING_RULES,
  SHARD,
  SHARD_REPLICATION,
  SRV_KEYSPACE,
  SRV_VSCHEMA,
  VSCHEMA,
} from "./record_json.ts";
import { TABLET } from "./tablet_json.ts";

const encode = (text: string) => new TextEncoder().encode(text);

function roundTrip<T>(name: string, codec: Codec<T>, record: NoInfer<T>, json: string): void {
  Deno.test(`${name} is written as Vitess's JSON and read back`, () => {
    assert.equal(new TextDecoder().decode(codec.encode(record)), json);
    assert.deepEqual(codec.decode("p", encode(json)), record);
  });
}

roundTrip(
  "CellInfo",
  CELL_INFO,
  { serverAddress: "localhost:2379", root: "/vitess/example/local/zone1" },
  '{"server_address":"localhost:2379","root":"/vitess/example/local/zone1"}',
);
roundTrip("CellsAlias", CELLS_ALIAS, { cells: ["zone1"] }, '{"cells":["zone1"]}');
roundTrip(
  "Keyspace",
  KEYSPACE,
  { keyspaceType: "normal", durabilityPolicy: "semi_sync", sidecarDbName: "_vt" },
  '{"keyspace_type":"NORMAL","durability_policy":"semi_sync","sidecar_db_name":"_vt"}',
);
roundTrip(
  "Shard",
  SHARD,
  {
    primaryAlias: { cell: "zone1", uid: 100 },
    primaryTermStartTime: "2020-03-28T12:22:40.448016788Z",
    sourceShards: [{ uid: 1, keyspace: "customer", shard: "-80", tables: ["t"] }],
    tabletControls: [
      { tabletType: "replica", cells: ["zone1"], deniedTables: ["t"], frozen: true },
    ],
    isPrimaryServing: true,
  },
  '{"primary_alias":{"cell":"zone1","uid":100},' +
    '"primary_term_start_time":{"seconds":"1585398160","nanoseconds":448016788},' +
    '"source_shards":[{"uid":1,"keyspace":"customer","shard":"-80","key_range":{"end":"gA=="},"tables":["t"]}],' +
    '"tablet_controls":[{"tablet_type":"REPLICA","cells":["zone1"],"denied_tables":["t"],"frozen":true}],' +
    '"is_primary_serving":true}',
);
roundTrip(
  "Tablet",
  TABLET,
  {
    alias: { cell: "zone1", uid: 100 },
    hostname: "127.0.0.1",
    portMap: { vt: 15200, grpc: 15100 },
    keyspace: "customer",
    shard: "80-",
    type: "primary",
    dbNameOverride: "",
    tags: { rack: "1" },
    mysqlHostname: "127.0.0.1",
    mysqlPort: 17100,
    primaryTermStartTime: "2026-01-02T03:04:05.006Z",
  },
  '{"alias":{"cell":"zone1","uid":100},"hostname":"127.0.0.1","port_map":{"grpc":15100,"vt":15200},' +
    '"keyspace":"customer","shard":"80-","key_range":{"start":"gA=="},"type":"PRIMARY","tags":{"rack":"1"},' +
    '"mysql_hostname":"127.0.0.1","mysql_port":17100,' +
    '"primary_term_start_time":{"seconds":"1767323045","nanoseconds":6000000}}',
);
roundTrip(
  "ShardReplication",
  SHARD_REPLICATION,
  { nodes: [{ cell: "zone1", uid: 100 }] },
  '{"nodes":[{"tablet_alias":{"cell":"zone1","uid":100}}]}',
);
roundTrip(
  "SrvKeyspace",
  SRV_KEYSPACE,
  {
    partitions: [{
      servedType: "primary",
      shardReferences: ["-80", "80-"],
      shardTabletControls: [{ name: "-80", queryServiceDisabled: false }],
    }, { servedType: "rdonly", shardReferences: ["-"], shardTabletControls: [] }],
  },
  '{"partitions":[{"served_type":"PRIMARY","shard_references":[' +
    '{"name":"-80","key_range":{"end":"gA=="}},{"name":"80-","key_range":{"start":"gA=="}}],' +
    '"shard_tablet_controls":[{"name":"-80","key_range":{"end":"gA=="},"query_service_disabled":false}]},' +
    '{"served_type":"RDONLY","shard_references":[{"name":"-"}]}]}',
);
const RULES = { rules: [{ fromTable: "t@replica", toTables: ["customer.t"] }] };
const RULES_JSON = '{"rules":[{"from_table":"t@replica","to_tables":["customer.t"]}]}';
roundTrip("RoutingRules", ROUTING_RULES, RULES, RULES_JSON);
roundTrip("VSchema", VSCHEMA, { sharded: true, own: [1, null] }, '{"sharded":true,"own":[1,null]}');
roundTrip(
  "SrvVSchema",
  SRV_VSCHEMA,
  { keyspaces: { commerce: { tables: { t: {} } } }, routingRules: RULES },
  `{"keyspaces":{"commerce":{"tables":{"t":{}}}},"routing_rules":${RULES_JSON}}`,
);

Deno.test("decode() passes over unknown fields, reads numbers of enums and old names", () => {
  const tablet = TABLET.decode("p", encode('{"type":2,"future":{},"alias":{"uid":"7"}}'));
  assert.deepEqual([tablet.type, tablet.alias], ["replica", { cell: "", uid: 7 }]);
  assert.equal(TABLET.decode("p", encode('{"type":"MASTER"}')).type, "primary");
});

Deno.test("decode() says which record and field cannot be read", () => {
  const refuses = (codec: Pick<Codec<unknown>, "decode">, json: string, cause: string) =>
    assert.throws(() => codec.decode("keyspaces/x/Shard", encode(json)), {
      message: `VT21008: record keyspaces/x/Shard cannot be read: ${cause}`,
    });
  refuses(
    SHARD,
    '{"source_shards":[{"uid":"x"}]}',
    'source_shards[0].uid must be a whole number: got "x"',
  );
  refuses(SHARD, '{"tablet_controls":[{"tablet_type":"no"}]}', 'Cannot parse tablet type "no"');
  refuses(SHARD, '{"is_primary_serving":1}', "is_primary_serving must be true or false: got 1");
  refuses(
    KEYSPACE,
    '{"durability_policy":"x"}',
    'durability_policy: want none, semi_sync or cross_cell: got "x"',
  );
  refuses(KEYSPACE, '{"keyspace_type":9}', "keyspace_type must be one of NORMAL, SNAPSHOT: got 9");
  refuses(VSCHEMA, "[]", "the record must be an object: got []");
  assert.throws(() => SHARD.decode("p", encode("\x0a\x0b")), /VT21008: record p cannot be read/);
  assert.throws(() => SHARD.decode("p", Uint8Array.of(0xff)), /VT21008: record p cannot be read/);
});
