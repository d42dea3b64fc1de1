/**
 * The answer to one command, as packets to the client. A command may have several results, one
 * after the other.
 */
import { ByteReader } from "../../shared/mysql/byte_reader.ts";
import { ByteWriter } from "../../shared/mysql/byte_writer.ts";
import { encodeEofPacket } from "../../shared/mysql/eof_packet.ts";
import { encodeErrPacket, type ErrPacket } from "../../shared/mysql/err_packet.ts";
import { packetPayload } from "../../shared/mysql/frame.ts";
import {
  EMPTY_OK,
  encodeOkPacket,
  OK_HEADER_AFTER_ROWS,
  type OkPacket,
} from "../../shared/mysql/ok_packet.ts";
import type { ClientWriter } from "../session/client.ts";
import { countPackets, nextPacket } from "../engine/rows.ts";
import type { ClientRows } from "../engine/world.ts";
import { type KeyspaceOf, type KnownHead, renameHead, renameSchema } from "./schema_names.ts";
import { patchStatus } from "./status.ts";

/** Above this many unsent bytes a shard has to wait for the client. */
const BUFFERED_BYTES_MAX = 256 * 1024;

export class ClientOutput implements ClientRows {
  /** The command wants rows of the binary protocol. */
  readonly binary: boolean;
  readonly #writer: ClientWriter;
  readonly #capabilities: number;
  readonly #deprecateEof: boolean;
  /** Packets of the head of a passed result that are still to come; -1: its first is. */
  #headLeft = -1;
  #rows = 0;
  #started = false;
  #knownHead: KnownHead = unknownHead();
  readonly #keyspaceOf: KeyspaceOf;

  constructor(
    writer: ClientWriter,
    options: {
      readonly capabilities: number;
      readonly deprecateEof: boolean;
      /** COM_STMT_EXECUTE: rows are binary. */
      readonly binary: boolean;
      readonly keyspaceOf: KeyspaceOf;
    },
  ) {
    this.#keyspaceOf = options.keyspaceOf;
    this.binary = options.binary;
    this.#writer = writer;
    this.#capabilities = options.capabilities;
    this.#deprecateEof = options.deprecateEof;
  }

  /** Rows of the current result so far. */
  get rowCount(): number {
    return this.#rows;
  }

  /** Something of the current result has been written. */
  get started(): boolean {
    return this.#started;
  }

  /** The next result that passes through has this plan's head. */
  expectHead(known: KnownHead): void {
    this.#knownHead = known;
  }

  readonly passThrough = (packets: Uint8Array): void | Promise<void> => {
    const atHead = this.#headLeft < 0;
    this.#count(packets);
    const renamed = atHead ? renameHead(packets, this.#keyspaceOf, this.#knownHead) : undefined;
    if (renamed === undefined) return this.#raw(packets);
    this.#writer.raw(renamed.head);
    return this.#raw(packets.subarray(renamed.end));
  };

  columns(definitions: readonly Uint8Array[]): void {
    this.#packet(new ByteWriter(9).lenencInt(definitions.length).finish());
    for (const definition of definitions) {
      this.#packet(renameSchema(definition, this.#keyspaceOf));
    }
    if (!this.#deprecateEof) this.#packet(encodeEofPacket({ warnings: 0, statusFlags: 0 }));
  }

  rows(packets: Uint8Array): void | Promise<void> {
    this.#rows += countPackets(packets);
    return this.#raw(packets);
  }

  /** Ends a result that went through `columns` and `rows`. */
  endRows(warnings: number, statusFlags: number): void {
    const end = this.#deprecateEof
      ? encodeOkPacket(
        { ...EMPTY_OK, warnings, statusFlags },
        this.#capabilities,
        OK_HEADER_AFTER_ROWS,
      )
      : encodeEofPacket({ warnings, statusFlags });
    this.#packet(end);
    this.#reset();
  }

  /** Ends a result that passed through. Patches the packet in place. */
  terminal(packet: Uint8Array, statusFlags: number): void {
    patchStatus(packet, statusFlags);
    this.#writer.raw(packet);
    this.#reset();
  }

  ok(ok: Partial<OkPacket>, statusFlags: number): void {
    this.#packet(encodeOkPacket({ ...EMPTY_OK, ...ok, statusFlags }, this.#capabilities));
    this.#reset();
  }

  /** An error may come in the middle of rows; it ends the command. */
  error(error: ErrPacket): void {
    this.#packet(encodeErrPacket(error));
  }

  /** A packet that is no part of a result: the answer to COM_STMT_PREPARE. */
  packet(payload: Uint8Array): void {
    this.#packet(payload);
  }

  eof(statusFlags: number): void {
    this.#packet(encodeEofPacket({ warnings: 0, statusFlags }));
  }

  #reset(): void {
    this.#started = false;
    this.#headLeft = -1;
    this.#rows = 0;
    this.#knownHead = unknownHead();
  }

  #packet(payload: Uint8Array): void {
    this.#started = true;
    this.#writer.packet(payload);
  }

  /** The writer sets the ids. */
  #raw(packets: Uint8Array): void | Promise<void> {
    this.#started = true;
    this.#writer.raw(packets);
    if (this.#writer.buffered > BUFFERED_BYTES_MAX) return this.#writer.drained();
  }

  /** Counts the rows in a passed result: all packets but those of its head. */
  #count(packets: Uint8Array): void {
    let at = 0;
    if (this.#headLeft < 0 && packets.length > 0) {
      at = nextPacket(packets, 0);
      const columns = new ByteReader(packetPayload(packets, 0, at)).lenencInt();
      this.#headLeft = columns + (this.#deprecateEof ? 0 : 1);
    }
    for (; this.#headLeft > 0 && at < packets.length; this.#headLeft--) {
      at = nextPacket(packets, at);
    }
    for (; at < packets.length; this.#rows++) at = nextPacket(packets, at);
  }
}

function unknownHead(): KnownHead {
  return { sent: NOTHING, renamed: NOTHING };
}

const NOTHING = new Uint8Array();
