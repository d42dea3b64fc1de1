import assert from "node:assert/strict";
import { encodeFrames, packetEnd } from "../../shared/mysql/frame.ts";
import { WholePackets } from "./whole_packets.ts";

Deno.test("packets come out whole wherever the data is cut", async () => {
  const packets = [0, 1, 3, 10, 200, 5].map((size, id) =>
    encodeFrames(new Uint8Array(size).fill(id), id)
  );
  const all = Uint8Array.from(packets.flatMap((packet) => [...packet]));
  for (let a = 0; a <= all.length; a++) {
    for (let b = a; b <= all.length; b += 7) {
      const out: number[] = [];
      const whole = new WholePackets((bytes) => {
        for (let at = 0; at < bytes.length;) {
          at = packetEnd(bytes, at, bytes.length);
          assert.ok(at > 0);
        }
        out.push(...bytes);
      });
      for (const part of [all.subarray(0, a), all.subarray(a, b), all.subarray(b)]) {
        await whole.sink(part.slice());
      }
      assert.deepEqual(out, [...all]);
    }
  }
});

Deno.test("a packet of several frames comes out as one", async () => {
  const packet = encodeFrames(new Uint8Array(0xffffff + 10).fill(7), 1);
  const sizes: number[] = [];
  const whole = new WholePackets((bytes) => void sizes.push(bytes.length));
  for (let at = 0; at < packet.length; at += 65536) {
    await whole.sink(packet.slice(at, at + 65536));
  }
  assert.deepEqual(sizes, [packet.length]);
});
