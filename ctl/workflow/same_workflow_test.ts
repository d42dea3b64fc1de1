import assert from "node:assert/strict";
import type { StreamStatus } from "../../shared/rpc/vreplication.ts";
import type { OtherStream } from "./checks.ts";
import { checkNeighbours, checkReaders } from "./neighbours.ts";
import { compareWorkflow } from "./same_workflow.ts";
import { newStream, type PlannedStream, type StreamOptions } from "./streams.ts";
import { newStatus } from "../../tests/harness/workflow_world.ts";

const OPTIONS: StreamOptions = {
  workflow: "w",
  workflowType: "move_tables",
  cells: "",
  tabletTypes: "replica",
  onDdl: "IGNORE",
  stopAfterCopy: false,
  state: "Stopped",
  deferSecondaryKeys: false,
  options: "{}",
};

function planned(shard: string, tables = "t", more: Partial<StreamOptions> = {}): PlannedStream {
  const rules = [{ match: tables, filter: `select * from ${tables}` }];
  const source = { keyspace: "s", shard: "-" };
  return {
    at: { keyspace: "k", shard },
    stream: newStream(source, rules, { ...OPTIONS, ...more }, ""),
  };
}

function there({ at, stream }: PlannedStream, more: Partial<StreamStatus> = {}): OtherStream {
  const status: StreamStatus = {
    ...newStatus(1, stream),
    position: "MariaDB/0-1-1",
    state: "Running",
    rowsCopied: 5,
    ...more,
  };
  return { keyspace: at.keyspace, shard: at.shard, primary: "zone1-0000000100", stream: status };
}

const UNSTARTED = { state: "Stopped", position: "", rowsCopied: 0 } as const;

Deno.test("compareWorkflow() knows a workflow that is there from one that is another", () => {
  const wanted = [planned("-80"), planned("80-")];
  const [one, two] = [there(planned("-80")), there(planned("80-"))];
  const compare = (...known: readonly OtherStream[]) => compareWorkflow(wanted, known);
  assert.deepEqual(compare(), { is: "new" });
  assert.deepEqual(compare(one, two), { is: "same" });
  assert.deepEqual(compare(one, there(planned("80-"), { message: "FROZEN", state: "Stopped" })), {
    is: "same",
  });
  assert.deepEqual(compare(one), { is: "unfinished" });
  assert.deepEqual(compare(one, there(planned("80-"), UNSTARTED)), { is: "unfinished" });
  const what = (other: OtherStream): string => {
    const known = compare(one, other);
    return known.is === "different" ? known.what : known.is;
  };
  assert.match(what(there(planned("80-", "u"))), /^its rules: u: .*; asked for: t: /);
  assert.match(what(there(planned("80-", "t", { onDdl: "STOP" }))), /^its on-ddl: STOP; /);
  assert.match(what(there(planned("c0-"))), /it takes rows from s\/- into k\/c0-/);
  const deferring = there(planned("80-", "t", { deferSecondaryKeys: true }));
  assert.match(what(deferring), /^its defer-secondary-keys: true; asked for: false$/);
  // Made by a release that could not.
  const asked = [planned("-80", "t", { deferSecondaryKeys: true })];
  assert.deepEqual(compareWorkflow(asked, [one]), { is: "same" });
});

Deno.test("tables that another workflow reads are not taken from under it", () => {
  const stream = there(planned("-80"));
  const sums: OtherStream = {
    ...stream,
    keyspace: "reports",
    stream: {
      ...stream.stream,
      workflow: "sums",
      workflowType: "materialize",
      source: {
        ...stream.stream.source,
        keyspace: "commerce",
        filter: { rules: [{ match: "totals", filter: "select count(*) as n from `corder`" }] },
      },
    },
  };
  const facts = (...tables: string[]) => ({
    name: "w",
    sourceKeyspace: "commerce",
    targetKeyspace: "customer",
    tables,
  });
  assert.throws(() => checkReaders(facts("customer", "corder"), [sums]), {
    id: "VT22002",
    message: /workflow sums of keyspace reports takes rows of corder from commerce.*from customer$/,
  });
  checkReaders(facts("customer", "totals"), [sums]);
  checkReaders({ ...facts("corder"), sourceKeyspace: "other" }, [sums]);
  const own = { ...sums, keyspace: "customer", stream: { ...sums.stream, workflow: "w" } };
  checkReaders(facts("corder"), [own]);
  const frozen = { ...sums, stream: { ...sums.stream, message: "FROZEN" } };
  checkReaders(facts("corder"), [frozen]);
});

Deno.test("shards that other workflows' streams hang on are not replaced under them", () => {
  const stream = there(planned("-80"));
  const frozen = there(planned("-80"), { message: "FROZEN" });
  checkNeighbours("s", { into: [frozen], from: [frozen] });
  assert.throws(
    () => checkNeighbours("k", { into: [stream], from: [] }),
    /workflow w brings rows into k\/-80, which is to be replaced; complete or cancel it/,
  );
  assert.throws(
    () => checkNeighbours("s", { into: [], from: [stream] }),
    /workflow w of keyspace k takes rows from s\/-, which is to be replaced; complete or cancel it,/,
  );
  const back = there(planned("-80", "t", { workflow: "w_reverse" }));
  assert.throws(
    () => checkNeighbours("s", { into: [], from: [back] }),
    /workflow w_reverse of keyspace k takes .*; complete or reverse w of keyspace s$/,
  );
});
