import assert from "node:assert/strict";
import type { StreamItem } from "../../shared/binlog/change.ts";
import { forRandom, type Random } from "../../tests/harness/random.ts";
import { Skew } from "./skew.ts";

const NEVER = { signal: new AbortController().signal };

function at(timestampSec: number): StreamItem {
  return { kind: "transaction", position: "", complete: true, timestampSec, changes: [] };
}

const heartbeat: StreamItem = { kind: "heartbeat", position: "" };

/** True when it has not resolved after what is ready now has run. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  const pending = {};
  const soon = new Promise((resolve) => setTimeout(() => resolve(pending), 0));
  return await Promise.race([promise, soon]) === pending;
}

Deno.test("what is later waits for those who are behind", async () => {
  const skew = new Skew();
  for (const who of ["a", "b", "c"]) skew.join(who);
  const early = skew.admit("a", [at(100), at(101), at(250)], 0, NEVER);
  assert.ok(await waits(early), "b and c have said nothing");
  const late = skew.admit("b", [at(200)], 0, NEVER);
  assert.ok(await waits(late));
  const idle = skew.admit("c", [heartbeat], 300, NEVER);
  assert.equal(await early, 2, "b has shown that it is at 200");
  assert.ok(await waits(late), "a is at 101");
  assert.ok(await waits(idle));
  skew.leave("a");
  assert.equal(await late, 1);
  skew.leave("b");
  assert.equal(await idle, 1);
});

Deno.test("who waits ends with its attempt", async () => {
  const skew = new Skew();
  for (const who of ["a", "b"]) skew.join(who);
  const attempt = new AbortController();
  const waiting = skew.admit("a", [at(5)], 0, attempt);
  const gone = new Error("its source is gone");
  attempt.abort(gone);
  await assert.rejects(waiting, gone);
});

/** Times of four shards' changes in the order in which they were let through. */
async function race(random: Random): Promise<readonly number[]> {
  const skew = new Skew();
  const names = ["a", "b", "c", "d"];
  for (const who of names) skew.join(who);
  const given: number[] = [];
  await Promise.all(names.map(async (who) => {
    let sec = 100;
    for (let i = 0; i < 30; i++) {
      const times = Array.from({ length: 1 + random.int(4) }, () => sec += random.int(5));
      while (times.length > 0) {
        const count = await skew.admit(who, times.map(at), sec, NEVER);
        given.push(...times.splice(0, count));
      }
    }
    skew.leave(who);
  }));
  return given;
}

/** A batch has four changes at most, and one waiting batch shows its first: 4 * 4 s, and 1. */
const BEHIND_MAX = 20;

Deno.test("shards never wait for each other in a ring, and stay near", async () => {
  const races: Promise<void>[] = [];
  forRandom(30, (random) => {
    races.push(
      race(random).then((given) => {
        let latest = 0;
        for (const sec of given) {
          assert.ok(sec > latest - BEHIND_MAX, `seed ${random.seed}: ${sec} behind ${latest}`);
          latest = Math.max(latest, sec);
        }
      }),
    );
  });
  await Promise.all(races);
});
