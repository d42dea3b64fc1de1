/**
 * Takes a shard's answer apart: column definitions, then rows. It is the sink of one execution;
 * the terminal packet comes as that execution's result.
 *
 *   count ──▶ columns ──▶ eof ──▶ rows          (eof not with CLIENT_DEPRECATE_EOF)
 */
import { ByteReader } from "../../shared/mysql/byte_reader.ts";
import { packetPayload } from "../../shared/mysql/frame.ts";
import type { PacketSink } from "../../shared/rpc/query_service.ts";
import { nextPacket } from "./rows.ts";

export interface ResultHandler {
  /** The definitions are copies. */
  onColumns(definitions: readonly Uint8Array[]): void;
  /** Whole row packets, valid during the call. */
  onRows(packets: Uint8Array): void | Promise<void>;
}

export class ResultReader {
  readonly #deprecateEof: boolean;
  readonly #handler: ResultHandler;
  #state: "count" | "columns" | "eof" | "rows" = "count";
  #definitions: Uint8Array[] = [];
  #columnsLeft = 0;

  constructor(handler: ResultHandler, options: { readonly deprecateEof: boolean }) {
    this.#handler = handler;
    this.#deprecateEof = options.deprecateEof;
  }

  /** True once the shard has answered with columns rather than OK. */
  get hasColumns(): boolean {
    return this.#state === "rows";
  }

  readonly sink: PacketSink = (packets) => {
    if (this.#state === "rows") return this.#handler.onRows(packets);
    let at = 0;
    while (at < packets.length && !this.hasColumns) {
      const end = nextPacket(packets, at);
      this.#head(packets, at, end);
      at = end;
    }
    if (at < packets.length) return this.#handler.onRows(packets.subarray(at));
  };

  #head(packets: Uint8Array, at: number, end: number): void {
    switch (this.#state) {
      case "count":
        this.#columnsLeft = new ByteReader(packetPayload(packets, at, end)).lenencInt();
        this.#state = "columns";
        return;
      case "columns":
        this.#definitions.push(packetPayload(packets, at, end).slice());
        if (--this.#columnsLeft > 0) return;
        if (this.#deprecateEof) this.#ready();
        else this.#state = "eof";
        return;
      case "eof":
        this.#ready();
        return;
      case "rows":
        return;
    }
  }

  #ready(): void {
    this.#state = "rows";
    this.#handler.onColumns(this.#definitions);
  }
}
