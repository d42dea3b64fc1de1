/** Values of a row in text protocol, found without decoding them (manual, "Text Resultset Row"). */
import { FRAME_HEADER_BYTES, framePayloadBytes, packetPayload } from "../../shared/mysql/frame.ts";
import { FRAME_PAYLOAD_BYTES_MAX } from "../../shared/mysql/frame.ts";

const NULL_VALUE = 0xfb;

/**
 * Where the values of the row in `payload` lie: `spans[2 * i]` is the start and `spans[2 * i + 1]`
 * the end of column i; -1 and -1 for NULL.
 */
export function splitTextRow(payload: Uint8Array, columns: number, spans: Int32Array): void {
  let at = 0;
  for (let i = 0; i < columns; i++) {
    const first = payload[at] ?? 0;
    if (first === NULL_VALUE) {
      spans[2 * i] = -1;
      spans[2 * i + 1] = -1;
      at += 1;
      continue;
    }
    let length = first;
    at += 1;
    if (first >= 0xfc) {
      const bytes = first === 0xfc ? 2 : first === 0xfd ? 3 : 8;
      length = littleEndian(payload, at, Math.min(bytes, 6));
      at += bytes;
    }
    spans[2 * i] = at;
    at += length;
    spans[2 * i + 1] = at;
  }
}

function littleEndian(bytes: Uint8Array, offset: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[offset + i] ?? 0);
  return value;
}

/** The values of a row: views into `payload`; undefined is NULL. */
export function textRowValues(
  payload: Uint8Array,
  columns: number,
): readonly (Uint8Array | undefined)[] {
  const spans = new Int32Array(columns * 2);
  splitTextRow(payload, columns, spans);
  return Array.from({ length: columns }, (_, i) => {
    const start = spans[2 * i] ?? -1;
    return start < 0 ? undefined : payload.subarray(start, spans[2 * i + 1]);
  });
}

/** The payload of a row packet: a view, or a copy of one that spans frames. */
export function rowPayload(packets: Uint8Array, start: number, end: number): Uint8Array {
  if (framePayloadBytes(packets, start) < FRAME_PAYLOAD_BYTES_MAX) {
    return packets.subarray(start + FRAME_HEADER_BYTES, end);
  }
  return packetPayload(packets, start, end);
}
