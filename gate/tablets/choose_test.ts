import assert from "node:assert/strict";
import { type Candidate, choosePrimary, chooseReplica, filterByLag } from "./choose.ts";

interface Named extends Candidate {
  readonly name: string;
}

function candidate(name: string, more: {
  readonly lagSeconds?: number | undefined;
  readonly serving?: boolean;
  readonly term?: string;
  readonly cell?: string;
  readonly load?: number;
}): Named {
  return {
    name,
    cell: more.cell ?? "zone1",
    load: more.load ?? 0,
    health: {
      alias: { cell: more.cell ?? "zone1", uid: 1 },
      target: { keyspace: "k", shard: "-", tabletType: "replica" },
      serving: more.serving ?? true,
      primaryTermStartTime: more.term,
      lagSeconds: more.lagSeconds,
      error: undefined,
      schemaVersion: 1,
    },
  };
}

const MINUTE = 60;
const HOUR = 3600;

// The cases are those of go/vt/discovery/replicationlag_test.go.
for (
  const [lags, expected] of [
    [[5, 10, 15, 120], [5, 10, 15]],
    [[30 * MINUTE, 35 * MINUTE, 40 * MINUTE, 45 * MINUTE], [30 * MINUTE, 35 * MINUTE]],
    [[2 * HOUR, 3 * HOUR, 4 * HOUR, 5 * HOUR], [2 * HOUR]],
    [[120, 5], [5, 120]],
    [[], []],
  ] as const
) {
  Deno.test(`filterByLag() of ${lags.join(", ") || "none"} s`, () => {
    const kept = filterByLag(lags.map((lagSeconds) => candidate(`${lagSeconds}`, { lagSeconds })));
    assert.deepEqual(kept.map(({ health }) => health.lagSeconds), expected);
  });
}

Deno.test("filterByLag() leaves out what doesn't serve and what doesn't know its lag", () => {
  const kept = filterByLag([
    candidate("down", { lagSeconds: 0, serving: false }),
    candidate("unknown", {}),
    candidate("good", { lagSeconds: 1 }),
  ]);
  assert.deepEqual(kept.map(({ name }) => name), ["good"]);
});

Deno.test("choosePrimary() takes the latest term, and none when that one doesn't serve", () => {
  const old = candidate("old", { term: "2026-08-01T00:00:00Z" });
  const late = candidate("late", { term: "2026-08-01T00:00:00.5Z" });
  assert.equal(choosePrimary([old, late])?.name, "late");
  assert.equal(choosePrimary([late, old])?.name, "late");
  assert.equal(choosePrimary([old])?.name, "old");
  const down = candidate("down", { term: "2026-08-02T00:00:00Z", serving: false });
  assert.equal(choosePrimary([old, down]), undefined);
  assert.equal(choosePrimary([]), undefined);
});

Deno.test("chooseReplica() stays in its cell and takes the less busy of two", () => {
  const busy = candidate("busy", { load: 9 });
  const idle = candidate("idle", { load: 1 });
  const far = candidate("far", { cell: "zone2" });
  const draws = [0.1, 0.9];
  const random = () => draws.reverse()[0] ?? 0;
  assert.equal(chooseReplica([busy, idle, far], "zone1", random)?.name, "idle");
  assert.equal(chooseReplica([busy, idle, far], "zone2", random)?.name, "far");
  assert.ok(chooseReplica([busy, idle], "zone3", random));
  assert.equal(chooseReplica([], "zone1", random), undefined);
});
