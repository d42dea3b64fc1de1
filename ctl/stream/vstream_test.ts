/** The stream over sources that a test plays: what they are asked for, and what comes of it. */
import assert from "node:assert/strict";
import type { StreamItem, StreamSink } from "../../shared/binlog/change.ts";
import { vtError } from "../../shared/error/errors.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import type { Source, SourceWish } from "../../shared/host/source_picker.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import type { VEvent } from "./event.ts";
import { vstream, type VStreamOptions } from "./vstream.ts";

/** One connection of the stream to a source. */
interface Connection {
  readonly name: string;
  readonly shard: string;
  readonly position: string;
  readonly avoid: readonly string[];
  readonly sink: StreamSink;
  readonly die: (error: unknown) => void;
}

class Play {
  readonly connections: Connection[] = [];
  readonly events: VEvent[] = [];
  readonly #stop = new AbortController();
  readonly #ended: Promise<unknown>;
  /** Set: `emit` waits for it. */
  hold: Promise<void> | undefined;

  constructor(shards: readonly string[], more: Partial<VStreamOptions> = {}) {
    this.#ended = vstream({
      start: shards.map((shard) => ({ keyspace: "k", shard, gtid: "MariaDB/0-1-1" })),
      rules: [],
      types: ["replica"],
      cells: [],
      pick: (wish) => Promise.resolve(this.#source(wish)),
      emit: async (events) => {
        this.events.push(...events);
        await this.hold;
      },
      heartbeatMs: 60_000,
      minimizeSkew: false,
      giveUpMs: 60_000,
      clock: HOST_CLOCK,
      log: SILENT_LOG,
      ...more,
    }, this.#stop).catch((error) => error);
  }

  /** What it threw. */
  async end(): Promise<unknown> {
    return await this.#ended;
  }

  /** The latest connection to a shard, once there are so many. */
  async connection(shard: string, count = 1): Promise<Connection> {
    let found: readonly Connection[] = [];
    await waitFor(`connection ${count} to ${shard}`, () => {
      found = this.connections.filter((connection) => connection.shard === shard);
      return Promise.resolve(found.length >= count);
    });
    return found[count - 1] ?? assert.fail();
  }

  /** "BEGIN -80", "ROW -80 1", ...; positions and columns left out. */
  get story(): readonly string[] {
    return this.events.filter(({ type }) => type !== "VGTID" && type !== "FIELD").map((event) => {
      const shard = "place" in event && event.place ? ` ${event.place.shard}` : "";
      if (event.type !== "ROW" || event.change.kind !== "insert") return event.type + shard;
      return `ROW${shard} ${new TextDecoder().decode(event.change.after[0] ?? undefined)}`;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  #source({ from, avoid }: SourceWish): Source {
    const name = `source ${this.connections.length}`;
    return {
      name,
      lost: new AbortController().signal,
      streams: {
        streamChanges: ({ position }, sink, { signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
            const { shard } = from;
            this.connections.push({
              name,
              shard,
              position,
              avoid: [...avoid],
              sink,
              die: reject,
            });
          }),
        holdSnapshot: () => Promise.reject(new TypeError("Nobody asked for a snapshot")),
        streamRows: () => Promise.reject(new TypeError("Nobody asked for rows")),
      },
      [Symbol.dispose]: () => {},
    };
  }
}

const FIELDS: StreamItem = {
  kind: "fields",
  fields: { table: "t", fields: [], primaryKey: [] },
};

function rows(sequence: number, complete: boolean, ...values: readonly string[]): StreamItem {
  return {
    kind: "transaction",
    position: `MariaDB/0-1-${sequence}`,
    complete,
    timestampSec: 7,
    changes: values.map((value) => ({
      kind: "insert",
      table: "t",
      after: [new TextEncoder().encode(value)],
    })),
  };
}

const LOST = vtError("VT20006", "source", "it died");

Deno.test("another source goes on behind the last whole transaction", async () => {
  await using play = new Play(["-"]);
  const first = await play.connection("-");
  await first.sink([FIELDS, rows(2, true, "a"), rows(2, false, "b")]);
  first.die(LOST);
  const second = await play.connection("-", 2);
  assert.equal(second.position, "MariaDB/0-1-2");
  assert.deepEqual(second.avoid, [first.name]);
  await second.sink([FIELDS, rows(3, true, "b", "c")]);
  assert.deepEqual(play.story, [
    "BEGIN -",
    "ROW - a",
    "COMMIT -",
    "BEGIN -",
    "ROW - b",
    "ROLLBACK -",
    "BEGIN -",
    "ROW - b",
    "ROW - c",
    "COMMIT -",
  ]);
});

Deno.test("a transaction in parts keeps other shards out until it ends", async () => {
  await using play = new Play(["-80", "80-"]);
  const left = await play.connection("-80");
  const right = await play.connection("80-");
  await left.sink([FIELDS, rows(1, false, "a")]);
  const waiting = right.sink([FIELDS, rows(2, true, "x")]);
  await left.sink([rows(2, true, "b")]);
  await waiting;
  assert.deepEqual(play.story, [
    "BEGIN -80",
    "ROW -80 a",
    "ROW -80 b",
    "COMMIT -80",
    "BEGIN 80-",
    "ROW 80- x",
    "COMMIT 80-",
  ]);
});

Deno.test("what still waits when its source dies comes from the next one alone", async () => {
  await using play = new Play(["-80", "80-"]);
  const left = await play.connection("-80");
  const right = await play.connection("80-");
  await left.sink([FIELDS, rows(1, false, "a")]);
  const waiting = assert.rejects(async () => await right.sink([FIELDS, rows(2, true, "x")]));
  right.die(LOST);
  await waiting;
  await left.sink([rows(2, true)]);
  const next = await play.connection("80-", 2);
  assert.equal(next.position, "MariaDB/0-1-1");
  await next.sink([FIELDS, rows(2, true, "x")]);
  assert.deepEqual(play.story.filter((line) => line.startsWith("ROW")), ["ROW -80 a", "ROW 80- x"]);
});

Deno.test("a busy receiver holds all sources back", async () => {
  await using play = new Play(["-80", "80-"]);
  const left = await play.connection("-80");
  const right = await play.connection("80-");
  const gate = Promise.withResolvers<void>();
  play.hold = gate.promise;
  const taken: string[] = [];
  const give = async (from: Connection, item: StreamItem) => {
    await from.sink([FIELDS, item]);
    taken.push(from.shard);
  };
  const both = [give(left, rows(2, true, "a")), give(right, rows(2, true, "x"))];
  await waitFor("the first row", () => Promise.resolve(play.story.includes("COMMIT -80")));
  assert.deepEqual(taken, []);
  assert.ok(!play.story.includes("ROW 80- x"));
  gate.resolve();
  await Promise.all(both);
  assert.deepEqual(taken.toSorted(), ["-80", "80-"]);
});

Deno.test("what the receiver throws ends the stream", async () => {
  const full = new Error("the disk is full");
  const play = new Play(["-"], {
    emit: (events) => events.some(({ type }) => type === "ROW") ? Promise.reject(full) : DONE,
  });
  const source = await play.connection("-");
  await assert.rejects(async () => await source.sink([FIELDS, rows(2, true, "a")]), full);
  assert.equal(await play.end(), full);
});

const DONE = Promise.resolve();

Deno.test("a shard that nobody can read ends the stream after a while, a bad rule at once", async () => {
  const nobody = vtError("VT27005", "k/-", "replica");
  const away = new Play(["-"], { pick: () => Promise.reject(nobody), giveUpMs: 250 });
  assert.equal(await away.end(), nobody);
  const play = new Play(["-"]);
  const refused = vtError("VT26007", "{}", "no such column");
  (await play.connection("-")).die(refused);
  assert.equal(await play.end(), refused);
});

function journal(sources: readonly string[], targets: readonly string[]): StreamItem {
  const value = JSON.stringify({
    migration_type: "SHARDS",
    participants: sources.map((shard) => ({ keyspace: "k", shard })),
    shard_gtids: targets.map((shard) => ({ keyspace: "k", shard, gtid: "MariaDB/0-9-5" })),
  });
  return { kind: "journal", id: "1", value };
}

Deno.test("a reshard of shards that the stream does not all read ends it", async () => {
  const play = new Play(["-80"]);
  const source = await play.connection("-80");
  const sink = async () => await source.sink([journal(["-80", "80-"], ["-"])]);
  await assert.rejects(sink, (error) => {
    source.die(error);
    return true;
  });
  assert.match(String(await play.end()), /VT26004: shards k\/-80, k\/80- were resharded together/);
});

Deno.test("a reshard: the targets are followed from the journal's positions", async () => {
  await using play = new Play(["-"]);
  const source = await play.connection("-");
  await source.sink([FIELDS, rows(2, true, "a"), journal(["-"], ["-80", "80-"])]);
  const left = await play.connection("-80");
  const right = await play.connection("80-");
  assert.deepEqual([left.position, right.position], ["MariaDB/0-9-5", "MariaDB/0-9-5"]);
  await right.sink([FIELDS, rows(6, true, "b")]);
  assert.equal(play.connections.length, 3);
  assert.deepEqual(play.story.filter((line) => line.startsWith("ROW")), ["ROW - a", "ROW 80- b"]);
});
