/**
 * Recorded events of both servers (testdata/*.hex: the GTID position before them, then an event a
 * line) give the same items; damaged ones give an error and nothing else.
 */
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { crc32 } from "node:zlib";
import { VtError } from "../error/errors.ts";
import type { StreamItem } from "./change.ts";
import { EVENT_HEADER_BYTES } from "./event.ts";
import * as event from "./event_types.ts";
import { parsePosition } from "./position.ts";
import { StreamDecoder } from "./stream_decoder.ts";

interface Recording {
  readonly start: string;
  readonly events: readonly Uint8Array[];
}

const SERVERS = { mariadb: "MariaDB/", mysql: "MySQL56/" } as const;

function recorded(server: keyof typeof SERVERS): Recording {
  const file = new URL(`./testdata/${server}.hex`, import.meta.url);
  const [gtid = "", ...lines] = Deno.readTextFileSync(file).trim().split("\n");
  return {
    start: SERVERS[server] + gtid,
    events: lines.map((line) => Uint8Array.fromHex(line)),
  };
}

function decoderAt(start: string, checksum: boolean): StreamDecoder {
  return new StreamDecoder({
    database: "vt_t",
    start: parsePosition(start),
    checksum,
    limits: { changesMax: 1000, bytesMax: 1 << 20 },
  });
}

function show(item: StreamItem): readonly string[] {
  const row = (values: readonly (Uint8Array | null)[]) =>
    values.map((value) => value === null ? "N" : new TextDecoder().decode(value)).join("|");
  if (item.kind === "ddl") return [`ddl ${item.tables.join()}`];
  if (item.kind === "fields") {
    return item.fields.fields.map(({ name, columnType }) => `${name} ${columnType}`);
  }
  if (item.kind !== "transaction") return [];
  return item.changes.map((change) =>
    [
      change.kind,
      ...("before" in change ? [row(change.before)] : []),
      ...("after" in change ? [row(change.after)] : []),
    ].join(" ")
  );
}

const CHANGES = [
  'insert 1|one|-1.500|-01:02:03.004|y|{"a": [1, "b"]}',
  "insert 18446744073709551615|N|0.000|00:00:00.000|x|N",
  '1|one|-1.500|-01:02:03.004|y|{"a": [1, "b"]}',
] as const;

for (const server of ["mariadb", "mysql"] as const) {
  const { start, events } = recorded(server);
  // MariaDB's binlog has no checksums unless told; MySQL's has.
  const checksum = server === "mysql";

  Deno.test(`recorded events give the changes that were made: ${server}`, () => {
    const decoder = decoderAt(start, checksum);
    for (const bytes of events) decoder.add(bytes);
    const items = decoder.take();
    const [first, second, before] = CHANGES;
    deepStrictEqual(items.flatMap(show), [
      "ddl a",
      "id bigint unsigned",
      "s varchar(9)",
      "d decimal(9,3)",
      "t time(3)",
      "e enum('x','y')",
      // MariaDB's JSON is a text.
      server === "mysql" ? "j json" : "j longtext",
      first,
      second,
      `update ${before} ${before.replace("one", "ONE")}`,
      `delete ${before.replace("one", "ONE")}`,
      second.replace("insert", "delete"),
      "insert 7|N|N|N|N|N",
      "ddl a",
    ]);
    const inserted = items.find((item) => item.kind === "transaction" && item.changes.length > 0);
    ok(inserted?.kind === "transaction");
    strictEqual(inserted.timestampSec, 1_700_000_000);
  });

  Deno.test(`an event cut short anywhere is an error, and never half a change: ${server}`, () => {
    for (const [i, whole] of events.entries()) {
      if (whole[4] === event.ROTATE_EVENT || whole[4] === event.FORMAT_DESCRIPTION_EVENT) continue;
      for (let length = 0; length < whole.length; length++) {
        const decoder = decoderAt(start, checksum);
        for (const bytes of events.slice(0, i)) decoder.add(bytes);
        throws(() => decoder.add(whole.slice(0, length)), VtError);
      }
    }
  });

  Deno.test(`random bytes in an event are told or harmless: ${server}`, () => {
    const seed = 20_261_120;
    let state = seed;
    const random = (below: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor(state / 0x1_0000_0000 * below);
    };
    for (let round = 0; round < 3000; round++) {
      const decoder = decoderAt(start, checksum);
      const target = 1 + random(events.length - 1);
      try {
        for (const [i, bytes] of events.entries()) {
          if (i !== target) decoder.add(bytes);
          else decoder.add(damaged(bytes, checksum, random));
        }
      } catch (error) {
        ok(error instanceof VtError, `seed ${seed} round ${round}: ${error}`);
      }
    }
  });
}

/** One byte of the body is another one; the checksum fits it. */
function damaged(
  bytes: Uint8Array,
  checksum: boolean,
  random: (below: number) => number,
): Uint8Array {
  const copy = bytes.slice();
  const end = copy.length - (checksum ? 4 : 0);
  if (end <= EVENT_HEADER_BYTES) return copy;
  copy[EVENT_HEADER_BYTES + random(end - EVENT_HEADER_BYTES)] = random(256);
  if (checksum) new DataView(copy.buffer).setUint32(end, crc32(copy.subarray(0, end)), true);
  return copy;
}

Deno.test("a wrong checksum is found", () => {
  const { start, events } = recorded("mysql");
  const decoder = decoderAt(start, true);
  throws(() => {
    for (const bytes of events) {
      const copy = bytes.slice();
      if (copy[4] === event.WRITE_ROWS_EVENT) copy[30] = (copy[30] ?? 0) ^ 1;
      decoder.add(copy);
    }
  }, /VT26001: binlog is damaged: the checksum of event 30 is wrong/);
});

Deno.test("an unknown event is an error unless it says that it may be ignored", () => {
  const { start } = recorded("mariadb");
  const unknown = new Uint8Array(EVENT_HEADER_BYTES);
  unknown[4] = 200;
  unknown[9] = EVENT_HEADER_BYTES;
  throws(() => decoderAt(start, false).add(unknown), /VT26002.*unknown type 200/);
  unknown[17] = event.LOG_EVENT_IGNORABLE_F;
  decoderAt(start, false).add(unknown);
});
