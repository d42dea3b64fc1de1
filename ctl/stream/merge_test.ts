/** Golden tests of the merge: items of shards in, printed events out. */
import assert from "node:assert/strict";
import type { Field, RowChange, StreamItem } from "../../shared/binlog/change.ts";
import { golden } from "../../tests/golden/golden.ts";
import type { CopyStep } from "./copy_step.ts";
import type { Place } from "./event.ts";
import { printEvent } from "./event_line.ts";
import { StreamLimit } from "./limit.ts";
import { ShardMerge } from "./merge.ts";
import { parseVGtid } from "./vgtid_json.ts";

const UTF8MB4 = 45;

function field(name: string, columnType: string, collation: number): Field {
  return {
    name,
    columnType,
    collation,
    type: 253,
    unsigned: false,
    nullable: true,
    invisible: false,
  };
}

const FIELDS = {
  table: "t",
  fields: [field("id", "bigint", 63), field("name", "varchar(9)", UTF8MB4)],
  primaryKey: [0],
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const rowOf = (text: string) => text.split("=").map((v) => v === "NULL" ? null : bytes(v));

/** "+1=a", "-1=a", "1=a>1=b". */
function changeOf(text: string): RowChange {
  const table = "t";
  if (text.startsWith("+")) return { kind: "insert", table, after: rowOf(text.slice(1)) };
  if (text.startsWith("-")) return { kind: "delete", table, before: rowOf(text.slice(1)) };
  const [before = "", after = ""] = text.split(">");
  return { kind: "update", table, before: rowOf(before), after: rowOf(after) };
}

function itemOf(kind: string, words: readonly string[]): StreamItem {
  const [first = "", ...rest] = words;
  switch (kind) {
    case "fields":
      return { kind, fields: FIELDS };
    case "commit":
    case "part": {
      const complete = kind === "commit";
      const changes = rest.map(changeOf);
      return { kind: "transaction", position: first, complete, timestampSec: 7, changes };
    }
    case "ddl":
      return { kind, position: first, timestampSec: 7, sql: rest.join(" "), tables: ["t"] };
    case "heartbeat":
      return { kind, position: first };
    case "abandoned":
      return { kind };
    case "journal":
      return { kind, id: first, value: rest.join(" ") };
    default:
      throw new SyntaxError(`no item: ${kind}`);
  }
}

/** "start", "rows KEY 1=a 2=b" (a key of - is none), "done", "nothing". */
function copyStepOf(kind: string, [key = "-", ...rows]: readonly string[]): CopyStep | undefined {
  switch (kind) {
    case "start":
      return { kind, fields: FIELDS };
    case "rows": {
      const upTo = key === "-" ? undefined : { columns: ["id"], values: [bytes(key)] };
      return { kind, fields: FIELDS, rows: rows.map(rowOf), upTo };
    }
    case "done":
    case "nothing":
      return { kind };
    default:
      return undefined;
  }
}

function placeOf(text: string): Place {
  const [keyspace = "", shard = ""] = text.split("/");
  return { keyspace, shard };
}

golden(new URL("./testdata/", import.meta.url), ({ input, args }) => {
  const [position = "", ...lines] = input.split("\n");
  const merge = new ShardMerge(parseVGtid(position));
  const limit = new StreamLimit({
    rowsMax: Number(args.get("limit") ?? 0),
    stopOnReshard: args.has("stop_on_reshard"),
  });
  const out: string[] = [];
  for (const line of lines) {
    const [who = "", kind = "", ...words] = line.split(" ");
    const place = placeOf(who);
    out.push(`> ${line.length > 90 ? `${line.slice(0, 87)}...` : line}`);
    const step = copyStepOf(kind, words);
    const events = who === "beat"
      ? merge.beat(9)
      : kind === "lost"
      ? merge.lost(place)
      : step !== undefined
      ? merge.copy(place, step, 8)
      : merge.take(place, [itemOf(kind, words)]);
    for (const event of limit.pass(events)) out.push(printEvent(event));
    if (who !== "beat" && merge.isOpen(place)) out.push("(open)");
    if (who !== "beat" && merge.positionOf(place) === undefined) out.push("(at its end)");
    if (limit.reached) out.push(`(limit reached after ${limit.rows} rows)`);
    if (limit.reached) break;
  }
  return out.join("\n");
});

Deno.test("a position is refused with what is wrong with it", () => {
  assert.throws(() => parseVGtid("{"), /no JSON/);
  assert.throws(() => parseVGtid("{}"), /want a position like/);
  assert.throws(() => parseVGtid('[{"keyspace":"k","shard":"-"}]'), /no gtid/);
  assert.throws(() => parseVGtid('[{"keyspace":"k","shard":"-","gtid":"x"}]'), /Cannot parse/);
  const twice = '{"keyspace":"k","shard":"-","gtid":"current"}';
  assert.throws(() => parseVGtid(`[${twice},${twice}]`), /k\/- twice/);
});
