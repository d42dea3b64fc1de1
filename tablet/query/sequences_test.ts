import assert from "node:assert/strict";
import { SILENT_LOG } from "../../shared/host/log.ts";
import { newRandom, type Random } from "../../tests/harness/random.ts";
import { nextRange, type SequenceConnection, Sequences } from "./sequences.ts";

for (
  const [name, held, nextId, cache, count, expected] of [
    ["fresh", [0n, 0n], 1000n, 100n, 1n, [1000n, 1100n]],
    ["goes on where it stopped", [1098n, 1100n], 1100n, 100n, 5n, [1098n, 1200n]],
    ["another tablet was here", [1098n, 1100n], 1300n, 100n, 5n, [1300n, 1400n]],
    ["lowered by hand", [1098n, 1100n], 1n, 100n, 1n, [1098n, 1200n]],
    ["more than a range", [0n, 0n], 1n, 10n, 25n, [1n, 31n]],
    ["much more than a range", [5n, 11n], 11n, 10n, 1000n, [5n, 1011n]],
  ] as const
) {
  Deno.test(`nextRange(): ${name}`, () => {
    const range = nextRange({ next: held[0], end: held[1] }, nextId, cache, count);
    assert.deepEqual([range.next, range.end], expected);
    assert.ok(range.end - range.next >= count);
  });
}

/** Gives way some turns of the microtask queue, so that calls overlap in many orders. */
async function giveWay(random: Random): Promise<void> {
  for (let turns = random.int(12); turns > 0; turns--) await Promise.resolve();
}

/** A sequence's row as a mysqld would keep it: committed, or what an open transaction sees. */
function sequenceTable(random: Random, cache: bigint): SequenceConnection {
  let committed = 1000n;
  let written = committed;
  return {
    closed: false,
    async rows() {
      await giveWay(random);
      return [[String(committed), String(cache)]];
    },
    async run(sql) {
      await giveWay(random);
      written = BigInt(/next_id = (\d+)/.exec(sql)?.[1] ?? written);
      if (sql === "commit") committed = written;
    },
  };
}

Deno.test("next() gives no value twice, whatever calls come while a range is reserved", async () => {
  const random = newRandom();
  const table = sequenceTable(random, 3n);
  const sequences = new Sequences((work) => work(table), SILENT_LOG);
  const given: bigint[] = [];
  await Promise.all(Array.from({ length: 400 }, async () => {
    const count = random.pick([1, 1, 1, 2, 5, 8]);
    for (let turns = random.int(2000); turns > 0; turns--) await Promise.resolve();
    const first = await sequences.next("seq", count);
    for (let i = 0; i < count; i++) given.push(first + BigInt(i));
  }));
  assert.equal(new Set(given).size, given.length, `TEST_SEED=${random.seed}`);
});
