import assert from "node:assert/strict";
import { VtError, vtError } from "../error/errors.ts";
import { MysqlError } from "../error/mysql_error.ts";
import type { Target } from "../model/tablet.ts";
import {
  decodeError,
  decodeExecuteEnd,
  decodePrepareResult,
  encodePrepareResult,
  METHOD_EXECUTE,
  readSequenceRequest,
  readTransactionRequest,
  RequestDecoder,
  RequestEncoder,
  writeError,
  writeExecuteEnd,
  writeSequenceRequest,
  writeTransactionRequest,
} from "./messages.ts";
import type { ExecuteRequest } from "./query_service.ts";
import { WireReader, WireWriter } from "./wire.ts";

const TARGET: Target = { keyspace: "commerce", shard: "-80", tabletType: "replica" };

const PLAIN: ExecuteRequest = {
  target: TARGET,
  user: "user",
  profile: { capabilities: 0x100_0002, collation: 255, settings: "" },
  transactionId: 0,
  begin: "",
  reserve: false,
  sql: new TextEncoder().encode("select 1"),
  parameters: undefined,
  tables: [],
  limits: { timeoutMs: 0, rowsMax: 0, bytesMax: 0 },
};

const FULL: ExecuteRequest = {
  ...PLAIN,
  user: "ünïcode",
  profile: { capabilities: 3, collation: 8, settings: "sql_mode='',time_zone='+00:00'" },
  transactionId: Number.MAX_SAFE_INTEGER,
  begin: "start transaction read only",
  reserve: true,
  sql: Uint8Array.of(0xff, 0, 0x80),
  parameters: Uint8Array.of(0, 1, 8, 0),
  tables: ["product", "t2"],
  limits: { timeoutMs: 1500, rowsMax: 10_000, bytesMax: 2 ** 40 },
};

function encode(encoder: RequestEncoder, request: ExecuteRequest): Uint8Array {
  const out = new WireWriter(8);
  encoder.write(out, METHOD_EXECUTE, request);
  return out.written().slice();
}

function decode(decoder: RequestDecoder, bytes: Uint8Array): ExecuteRequest {
  const reader = new WireReader(bytes);
  assert.equal(reader.u8(), METHOD_EXECUTE);
  const request = decoder.read(reader);
  return {
    ...request,
    sql: request.sql.slice(),
    parameters: request.parameters?.slice(),
  };
}

function isMalformed(error: unknown): boolean {
  return error instanceof VtError && error.id === "VT20013";
}

Deno.test("execute requests come back as written, also the second time", () => {
  const encoder = new RequestEncoder();
  const decoder = new RequestDecoder();
  for (const request of [PLAIN, FULL, PLAIN, { ...FULL, parameters: new Uint8Array() }, FULL]) {
    assert.deepEqual(decode(decoder, encode(encoder, request)), request);
  }
});

Deno.test("RequestDecoder gives the same profile object for equal profiles", () => {
  const decoder = new RequestDecoder();
  const first = decode(decoder, encode(new RequestEncoder(), PLAIN));
  const other: ExecuteRequest = { ...PLAIN, user: "b", profile: { ...PLAIN.profile } };
  const second = decode(decoder, encode(new RequestEncoder(), other));
  assert.equal(first.profile, second.profile);
  assert.notEqual(first.user, second.user);
});

Deno.test("a request that is cut off anywhere before its sql is malformed", () => {
  const bytes = encode(new RequestEncoder(), FULL);
  const sqlAt = bytes.length - FULL.sql.length;
  for (let cut = 1; cut < sqlAt; cut++) {
    const reader = new WireReader(bytes, 1, cut);
    assert.throws(() => new RequestDecoder().read(reader), isMalformed, `${cut} bytes`);
  }
});

Deno.test("random bytes decode to a request or are malformed, never anything else", () => {
  const seed = 20260801;
  let state = seed;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8;
  const good = encode(new RequestEncoder(), FULL);
  for (let round = 0; round < 3000; round++) {
    const bytes = good.slice();
    for (let flip = 0; flip < 1 + (random() % 4); flip++) bytes[random() % bytes.length] = random();
    try {
      new RequestDecoder().read(new WireReader(bytes, 1));
    } catch (error) {
      assert.ok(isMalformed(error), `seed ${seed}, round ${round}: ${error}`);
    }
  }
});

Deno.test("transaction and sequence requests round-trip", () => {
  const out = new WireWriter(8);
  writeTransactionRequest(out, 3, { target: TARGET, transactionId: 2 ** 52 + 1 });
  const reader = new WireReader(out.written(), 1);
  assert.deepEqual(readTransactionRequest(reader), { target: TARGET, transactionId: 2 ** 52 + 1 });
  out.clear();
  writeSequenceRequest(out, { target: TARGET, table: "customer_seq", count: 7 });
  const sequence = readSequenceRequest(new WireReader(out.written(), 1));
  assert.deepEqual(sequence, { target: TARGET, table: "customer_seq", count: 7 });
});

Deno.test("results round-trip", () => {
  const out = new WireWriter(8);
  writeExecuteEnd(out, 77, Uint8Array.of(1, 2), Uint8Array.of(3, 4, 5));
  const end = decodeExecuteEnd(out.written());
  assert.deepEqual([end.transactionId, [...end.packets], [...end.terminal]], [77, [1, 2], [
    3,
    4,
    5,
  ]]);
  assert.deepEqual(end.warnings, []);
  assert.throws(() => decodeExecuteEnd(out.written().subarray(0, 18)), isMalformed);
  out.clear();
  const warnings = [{ level: "Note", code: 1051, message: "Unknown table 'ü'" } as const];
  writeExecuteEnd(out, 0, new Uint8Array(), Uint8Array.of(3), warnings);
  const warned = decodeExecuteEnd(out.written());
  assert.deepEqual([[...warned.terminal], warned.warnings], [[3], warnings]);
  const prepared = { columns: [Uint8Array.of(1), new Uint8Array(300)], parameters: [] };
  assert.deepEqual(decodePrepareResult(encodePrepareResult(prepared)), prepared);
});

Deno.test("errors keep their id, status and text", () => {
  const out = new WireWriter(8);
  for (
    const error of [
      vtError("VT20001", "NOT_SERVING"),
      vtError("ER_QUERY_INTERRUPTED"),
      new MysqlError(1062, "23000", "Duplicate entry '1' for key 'PRIMARY'"),
    ]
  ) {
    out.clear();
    writeError(out, error);
    const back = decodeError(out.written());
    assert.equal(back.message, error.message);
    assert.equal(back.errno, error.errno);
    assert.equal(back.status, error.status);
  }
  out.clear();
  writeError(out, new TypeError("x is undefined"));
  assert.match(decodeError(out.written()).message, /^VT13001: \[BUG\] .*x is undefined/);
});

Deno.test("an error of a later release is judged by its status", () => {
  const out = new WireWriter(8);
  out.u8(0);
  out.text16("VT29999");
  out.text16("cluster_event");
  out.text16("VT29999: news");
  const error = decodeError(out.written());
  assert.equal(error.status, "cluster_event");
  assert.match(error.message, /VT29999: news/);
});
