import assert from "node:assert/strict";
import { forRandom, type Random } from "../../tests/harness/random.ts";
import type { Row, RowChange, StreamItem, TableFields } from "../binlog/change.ts";
import {
  ItemReader,
  ItemWriter,
  MessageAssembler,
  readChangeStreamRequest,
  readOpenSnapshot,
  readRowStreamRequest,
  readSnapshotMessage,
  readSnapshotRequest,
  writeChangeStreamRequest,
  writeOpenSnapshot,
  writeRowStreamRequest,
  writeSnapshotRequest,
  writeSnapshotRows,
  writeSnapshotStart,
} from "./stream_messages.ts";
import { WireReader, WireWriter } from "./wire.ts";

const FIELDS: TableFields = {
  table: "t",
  fields: [
    {
      name: "id",
      type: 8,
      columnType: "bigint unsigned",
      collation: 63,
      unsigned: true,
      nullable: false,
      invisible: false,
    },
    {
      name: "näme",
      type: 253,
      columnType: "varchar(20)",
      collation: 2304,
      unsigned: false,
      nullable: true,
      invisible: true,
    },
  ],
  primaryKey: [0],
};

const LENGTHS = [0, 1, 250, 251, 252, 255, 256, 70_000] as const;

function randomRow(random: Random): Row {
  return FIELDS.fields.map(() => random.int(5) === 0 ? null : random.bytes(random.pick(LENGTHS)));
}

function randomChange(random: Random): RowChange {
  const [before, after, table] = [randomRow(random), randomRow(random), FIELDS.table];
  switch (random.int(3)) {
    case 0:
      return { kind: "insert", table, after };
    case 1:
      return { kind: "update", table, before, after };
    default:
      return { kind: "delete", table, before };
  }
}

function randomItem(random: Random): StreamItem {
  const position = `MariaDB/0-1-${random.int(1000)}`;
  switch (random.int(6)) {
    case 0:
      return { kind: "abandoned" };
    case 1:
      return {
        kind: "ddl",
        position,
        timestampSec: 1,
        sql: "ALTER TABLE `ä` ADD c int",
        tables: ["ä", "b"],
      };
    case 2:
      return { kind: "journal", id: "7", value: "{}" };
    case 3:
      return { kind: "heartbeat", position };
    default: {
      const changes = Array.from({ length: random.int(5) }, () => randomChange(random));
      const timestampSec = 1_790_000_000 + random.int(100);
      return {
        kind: "transaction",
        position,
        complete: random.int(2) === 0,
        timestampSec,
        changes,
      };
    }
  }
}

/** What a reader gets of these bytes, which come in frames of any size. */
function throughFrames(bytes: Uint8Array, random: Random): Uint8Array[] {
  const assembler = new MessageAssembler();
  const messages: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + 1 + random.int(random.pick([3, 100, 65_536])));
    const frame = bytes.slice(at, end);
    messages.push(...assembler.push(frame));
    // The frame's bytes are its sender's again.
    frame.fill(0xee);
    at = end;
  }
  return messages;
}

Deno.test("items of a stream come out as they went in, however they are cut", () => {
  forRandom(200, (random) => {
    const items: StreamItem[] = [{ kind: "fields", fields: FIELDS }];
    for (let i = random.int(8); i > 0; i--) items.push(randomItem(random));
    const out = new WireWriter(64);
    new ItemWriter().write(out, items);
    const reader = new ItemReader();
    const got = throughFrames(out.written(), random).map((message) => reader.read(message));
    assert.deepEqual(got, items);
  });
});

Deno.test("rows of a snapshot come out as they went in, however they are cut", () => {
  forRandom(100, (random) => {
    const packets = random.bytes(random.pick(LENGTHS));
    const lastPk = random.int(3) === 0 ? undefined : [random.bytes(8)];
    const start = {
      fields: FIELDS,
      position: "MariaDB/0-1-2",
      keyColumns: lastPk === undefined ? [] : ["id"],
    };
    const out = new WireWriter(64);
    writeSnapshotStart(out, start);
    writeSnapshotRows(out, packets, 3, lastPk);
    assert.deepEqual(throughFrames(out.written(), random).map(readSnapshotMessage), [
      { kind: "start", start },
      { kind: "rows", packets, count: 3, lastPk },
    ]);
  });
});

Deno.test("requests come out as they went in", () => {
  const target = { keyspace: "commerce", shard: "-80" };
  const changes = { target, position: "MariaDB/0-1-2", rules: [{ match: "/.*/", filter: "-80" }] };
  const out = new WireWriter(64);
  writeChangeStreamRequest(out, changes);
  assert.deepEqual(readChangeStreamRequest(new WireReader(out.written())), changes);

  const upTo = { columns: ["id", "näme"], values: [Uint8Array.of(49), null] };
  const copying = [{ table: "t", upTo }, { table: "ü", upTo: undefined }];
  const partly = { ...changes, until: "MariaDB/0-1-3", copying };
  out.clear();
  writeChangeStreamRequest(out, partly);
  const sent = out.written();
  const got = readChangeStreamRequest(new WireReader(sent));
  sent.fill(0);
  assert.deepEqual(got, partly);

  const snapshot = { target, readers: 4, rules: [{ match: "t", filter: "" }] };
  out.clear();
  writeSnapshotRequest(out, snapshot);
  assert.deepEqual(readSnapshotRequest(new WireReader(out.written())), snapshot);

  const rows = {
    target,
    snapshot: "s",
    rule: { match: "t", filter: "" },
    lastPk: [Uint8Array.of(49), null],
  };
  out.clear();
  writeRowStreamRequest(out, rows);
  const bytes = out.written();
  const read = readRowStreamRequest(new WireReader(bytes));
  bytes.fill(0);
  assert.deepEqual(read, rows);
});

Deno.test("what is told of a snapshot comes out as it went in", () => {
  const open = { id: "7c9e", position: "MariaDB/0-1-2" };
  const out = new WireWriter(64);
  writeOpenSnapshot(out, open);
  const messages = new MessageAssembler().push(out.written());
  assert.deepEqual(messages.map(readOpenSnapshot), [open]);
});

Deno.test("garbage is refused, not read as something", () => {
  const reader = new ItemReader();
  for (const bytes of [[], [99], [2, 1], [6, 255, 255, 255, 255], [3, 0]]) {
    assert.throws(() => reader.read(Uint8Array.from(bytes)), /VT20013/);
  }
  // A change of a table that was never described.
  const out = new WireWriter(64);
  new ItemWriter().write(out, [{
    kind: "transaction",
    position: "",
    complete: true,
    timestampSec: 0,
    changes: [{ kind: "insert", table: "t", after: [] }],
  }]);
  assert.throws(() => reader.read(out.written().slice(4)), /without fields/);
});
