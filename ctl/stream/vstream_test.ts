/** The stream over sources that a test plays: what they are asked for, and what comes of it. */
import assert from "node:assert/strict";
import type { Field, Row, StreamItem, StreamSink } from "../../shared/binlog/change.ts";
import { vtError } from "../../shared/error/errors.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import type { Source, SourceWish } from "../../shared/host/source_picker.ts";
import type { Log } from "../../shared/io/log.ts";
import { encodeTextRow } from "../../shared/mysql/text_row.ts";
import type { RowStreamSink, RowStreamStart } from "../../shared/rpc/stream_service.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import type { VEvent } from "./event.ts";
import { vstream, type VStreamOptions } from "./vstream.ts";

/** One connection of the stream to a source. */
interface Connection {
  readonly name: string;
  readonly shard: string;
  readonly position: string;
  readonly until: string | undefined;
  /** Tables that are not whole, with the key that each has come to: "t", "t to 5". */
  readonly copying: readonly string[];
  readonly avoid: readonly string[];
  readonly sink: StreamSink;
  /** It has come to its `until`. */
  readonly end: () => void;
  readonly die: (error: unknown) => void;
}

/** A table that the stream copies. */
interface Snapshot {
  readonly table: string;
  readonly lastPk: readonly string[];
  readonly sink: RowStreamSink;
  readonly end: () => void;
  readonly die: (error: unknown) => void;
}

class Play {
  readonly connections: Connection[] = [];
  readonly snapshots: Snapshot[] = [];
  readonly events: VEvent[] = [];
  readonly #stop = new AbortController();
  readonly #ended: Promise<unknown>;
  /** Set: `emit` waits for it. */
  hold: Promise<void> | undefined;
  /** So many times no source is found. */
  refusals = 0;

  constructor(shards: readonly string[], more: Partial<VStreamOptions> = {}) {
    this.#ended = vstream({
      start: shards.map((shard) => ({ keyspace: "k", shard, gtid: "MariaDB/0-1-1" })),
      rules: [],
      types: ["replica"],
      cells: [],
      pick: (wish) =>
        this.refusals-- > 0 ? Promise.reject(NOBODY) : Promise.resolve(this.#source(wish)),
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

  /** The latest snapshot, once there are so many. */
  async snapshot(count: number): Promise<Snapshot> {
    await waitFor(`snapshot ${count}`, () => this.snapshots.length >= count);
    return this.snapshots[count - 1] ?? assert.fail();
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
        streamChanges: ({ position, until, copying = [] }, sink, { signal }) =>
          new Promise((resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
            const { shard } = from;
            this.connections.push({
              name,
              shard,
              position,
              until,
              copying: copying.map(({ table, upTo }) =>
                upTo === undefined ? table : `${table} to ${showKey(upTo.values)}`
              ),
              avoid: [...avoid],
              sink,
              end: resolve,
              die: reject,
            });
          }),
        holdSnapshot: () => Promise.reject(new TypeError("Nobody asked for a snapshot")),
        streamRows: ({ rule, lastPk }, sink, { signal }) =>
          new Promise((resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason), { once: true });
            const key = (lastPk ?? []).map((value) => showKey([value]));
            this.snapshots.push({
              table: rule.match,
              lastPk: key,
              sink,
              end: resolve,
              die: reject,
            });
          }),
      },
      [Symbol.dispose]: () => {},
    };
  }
}

const ID: Field = {
  name: "id",
  type: 3,
  columnType: "int",
  collation: 63,
  unsigned: false,
  nullable: false,
  invisible: false,
};

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

function showKey(values: Row): string {
  return values.map((value) => new TextDecoder().decode(value ?? undefined)).join();
}

const HEARTBEAT = { kind: "heartbeat", position: "MariaDB/0-1-1" } as const;

/** A snapshot's beginning at 0-1-N. */
function snapshotAt(sequence: number, ...keyColumns: readonly string[]): RowStreamStart {
  const fields = { table: "t", fields: [ID], primaryKey: [] };
  return { fields, position: `MariaDB/0-1-${sequence}`, keyColumns };
}

function packetsOf(...values: readonly string[]): Uint8Array {
  const buffer: number[] = [];
  for (const value of values) {
    const row = encodeTextRow([new TextEncoder().encode(value)]);
    buffer.push(row.length, 0, 0, 0, ...row);
  }
  return Uint8Array.from(buffer);
}

const NOBODY = vtError("VT27005", "k/-", "replica");
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

for (const [whose, dying] of [["its own", "-80"], ["another's", "80-"]] as const) {
  Deno.test(`the time that a receiver takes for ${whose} rows is no silence of a shard`, async () => {
    let heldMs = 0;
    let losses = 0;
    const clock = { ...HOST_CLOCK, monotonicMs: () => HOST_CLOCK.monotonicMs() + heldMs };
    const log = { ...SILENT_LOG, warn: () => void losses++ };
    await using play = new Play(["-80", "80-"], { clock, log });
    const busy = await play.connection("-80");
    const source = await play.connection(dying);
    const gate = Promise.withResolvers<void>();
    play.hold = gate.promise;
    const held = busy.sink([FIELDS, rows(2, true, "a")]);
    await waitFor("the row", () => play.story.includes("COMMIT -80"));
    // Each is longer than a silent shard is waited for.
    if (source === busy) heldMs += 90_000;
    source.die(LOST);
    await waitFor("the loss", () => losses === 1);
    heldMs += 90_000;
    play.refusals = 2;
    gate.resolve();
    await held;
    await play.connection(dying, 2);
  });
}

Deno.test("a source that speaks again late isn't given up while the receiver is busy", async () => {
  let silentMs = 0;
  const lost: string[] = [];
  const clock = { ...HOST_CLOCK, monotonicMs: () => HOST_CLOCK.monotonicMs() + silentMs };
  const log: Log = {
    ...SILENT_LOG,
    warn: (_, fields) => void lost.push(String(fields?.["shard"])),
  };
  await using play = new Play(["-80", "80-"], { clock, log });
  const late = await play.connection("-80");
  await play.connection("80-");
  const gate = Promise.withResolvers<void>();
  play.hold = gate.promise;
  // Longer than a source is waited for, and nobody has looked yet.
  silentMs = 12_000;
  const held = late.sink([FIELDS, rows(2, true, "a")]);
  // Both are looked at equally often, -80 first.
  await waitFor("the loss of the other source", () => lost.includes("k/80-"));
  assert.deepEqual(lost, ["k/80-"]);
  gate.resolve();
  await held;
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
  const away = new Play(["-"], { pick: () => Promise.reject(NOBODY), giveUpMs: 250 });
  assert.equal(await away.end(), NOBODY);
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

/** One shard whose tables are still to be copied. */
function copying(...tables: readonly string[]): Partial<VStreamOptions> {
  const left = tables.map((table) => ({ table, upTo: undefined }));
  const start = [{ keyspace: "k", shard: "-", gtid: "MariaDB/0-1-1", copying: left }];
  return { start, rules: [{ match: "/.*/", filter: "" }] };
}

const key = (text: string): Row => [new TextEncoder().encode(text)];

Deno.test("a copy goes on behind the last key, with the changes up to there before", async () => {
  await using play = new Play([], copying("t", "u"));
  const first = await play.connection("-");
  assert.deepEqual(first.copying, ["t", "u"]);
  await first.sink([HEARTBEAT]);
  const before = await play.snapshot(1);
  await before.sink.start(snapshotAt(1, "id"));
  await before.sink.rows(packetsOf("1", "2"), 2, key("2"));
  before.die(LOST);
  // The new source says first what has happened since to the rows that were given.
  const second = await play.connection("-", 2);
  assert.deepEqual(second.copying, ["t to 2", "u"]);
  await second.sink([FIELDS, rows(5, true, "1.5"), { ...HEARTBEAT, position: "MariaDB/0-1-5" }]);
  const after = await play.snapshot(2);
  assert.deepEqual(after.lastPk, ["2"]);
  const starting = after.sink.start(snapshotAt(7, "id"));
  const aligning = await play.connection("-", 3);
  assert.deepEqual([aligning.position, aligning.until], ["MariaDB/0-1-5", "MariaDB/0-1-7"]);
  await aligning.sink([rows(7, true, "1.7")]);
  aligning.end();
  await starting;
  await after.sink.rows(packetsOf("3"), 1, key("3"));
  after.end();
  const other = await play.snapshot(3);
  assert.deepEqual([other.table, other.lastPk], ["u", []]);
  await other.sink.start(snapshotAt(7, "id"));
  other.end();
  const running = await play.connection("-", 4);
  assert.deepEqual([running.position, running.copying], ["MariaDB/0-1-7", []]);
  assert.deepEqual(play.story.filter((line) => !/BEGIN|COMMIT/.test(line)), [
    "ROW - 1",
    "ROW - 2",
    "ROW - 1.5",
    "ROW - 1.7",
    "ROW - 3",
    "LASTPK -",
    "LASTPK -",
    "COPY_COMPLETED -",
    "COPY_COMPLETED",
  ]);
});

Deno.test("a table without a key is one transaction, and comes whole from the next source", async () => {
  await using play = new Play([], copying("t"));
  await (await play.connection("-")).sink([HEARTBEAT]);
  const before = await play.snapshot(1);
  await before.sink.start(snapshotAt(1));
  await before.sink.rows(packetsOf("1"), 1, undefined);
  before.die(LOST);
  await (await play.connection("-", 2)).sink([HEARTBEAT]);
  const after = await play.snapshot(2);
  await after.sink.start(snapshotAt(1));
  await after.sink.rows(packetsOf("1"), 1, undefined);
  await after.sink.rows(packetsOf("2"), 1, undefined);
  after.end();
  await play.connection("-", 3);
  assert.deepEqual(play.story, [
    "BEGIN -",
    "ROW - 1",
    "ROLLBACK -",
    "BEGIN -",
    "ROW - 1",
    "ROW - 2",
    "COMMIT -",
    "LASTPK -",
    "COPY_COMPLETED -",
    "COPY_COMPLETED",
  ]);
});

Deno.test("a source that is behind the last one is not copied from", async () => {
  await using play = new Play([], copying("t"));
  await (await play.connection("-")).sink([HEARTBEAT]);
  const old = await play.snapshot(1);
  await assert.rejects(async () => {
    try {
      await old.sink.start(snapshotAt(0, "id"));
    } catch (error) {
      old.die(error);
      throw error;
    }
  }, /VT20014/);
  assert.equal((await play.connection("-", 2)).avoid.length, 1);
});

Deno.test("a split in the midst of a copy: its rows are read on from the targets", async () => {
  await using play = new Play([], copying("t"));
  await (await play.connection("-")).sink([HEARTBEAT]);
  const before = await play.snapshot(1);
  await before.sink.start(snapshotAt(1, "id"));
  await before.sink.rows(packetsOf("2"), 1, key("2"));
  before.die(LOST);
  const source = await play.connection("-", 2);
  await source.sink([journal(["-"], ["-80", "80-"])]);
  const left = await play.connection("-80");
  assert.deepEqual([left.position, left.copying], ["MariaDB/0-9-5", ["t to 2"]]);
  await left.sink([{ ...HEARTBEAT, position: "MariaDB/0-9-5" }]);
  assert.deepEqual((await play.snapshot(2)).lastPk, ["2"]);
});

Deno.test("a table that was dropped before its turn ends the stream", async () => {
  const play = new Play([], copying("t"));
  for (let tries = 1; tries <= 5; tries++) {
    await (await play.connection("-", tries)).sink([HEARTBEAT]);
    (await play.snapshot(tries)).die(vtError("VT05004", "t"));
  }
  assert.match(
    String(await play.end()),
    /VT26004: table t of k\/- was to be copied, and was dropped/,
  );
});
