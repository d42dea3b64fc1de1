import assert from "node:assert/strict";
import { VtError } from "../../shared/error/errors.ts";
import { admit } from "./admission.ts";
import type { Desired, Role } from "./desired.ts";
import { NO_LAG } from "./lag.ts";
import type { State } from "./state.ts";

const PLACE = { keyspace: "customer", shard: "-80" };
const PRIMARY: Role = { is: "primary", termStartTime: "T" };
const REPLICA: Role = {
  is: "replica",
  type: "replica",
  source: undefined,
  replicationStopped: false,
};

function settled(role: Role, deniedTables: readonly string[] = []): State {
  const desired: Desired = {
    role,
    semiSync: false,
    queryServiceDisabled: false,
    deniedTables,
    lagMaxSeconds: 60,
  };
  return { at: "settled", desired, lag: NO_LAG };
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof VtError);
    assert.equal(error.status, "cluster_event");
    return error.message;
  }
  throw new Error("was admitted");
}

Deno.test("admit() says what a statement may do", () => {
  const primary = { ...PLACE, tabletType: "primary" } as const;
  assert.equal(admit(settled(PRIMARY), PLACE, primary, ["t"]), "read_write");
  const replica = { ...PLACE, tabletType: "replica" } as const;
  assert.equal(admit(settled(REPLICA), PLACE, replica, ["t"]), "read_only");
});

Deno.test("admit() knows both names of an unsharded shard", () => {
  const place = { keyspace: "commerce", shard: "-" };
  const target = { keyspace: "commerce", shard: "0", tabletType: "primary" } as const;
  assert.equal(admit(settled(PRIMARY), place, target, []), "read_write");
});

Deno.test("admit() refuses what this tablet does not serve", () => {
  const target = { ...PLACE, tabletType: "primary" } as const;
  const stopping: State = { at: "stopping", desired: settled(PRIMARY).desired };
  const down: State = { at: "disconnected", desired: settled(PRIMARY).desired, cause: "" };
  const texts = [
    refusal(() => admit(settled(REPLICA), PLACE, target, [])),
    refusal(() => admit(settled(PRIMARY), PLACE, { ...target, shard: "80-" }, [])),
    refusal(() => admit(settled(PRIMARY), PLACE, { ...target, keyspace: "x" }, [])),
    refusal(() => admit(settled(PRIMARY, ["corder"]), PLACE, target, ["customer", "corder"])),
    refusal(() => admit(settled({ is: "demoted", termStartTime: "" }), PLACE, target, [])),
    refusal(() => admit(stopping, PLACE, target, [])),
    refusal(() => admit(down, PLACE, target, [])),
  ];
  assert.deepEqual(texts.map((text) => text.split(";")[0]), [
    "VT20002: wrong tablet type: primary, want: replica",
    "VT20003: wrong keyspace or shard: asked for customer:80-@primary, this tablet serves customer:-80",
    "VT20003: wrong keyspace or shard: asked for x:-80@primary, this tablet serves customer:-80",
    "VT20004: disallowed due to rule: enforce denied tables (table corder)",
    "VT20001: operation not allowed in state NOT_SERVING",
    "VT20001: operation not allowed in state SHUTTING_DOWN",
    "VT20001: operation not allowed in state NOT_CONNECTED",
  ]);
});
