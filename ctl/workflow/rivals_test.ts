/** Moves of the same tables to different keyspaces: only one may begin, and only one be switched. */
import assert from "node:assert/strict";
import type { RoutingRules } from "../../shared/model/records.ts";
import type { NewStream, StreamStatus } from "../../shared/rpc/vreplication.ts";
import { MOVE_STREAM, newStatus, World } from "../../tests/harness/workflow_world.ts";
import { advance } from "../../tests/harness/workflow_stages.ts";
import { checkCanSwitch, type OtherStream } from "./checks.ts";
import type { ShardFacts } from "./facts.ts";
import { cancel } from "./finish.ts";
import { checkNewName, checkRivals } from "./rivals.ts";
import { changeRules, withRules } from "./routing.ts";
import { newStream } from "./streams.ts";

const MOVED = { sourceKeyspace: "commerce", targetKeyspace: "archive", tables: ["corder"] };
const TO_CUSTOMER = { ...MOVED, targetKeyspace: "customer" };
const ON_SOURCE = { primary: "source", replica: "source", rdonly: "source" } as const;
const SWITCHED = { primary: "target", replica: "target", rdonly: "target" } as const;
const NO_RULES: RoutingRules = { rules: [] };

const SOURCE: ShardFacts = {
  keyspace: "commerce",
  shard: "-",
  primary: "zone1-0000000100",
  dbName: "vt_commerce",
  isPrimaryServing: true,
  tabletControls: [],
};

/** A stream into customer/-. */
function stream(
  table: string,
  more: Partial<Pick<NewStream, "workflow" | "workflowType">> = {},
  status: Partial<StreamStatus> = {},
  from = "commerce",
): OtherStream {
  const made = newStream(
    { keyspace: from, shard: "-" },
    [{ match: table, filter: `select * from ${table}` }],
    { ...MOVE_STREAM, workflow: "first", ...more },
    "",
  );
  return {
    keyspace: "customer",
    shard: "-",
    primary: "zone1-0000000200",
    stream: { ...newStatus(1, made), ...status },
  };
}

function check(
  streams: readonly OtherStream[],
  rules: RoutingRules = NO_RULES,
  sources: readonly ShardFacts[] = [SOURCE],
): void {
  checkRivals("second", MOVED, { streams, rules, sources });
}

Deno.test("a table that another workflow takes from the same keyspace is refused, wherever it goes", () => {
  const refusal = {
    message: "VT22002: workflow first on customer/- takes corder from commerce already, and only " +
      "one can get the writes; complete or cancel it first (MoveTables --workflow first " +
      "--target-keyspace customer status tells how far it is)",
  };
  assert.throws(() => check([stream("corder")]), refusal);
  assert.throws(() => check([stream("corder", {}, { message: "FROZEN" })]), refusal);
  assert.throws(() => check([stream("/.*")]), refusal);
  check([stream("customer")]);
  check([stream("corder", { workflowType: "materialize" })]);
  check([stream("corder", {}, {}, "elsewhere")]);
});

Deno.test("two workflows of one name from one keyspace would share the streams of their way back", () => {
  assert.throws(() => check([stream("customer", { workflow: "second" })]), {
    message: "VT22004: workflow second of keyspace customer takes rows from commerce, too, and " +
      "both would bring them back by streams named second_reverse; choose another name",
  });
  check([stream("customer", { workflow: "second" }, {}, "elsewhere")]);
  checkNewName("second");
  assert.throws(() => checkNewName("second_reverse"), /VT22001: .* end in _reverse/);
});

Deno.test("rules and denied tables tell of a workflow whose tablets can't be asked", () => {
  const rules = [ON_SOURCE, SWITCHED].map((served) => withRules(NO_RULES, TO_CUSTOMER, served));
  for (const one of rules) {
    assert.throws(
      () => check([], one),
      /VT22002: routing rules of corder name customer.corder, so .*complete or cancel it first/,
    );
  }
  // Its own, and rules that others have made for a table of that name.
  check([], withRules(NO_RULES, MOVED, ON_SOURCE));
  check([], { rules: [{ fromTable: "x.corder", toTables: ["y.corder"] }] });
  const denying = {
    ...SOURCE,
    tabletControls: [{
      tabletType: "primary" as const,
      cells: [],
      deniedTables: ["corder"],
      frozen: false,
    }],
  };
  assert.throws(
    () => check([], NO_RULES, [denying]),
    /VT22002: table corder is refused by commerce\/-, so it is served elsewhere .*move it from there .*SetShardTabletControl --remove/,
  );
});

Deno.test("rules that a completed move has left are told of as such, a second name of a table isn't", () => {
  const kept = withRules(NO_RULES, { ...TO_CUSTOMER, sourceKeyspace: "old" }, SWITCHED);
  const onwards = { ...MOVED, sourceKeyspace: "customer" };
  assert.throws(
    () => checkRivals("second", onwards, { streams: [], rules: kept, sources: [] }),
    {
      message: "VT22002: routing rules of corder name old.corder, so another workflow moves it " +
        "there or has moved it; GetRoutingRules shows them, Workflow --keyspace old show tells " +
        "how far it is: complete or cancel it first, or where none is left, remove them with " +
        "ApplyRoutingRules",
    },
  );
  const another = { rules: [{ fromTable: "shop.order", toTables: ["commerce.corder"] }] };
  assert.throws(
    () => check([], another),
    /rules of corder name shop.order, .* --keyspace shop show/,
  );
  check([], { rules: [{ fromTable: "alias", toTables: ["commerce.corder"] }] });
});

Deno.test("who is cancelled takes the rules of nobody else along", () => {
  const others = withRules(NO_RULES, TO_CUSTOMER, SWITCHED);
  assert.deepEqual(changeRules(others, MOVED, undefined), others);
  const own = withRules(NO_RULES, MOVED, SWITCHED);
  assert.deepEqual(changeRules(own, MOVED, undefined), NO_RULES);
});

Deno.test("who is cancelled opens no table that another workflow has the source refuse", () => {
  const world = new World("move_tables", ["-"], ["-"]);
  world.addStreams("w");
  const opened = (rules: RoutingRules): readonly string[] => {
    const options = { keepData: false, keepRoutingRules: false };
    const { phases } = cancel({ ...world.facts("w"), routingRules: rules }, options);
    return phases.flatMap(({ effects }) => effects(new Map()))
      .flatMap((effect) => effect.do === "deny" ? effect.tables : []);
  };
  assert.deepEqual(opened(world.rules), ["customer", "corder"]);
  assert.deepEqual(opened(withRules(NO_RULES, MOVED, SWITCHED)), ["customer"]);
});

Deno.test("what was not seen at its creation shows at the switch, before anything is switched", () => {
  const world = new World("move_tables", ["-"], ["-"]);
  world.addStreams("w");
  advance(world, ["reads"]);
  const limits = { lagMaxSeconds: 1, nowSeconds: 0 };
  const current = { state: "Running", position: "0-1-1" } as const;
  const found = world.facts("w");
  const facts = {
    ...found,
    streams: found.streams.map((placed) => ({
      ...placed,
      stream: { ...placed.stream, ...current },
    })),
  };
  checkCanSwitch(facts, limits);
  world.shard({ keyspace: "commerce", shard: "-" }).denied = ["corder"];
  assert.throws(
    () => checkCanSwitch({ ...facts, sources: world.facts("w").sources }, limits),
    /VT22002: .*table corder is refused by commerce\/-, so another workflow has switched its writes/,
  );
  // Unless it may have done so itself.
  checkCanSwitch({ ...facts, sources: world.facts("w").sources }, { ...limits, isCut: true });
  const reverseStreams = [
    { shard: "-", stream: stream("customer", { workflow: "w_reverse" }, {}, "archive").stream },
  ];
  assert.throws(
    () => checkCanSwitch({ ...facts, reverseStreams }, limits),
    /w_reverse on commerce\/-, which would bring its rows back, belongs to a workflow of keyspace archive/,
  );
});
