import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { forRandom, type Random } from "../../tests/harness/random.ts";
import { VtError } from "../error/errors.ts";
import { ByteWriter } from "./byte_writer.ts";
import { encodeEofPacket } from "./eof_packet.ts";
import { encodeErrPacket } from "./err_packet.ts";
import { encodeFrames, FRAME_PAYLOAD_BYTES_MAX } from "./frame.ts";
import { EMPTY_OK, encodeOkPacket, OK_HEADER_AFTER_ROWS } from "./ok_packet.ts";
import { ResultBoundary } from "./result_boundary.ts";
import { SERVER_MORE_RESULTS_EXISTS } from "./status_flags.ts";

const ERR = encodeErrPacket({ errno: 1064, sqlState: "42000", message: "bad" });

function ok(statusFlags: number, afterRows: boolean): Uint8Array {
  const packet = { ...EMPTY_OK, affectedRows: 70000n, lastInsertId: 2n ** 40n, statusFlags };
  return encodeOkPacket(packet, 0, afterRows ? OK_HEADER_AFTER_ROWS : undefined);
}

/** A row that starts with one of the bytes that ends and errors start with. */
function row(random: Random): Uint8Array {
  const binary = random.int(2) === 0;
  if (binary) return new ByteWriter().u8(0).bytes(random.bytes(random.int(20))).finish();
  const length = random.pick([0, 1, 8, 250, 251, 70_000]);
  return new ByteWriter().lenencBytes(random.bytes(length)).finish();
}

/** Payloads of one result; the last one is its end. */
function result(random: Random, deprecateEof: boolean, more: boolean): Uint8Array[] {
  const flags = more ? SERVER_MORE_RESULTS_EXISTS | 2 : 2;
  const kind = random.int(more ? 2 : 4);
  if (kind === 0) return [ok(flags, false)];
  if (kind === 2) return [ERR];
  const columns = 1 + random.int(4);
  const payloads: Uint8Array[] = [Uint8Array.of(columns)];
  for (let i = 0; i < columns; i++) payloads.push(new ByteWriter().lenencText("def").finish());
  if (!deprecateEof) payloads.push(encodeEofPacket({ warnings: 0, statusFlags: flags }));
  for (let i = random.int(5); i > 0; i--) payloads.push(row(random));
  if (kind === 3) payloads.push(ERR);
  else if (deprecateEof) payloads.push(ok(flags, true));
  else payloads.push(encodeEofPacket({ warnings: 1, statusFlags: flags }));
  return payloads;
}

function answer(random: Random, deprecateEof: boolean): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  for (let more = random.int(3); more > 0; more--) {
    payloads.push(...result(random, deprecateEof, true));
  }
  return [...payloads, ...result(random, deprecateEof, false)];
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

Deno.test("ResultBoundary finds the last packet wherever the bytes are cut", () => {
  forRandom(400, (random) => {
    const deprecateEof = random.int(2) === 1;
    const packets = answer(random, deprecateEof).map((payload, i) => encodeFrames(payload, i + 1));
    const bytes = concat(packets);
    const boundary = new ResultBoundary({ deprecateEof });
    const last = packets.at(-1) ?? new Uint8Array(0);
    const step = random.pick([1, 3, 100, bytes.length]);
    let start = 0;
    let done = false;
    for (let end = Math.min(step, bytes.length);; end = Math.min(end + step, bytes.length)) {
      done = boundary.scan(bytes, start, end);
      start = boundary.safeEnd;
      if (done || end === bytes.length) break;
    }
    strictEqual(done, true);
    strictEqual(boundary.state, "done");
    strictEqual(boundary.safeEnd, bytes.length - last.length);
    strictEqual(boundary.terminalEnd, bytes.length);
  });
});

Deno.test("ResultBoundary takes a row of 16 MB that starts as an OK does for a row", () => {
  const value = new Uint8Array(FRAME_PAYLOAD_BYTES_MAX + 10);
  const big = encodeFrames(new ByteWriter(32).lenencBytes(value).finish(), 3);
  const head = concat([Uint8Array.of(1), Uint8Array.of(3)].map((p, i) => encodeFrames(p, i + 1)));
  const end = encodeFrames(ok(2, true), 5);
  const boundary = new ResultBoundary({ deprecateEof: true });
  const bytes = concat([head, big, end]);
  strictEqual(boundary.scan(bytes, 0, bytes.length - 1), false);
  strictEqual(boundary.safeEnd, bytes.length - end.length);
  strictEqual(boundary.scan(bytes, boundary.safeEnd, bytes.length), true);
  strictEqual(boundary.terminalEnd, bytes.length);
});

Deno.test("ResultBoundary stops at a request for a local file, and goes on after a reset", () => {
  const request = encodeFrames(new ByteWriter().u8(0xfb).text("/etc/passwd").finish(), 1);
  const boundary = new ResultBoundary({ deprecateEof: false });
  strictEqual(boundary.scan(request, 0, request.length), true);
  strictEqual(boundary.state, "local_infile");
  boundary.reset();
  const after = encodeFrames(ERR, 3);
  strictEqual(boundary.scan(after, 0, after.length), true);
  deepStrictEqual([boundary.state, boundary.safeEnd], ["done", 0]);
});

Deno.test("ResultBoundary refuses empty packets and bytes after the end", () => {
  const boundary = new ResultBoundary({ deprecateEof: true });
  throws(() => boundary.scan(Uint8Array.of(0, 0, 0, 1), 0, 4), VtError);
  boundary.reset();
  const end = encodeFrames(ERR, 1);
  boundary.scan(end, 0, end.length);
  throws(() => boundary.scan(end, 0, end.length), VtError);
});
