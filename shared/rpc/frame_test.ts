import assert from "node:assert/strict";
import { VtError } from "../error/errors.ts";
import {
  decodeCredit,
  decodeGoaway,
  decodeHello,
  FLAG_END,
  FLAG_MORE,
  FRAME_CALL,
  FRAME_DATA,
  FRAME_HELLO,
  FRAME_PAYLOAD_BYTES_MAX,
  FRAME_PING,
  FrameReader,
  PROTOCOL_VERSION,
  writeCredit,
  writeFrame,
  writeGoaway,
  writeHello,
} from "./frame.ts";
import { WireWriter } from "./wire.ts";

interface Frame {
  readonly type: number;
  readonly streamId: number;
  readonly flags: number;
  readonly payload: readonly number[];
}

/** Feeds bytes in pieces of `step` and gives the frames that come out. */
function readAll(bytes: Uint8Array, step: number): Frame[] {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const room = reader.room();
    const piece = bytes.subarray(at, at + Math.min(step, room.length));
    room.set(piece);
    reader.received(piece.length);
    at += piece.length;
    while (reader.next()) {
      const { type, streamId, flags, payload } = reader;
      frames.push({ type, streamId, flags, payload: [...payload] });
    }
  }
  return frames;
}

function hasId(id: string): (error: unknown) => boolean {
  return (error) => error instanceof VtError && error.id === id;
}

Deno.test("frames come back as written, however the bytes arrive", () => {
  const out = new WireWriter(16);
  const expected: Frame[] = [
    { type: FRAME_CALL, streamId: 1, flags: FLAG_MORE, payload: [1, 2, 3] },
    { type: FRAME_DATA, streamId: 0xffff_fffe, flags: FLAG_END, payload: [] },
    { type: FRAME_PING, streamId: 0, flags: 0, payload: [9] },
    { type: FRAME_DATA, streamId: 7, flags: 0, payload: new Array(300_000).fill(5) },
  ];
  for (const { type, streamId, flags, payload } of expected) {
    writeFrame(out, type, streamId, flags, Uint8Array.from(payload));
  }
  const bytes = out.written();
  for (const step of [1, 7, 10, 11, 4096, bytes.length]) {
    assert.deepEqual(readAll(step === 1 ? bytes.subarray(0, 60) : bytes, step).slice(0, 3), [
      ...expected.slice(0, 3),
    ]);
  }
  assert.deepEqual(readAll(bytes, 5000), expected);
});

Deno.test("FrameReader takes a frame of the largest size and refuses a larger one", () => {
  const out = new WireWriter(16);
  writeFrame(out, FRAME_DATA, 1, 0, new Uint8Array(FRAME_PAYLOAD_BYTES_MAX));
  assert.equal(readAll(out.written(), 65536)[0]?.payload.length, FRAME_PAYLOAD_BYTES_MAX);
  out.clear();
  writeFrame(out, FRAME_DATA, 1, 0, new Uint8Array(FRAME_PAYLOAD_BYTES_MAX + 1));
  assert.throws(() => readAll(out.written(), 65536), hasId("VT20013"));
});

Deno.test("FrameReader refuses garbage", () => {
  const greeting = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.throws(() => readAll(greeting, 100), hasId("VT20013"));
  assert.throws(() => readAll(new Uint8Array(10), 100), hasId("VT20013"));
});

Deno.test("HELLO says name and window; another version and another program are refused by name", () => {
  const out = new WireWriter(64);
  writeHello(out, { name: "zone1-0000000100", windowBytes: 4096 });
  const frame = readAll(out.written(), 3)[0];
  assert.equal(frame?.type, FRAME_HELLO);
  const payload = Uint8Array.from(frame?.payload ?? []);
  assert.deepEqual(decodeHello(payload), { name: "zone1-0000000100", windowBytes: 4096 });
  for (let cut = 0; cut < payload.length; cut++) {
    assert.throws(() => decodeHello(payload.subarray(0, cut)), hasId("VT20013"), `${cut} bytes`);
  }
  out.clear();
  writeHello(out, { name: "new", windowBytes: 1 }, PROTOCOL_VERSION + 1);
  const other = Uint8Array.from(readAll(out.written(), 100)[0]?.payload ?? []);
  assert.throws(() => decodeHello(other), hasId("VT20015"));
  assert.throws(() => decodeHello(new Uint8Array(20)), hasId("VT20013"));
});

Deno.test("CREDIT and GOAWAY round-trip", () => {
  const out = new WireWriter(16);
  writeCredit(out, 5, 0xffff_ffff);
  writeGoaway(out, "SHUTTING_DOWN");
  writeGoaway(out, "x".repeat(100_000));
  const [credit, goaway, long] = readAll(out.written(), 100).map(({ payload }) =>
    Uint8Array.from(payload)
  );
  assert.equal(decodeCredit(credit ?? new Uint8Array()), 0xffff_ffff);
  assert.equal(decodeGoaway(goaway ?? new Uint8Array()), "SHUTTING_DOWN");
  assert.equal(decodeGoaway(long ?? new Uint8Array()).length, 20_000);
  assert.throws(() => decodeCredit(new Uint8Array(3)), hasId("VT20013"));
  assert.throws(() => decodeCredit(new Uint8Array(5)), hasId("VT20013"));
});
