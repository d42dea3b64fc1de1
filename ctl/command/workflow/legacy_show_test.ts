import { deepEqual, equal } from "node:assert/strict";
import type { StreamStatus } from "../../../shared/rpc/vreplication.ts";
import type { ShardFacts, WorkflowFacts } from "../../workflow/facts.ts";
import { legacyWorkflowJson } from "./legacy_show.ts";

const TARGET: ShardFacts = {
  keyspace: "customer",
  shard: "-",
  primary: "zone1-1250593518",
  dbName: "vt_customer",
  isPrimaryServing: true,
  tabletControls: [],
};

const STREAM: StreamStatus = {
  id: 1,
  workflow: "commerce2customer",
  workflowType: "move_tables",
  source: {
    keyspace: "commerce",
    shard: "-",
    filter: {
      rules: ["customer", "corder"].map((match) => ({ match, filter: `select * from ${match}` })),
    },
    onDdl: "IGNORE",
    stopAfterCopy: false,
  },
  position: "MySQL56/af259889-9f79-11ec-8062-cafafa8a2004:1-64",
  stopPosition: "",
  state: "Stopped",
  message: "FROZEN",
  dbName: "vt_customer",
  cells: "",
  tabletTypes: "",
  tags: "",
  deferSecondaryKeys: false,
  options: "",
  timeUpdated: 1646810939,
  transactionTimestamp: 0,
  timeHeartbeat: 1646810939,
  timeThrottled: 0,
  componentThrottled: "",
  reasonThrottled: "",
  rowsCopied: 0,
  copyState: [],
};

function facts(stream: Partial<StreamStatus>, target: Partial<ShardFacts> = {}): WorkflowFacts {
  const source = { ...TARGET, keyspace: "commerce", dbName: "vt_commerce" };
  return {
    name: "commerce2customer",
    kind: "move_tables",
    sourceKeyspace: "commerce",
    targetKeyspace: "customer",
    sources: [source],
    targets: [{ ...TARGET, ...target }],
    tables: ["customer", "corder"],
    streams: [{ shard: "-", stream: { ...STREAM, ...stream } }],
    reverseStreams: [],
    routingRules: { rules: [] },
    srvKeyspaces: new Map(),
    vschemas: new Map(),
    journaled: new Set(),
  };
}

Deno.test("a frozen workflow looks as vtctlclient showed it", async () => {
  const want = await Deno.readTextFile(new URL("testdata/legacy_show.json", import.meta.url));
  equal(legacyWorkflowJson(facts({}), 1646810939 + 673) + "\n", want);
});

Deno.test("what vtctlclient shows of a copy, a stop and denied tables", () => {
  const shown = JSON.parse(legacyWorkflowJson(
    facts({
      source: {
        keyspace: "commerce",
        shard: "-",
        filter: { rules: [{ match: "/.*/", filter: "" }] },
        onDdl: "EXEC",
        stopAfterCopy: true,
      },
      state: "Copying",
      message: "",
      position: "MariaDB/0-1-5",
      stopPosition: "MariaDB/0-1-9",
      copyState: [{ table: "customer", lastPk: "fields" }],
    }, {
      tabletControls: [
        { tabletType: "primary", cells: [], deniedTables: ["customer"], frozen: false },
        { tabletType: "rdonly", cells: ["zone1"], deniedTables: [], frozen: true },
      ],
    }),
    1646810949,
  ));
  equal(shown.MaxVReplicationLag, 10);
  equal(shown.MaxVReplicationTransactionLag, Number.MAX_SAFE_INTEGER);
  equal(shown.Frozen, false);
  const status = shown.ShardStatuses["-/zone1-1250593518"];
  deepEqual(status.TabletControls, [
    { tablet_type: 1, denied_tables: ["customer"] },
    { tablet_type: 3, cells: ["zone1"], frozen: true },
  ]);
  const [stream] = status.PrimaryReplicationStatuses;
  deepEqual([stream.Bls, stream.Pos, stream.StopPos, stream.CopyState], [
    {
      keyspace: "commerce",
      shard: "-",
      filter: { rules: [{ match: "/.*/" }] },
      on_ddl: 2,
      stop_after_copy: true,
    },
    "0-1-5",
    "MariaDB/0-1-9",
    [{ Table: "customer", LastPK: "fields" }],
  ]);
});
