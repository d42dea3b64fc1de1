/**
 * Finds the end of mysqld's answer to COM_QUERY or COM_STMT_EXECUTE without decoding it: only
 * headers and the first byte of each packet are looked at (manual, "COM_QUERY Response").
 *
 *   first --columns--> columns --last of them--> [eof_after_columns] --> rows --EOF/OK/ERR--> done
 *     |                                          (not with DEPRECATE_EOF)   |
 *     +--OK/ERR--> done                                                     |
 *     +--0xfb--> local_infile      an OK or EOF with SERVER_MORE_RESULTS_EXISTS: back to first
 *
 * A packet is judged once it is complete, so the caller keeps the bytes from `safeEnd` on and
 * scans them again with what arrives next.
 */
import { vtError } from "../error/errors.ts";
import { ByteReader } from "./byte_reader.ts";
import { ERR_HEADER } from "./err_packet.ts";
import { EOF_HEADER } from "./eof_packet.ts";
import {
  FRAME_HEADER_BYTES,
  FRAME_PAYLOAD_BYTES_MAX,
  framePayloadBytes,
  packetEnd,
} from "./frame.ts";
import { OK_HEADER } from "./ok_packet.ts";
import { SERVER_MORE_RESULTS_EXISTS } from "./status_flags.ts";

/** First byte of a LOCAL INFILE request, where a column count could stand. */
const LOCAL_INFILE_HEADER = 0xfb;

/** An EOF packet is shorter than this; a row that starts with 0xfe is not. */
const EOF_PAYLOAD_BYTES_END = 9;

export type BoundaryState =
  | "first"
  | "columns"
  | "eof_after_columns"
  | "rows"
  | "local_infile"
  | "done";

export class ResultBoundary {
  readonly #deprecateEof: boolean;
  #state: BoundaryState = "first";
  #columnsLeft = 0;
  #safeEnd = 0;
  #terminalEnd = 0;

  constructor(options: { readonly deprecateEof: boolean }) {
    this.#deprecateEof = options.deprecateEof;
  }

  /** Ready for the next answer. */
  reset(): void {
    this.#state = "first";
  }

  get state(): BoundaryState {
    return this.#state;
  }

  /**
   * The offset after the last whole packet before the terminal one. When done, the terminal
   * packet (or the LOCAL INFILE request) starts here.
   */
  get safeEnd(): number {
    return this.#safeEnd;
  }

  /** When done: the offset after the terminal packet. */
  get terminalEnd(): number {
    return this.#terminalEnd;
  }

  /**
   * Looks at the whole packets in `bytes[start, end)`; `start` is the start of a packet. True when
   * the answer ended, or asks for a file.
   */
  scan(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    for (;;) {
      const next = packetEnd(bytes, at, end);
      if (next < 0) {
        this.#safeEnd = at;
        return false;
      }
      if (this.#step(bytes, at, next)) {
        this.#safeEnd = at;
        this.#terminalEnd = next;
        return true;
      }
      at = next;
    }
  }

  /** Judges the packet in `bytes[at, next)`. True when it is the last one. */
  #step(bytes: Uint8Array, at: number, next: number): boolean {
    // No packet of an answer is empty.
    if (next - at === FRAME_HEADER_BYTES) throw vtError("ER_MALFORMED_PACKET");
    const header = bytes[at + FRAME_HEADER_BYTES] ?? 0;
    switch (this.#state) {
      case "rows":
        return this.#row(bytes, at, next, header);
      case "columns":
        if (header === ERR_HEADER) return this.#end("done");
        if (--this.#columnsLeft === 0) {
          this.#state = this.#deprecateEof ? "rows" : "eof_after_columns";
        }
        return false;
      case "eof_after_columns":
        if (header === ERR_HEADER) return this.#end("done");
        if (header !== EOF_HEADER) throw vtError("ER_MALFORMED_PACKET");
        this.#state = "rows";
        return false;
      case "first":
        return this.#first(bytes, at, next, header);
      default:
        throw vtError("ER_MALFORMED_PACKET");
    }
  }

  #end(state: "done" | "local_infile"): true {
    this.#state = state;
    return true;
  }

  #first(bytes: Uint8Array, at: number, next: number, header: number): boolean {
    if (header === ERR_HEADER) return this.#end("done");
    if (header === LOCAL_INFILE_HEADER) return this.#end("local_infile");
    if (header === OK_HEADER) return this.#endUnlessMore(okStatusFlags(bytes, at, next));
    this.#columnsLeft = new ByteReader(bytes.subarray(at + FRAME_HEADER_BYTES, next)).lenencInt();
    this.#state = "columns";
    return false;
  }

  #row(bytes: Uint8Array, at: number, next: number, header: number): boolean {
    if (header === ERR_HEADER) return this.#end("done");
    if (header !== EOF_HEADER) return false;
    if (!this.#deprecateEof) {
      if (next - at - FRAME_HEADER_BYTES >= EOF_PAYLOAD_BYTES_END) return false;
      return this.#endUnlessMore(eofStatusFlags(bytes, at));
    }
    // A row whose first value is 16 MB or more starts with 0xfe too, but fills its first frame.
    if (framePayloadBytes(bytes, at) === FRAME_PAYLOAD_BYTES_MAX) return false;
    return this.#endUnlessMore(okStatusFlags(bytes, at, next));
  }

  #endUnlessMore(statusFlags: number): boolean {
    if ((statusFlags & SERVER_MORE_RESULTS_EXISTS) === 0) return this.#end("done");
    this.#state = "first";
    return false;
  }
}

function eofStatusFlags(bytes: Uint8Array, at: number): number {
  const flags = at + FRAME_HEADER_BYTES + 3;
  return (bytes[flags] ?? 0) | ((bytes[flags + 1] ?? 0) << 8);
}

/** Status flags of an OK packet, which stand behind two length-encoded integers. */
function okStatusFlags(bytes: Uint8Array, at: number, next: number): number {
  let offset = at + FRAME_HEADER_BYTES + 1;
  offset += lenencIntSize(bytes[offset]);
  offset += lenencIntSize(bytes[offset]);
  if (offset + 2 > next) throw vtError("ER_MALFORMED_PACKET");
  return (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
}

function lenencIntSize(first: number | undefined): number {
  if (first === undefined || first < 0xfb) return 1;
  if (first === 0xfc) return 3;
  return first === 0xfd ? 4 : 9;
}
