/** Change streams and row streams of a tablet over a connection to it, and its health. */
import type { StreamSink } from "../binlog/change.ts";
import { decodeHealth } from "../rpc/documents.ts";
import {
  METHOD_HOLD_SNAPSHOT,
  METHOD_STREAM_CHANGES,
  METHOD_STREAM_HEALTH,
  METHOD_STREAM_ROWS,
} from "../rpc/messages.ts";
import type { TabletHealth } from "../rpc/query_service.ts";
import {
  ItemReader,
  MessageAssembler,
  readOpenSnapshot,
  readSnapshotMessage,
  writeChangeStreamRequest,
  writeRowStreamRequest,
  writeSnapshotRequest,
} from "../rpc/stream_messages.ts";
import type {
  ChangeStreamRequest,
  OpenSnapshot,
  RowStreamRequest,
  RowStreamSink,
  SnapshotRequest,
  StreamService,
} from "../rpc/stream_service.ts";
import type { WireWriter } from "../rpc/wire.ts";
import type { MuxClient } from "./mux_client.ts";

interface Options {
  readonly signal: AbortSignal;
}

export class StreamClient implements StreamService {
  readonly #client: MuxClient;

  constructor(client: MuxClient) {
    this.#client = client;
  }

  streamChanges(
    request: ChangeStreamRequest,
    sink: StreamSink,
    options: Options,
  ): Promise<void> {
    const reader = new ItemReader();
    return this.#stream(
      (out) => {
        out.u8(METHOD_STREAM_CHANGES);
        writeChangeStreamRequest(out, request);
      },
      (messages) => sink(messages.map((message) => reader.read(message))),
      options,
    );
  }

  holdSnapshot(
    request: SnapshotRequest,
    opened: (snapshot: OpenSnapshot) => void,
    options: Options,
  ): Promise<void> {
    return this.#stream(
      (out) => {
        out.u8(METHOD_HOLD_SNAPSHOT);
        writeSnapshotRequest(out, request);
      },
      (messages) => {
        for (const message of messages) opened(readOpenSnapshot(message));
      },
      options,
    );
  }

  streamRows(request: RowStreamRequest, sink: RowStreamSink, options: Options): Promise<void> {
    const receive = async (messages: readonly Uint8Array[]) => {
      for (const bytes of messages) {
        const message = readSnapshotMessage(bytes);
        if (message.kind === "start") await sink.start(message.start);
        else await sink.rows(message.packets, message.count, message.lastPk);
      }
    };
    return this.#stream(
      (out) => {
        out.u8(METHOD_STREAM_ROWS);
        writeRowStreamRequest(out, request);
      },
      receive,
      options,
    );
  }

  /** The current state at once, then each change and a heartbeat. */
  streamHealth(onHealth: (health: TabletHealth) => void, options: Options): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.call((out) => out.u8(METHOD_STREAM_HEALTH), {
        data: (payload) => onHealth(decodeHealth(payload)),
        end: () => resolve(),
        fail: reject,
      }, options.signal);
    });
  }

  #stream(
    write: (out: WireWriter) => void,
    receive: (messages: readonly Uint8Array[]) => void | Promise<void>,
    { signal }: Options,
  ): Promise<void> {
    const assembler = new MessageAssembler();
    return new Promise((resolve, reject) => {
      this.#client.call(write, {
        data: (payload) => {
          const messages = assembler.push(payload);
          if (messages.length > 0) return receive(messages);
        },
        end: () => resolve(),
        fail: reject,
      }, signal);
    });
  }
}
