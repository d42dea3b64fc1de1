import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { forRandom } from "../../tests/harness/random.ts";
import { VtError } from "../error/errors.ts";
import { encodeFrames, FRAME_PAYLOAD_BYTES_MAX, frameCount } from "./frame.ts";
import { type Packet, PacketSplitter } from "./packet_splitter.ts";

function splitter(payloadBytesMax = 1 << 26): PacketSplitter {
  return new PacketSplitter({ payloadBytesMax, idleBytes: 64 });
}

/** Feeds bytes in portions of at most `portion`. */
function feed(target: PacketSplitter, bytes: Uint8Array, portion: number): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = target.space();
    const count = Math.min(space.length, portion, bytes.length - at);
    space.set(bytes.subarray(at, at + count));
    at += count;
    target.commit(count);
    for (let packet = target.shift(); packet !== undefined; packet = target.shift()) {
      packets.push(packet);
    }
  }
  return packets;
}

Deno.test("PacketSplitter gives the packets back however the bytes arrive", () => {
  forRandom(300, (random) => {
    const payloads = Array.from(
      { length: 1 + random.int(6) },
      () => random.bytes(random.pick([0, 1, 59, 60, 61, 500, 40_000])),
    );
    const bytes = new Uint8Array(payloads.flatMap((p, i) => [...encodeFrames(p, i)]));
    const target = splitter();
    const packets = feed(target, bytes, random.pick([1, 7, 64, 100_000]));
    deepStrictEqual(packets.map((packet) => packet.payload), payloads);
    deepStrictEqual(packets.map((packet) => packet.sequenceId), payloads.map((_, i) => i));
    strictEqual(target.midPacket, false);
  });
});

Deno.test("PacketSplitter joins the frames of packets of 16 MB and more", () => {
  for (const extra of [-1, 0, 1, FRAME_PAYLOAD_BYTES_MAX, FRAME_PAYLOAD_BYTES_MAX + 5]) {
    const payload = new Uint8Array(FRAME_PAYLOAD_BYTES_MAX + extra);
    for (let i = 0; i < payload.length; i += 4099) payload[i] = i & 0xff;
    const bytes = encodeFrames(payload, 254);
    const [packet] = feed(splitter(), bytes, 1 << 20);
    strictEqual(packet?.payload.length, payload.length);
    strictEqual(packet.nextSequenceId, (254 + frameCount(payload.length)) & 0xff);
    for (let i = 0; i < payload.length; i += 4099) strictEqual(packet.payload[i], payload[i]);
  }
});

Deno.test("PacketSplitter joins a large packet that others follow in the same bytes", () => {
  const payload = new Uint8Array(FRAME_PAYLOAD_BYTES_MAX + 3).fill(5);
  const after = Uint8Array.of(1, 2, 3);
  const large = encodeFrames(payload, 0);
  const bytes = new Uint8Array(large.length + 7);
  bytes.set(large);
  bytes.set(encodeFrames(after, 0), large.length);
  const packets = feed(splitter(), bytes, bytes.length);
  strictEqual(packets[0]?.payload.length, payload.length);
  deepStrictEqual(packets[1]?.payload, after);
});

Deno.test("PacketSplitter refuses a packet above the limit at its header", () => {
  const target = splitter(100);
  target.space().set([101, 0, 0, 0]);
  throws(
    () => target.commit(4),
    (error) => error instanceof VtError && error.id === "ER_NET_PACKET_TOO_LARGE",
  );
  strictEqual(target.nextSequenceId, 1);
});

Deno.test("PacketSplitter refuses frames of one packet that do not follow on", () => {
  const bytes = encodeFrames(new Uint8Array(FRAME_PAYLOAD_BYTES_MAX + 1), 0);
  bytes[FRAME_PAYLOAD_BYTES_MAX + 4 + 3] = 7;
  throws(
    () => feed(splitter(), bytes, 1 << 22),
    (error) => error instanceof VtError && error.id === "ER_NET_PACKETS_OUT_OF_ORDER",
  );
});

Deno.test("PacketSplitter holds no more than twice what came, whatever a header claims", () => {
  const target = splitter();
  target.space().set([0xff, 0xff, 0xff, 0]);
  target.commit(4);
  strictEqual(target.space().length <= 16 * 1024, true);
});

Deno.test("exactSpace() never reads behind the packet", () => {
  forRandom(100, (random) => {
    const payload = random.bytes(random.int(300));
    const bytes = encodeFrames(payload, 1);
    const target = splitter();
    let at = 0;
    while (target.size === 0) {
      const space = target.exactSpace();
      const count = Math.min(space.length, 1 + random.int(100));
      ok(at + space.length <= bytes.length);
      space.set(bytes.subarray(at, at + count));
      at += count;
      target.commit(count);
    }
    strictEqual(at, bytes.length);
    deepStrictEqual(target.shift()?.payload, payload);
  });
});
