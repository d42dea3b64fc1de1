/** Answers the calls of one gate (shared/rpc/messages.ts) out of its session. */
import { vtError } from "../../shared/error/errors.ts";
import type { MuxPeer, ServerCall } from "../../shared/host/mux_server.ts";
import type { Log } from "../../shared/io/log.ts";
import { encodeHealth, encodeSchema } from "../../shared/rpc/documents.ts";
import {
  encodePrepareResult,
  METHOD_COMMIT,
  METHOD_EXECUTE,
  METHOD_HOLD_SNAPSHOT,
  METHOD_NEXT_SEQUENCE,
  METHOD_PREPARE,
  METHOD_RELEASE,
  METHOD_ROLLBACK,
  METHOD_SCHEMA,
  METHOD_STREAM_CHANGES,
  METHOD_STREAM_HEALTH,
  METHOD_STREAM_ROWS,
  readSequenceRequest,
  readTarget,
  readTransactionRequest,
  RequestDecoder,
  type TransactionRequest,
  writeExecuteEnd,
} from "../../shared/rpc/messages.ts";
import type { ExecuteRequest, QueryService } from "../../shared/rpc/query_service.ts";
import { Slab } from "../../shared/rpc/slab.ts";
import {
  ItemWriter,
  readChangeStreamRequest,
  readRowStreamRequest,
  readSnapshotRequest,
  writeOpenSnapshot,
  writeSnapshotRows,
  writeSnapshotStart,
} from "../../shared/rpc/stream_messages.ts";
import type { StreamService } from "../../shared/rpc/stream_service.ts";
import { WireReader, WireWriter } from "../../shared/rpc/wire.ts";

const NOTHING = new Uint8Array();

export class RpcPeer implements MuxPeer {
  readonly #service: QueryService & Disposable;
  readonly #decoder = new RequestDecoder();
  readonly #slab = new Slab();
  readonly #log: Log;
  readonly #streams: StreamService | undefined;

  /** Without `streams` the tablet's changes and snapshots can't be read. */
  constructor(service: QueryService & Disposable, log: Log, streams?: StreamService) {
    this.#service = service;
    this.#log = log;
    this.#streams = streams;
  }

  onCall(call: ServerCall, payload: Uint8Array): void {
    void this.#answer(call, payload).catch((error) => call.fail(error));
  }

  onClosed(): void {
    this.#service[Symbol.dispose]();
  }

  /** Decodes before the first await: the payload is the connection's. */
  #answer(call: ServerCall, payload: Uint8Array): Promise<void> {
    const reader = new WireReader(payload);
    const method = reader.u8();
    switch (method) {
      case METHOD_EXECUTE:
        return this.#execute(call, this.#readRequest(reader));
      case METHOD_PREPARE:
        return this.#prepare(call, this.#readRequest(reader));
      case METHOD_COMMIT:
      case METHOD_ROLLBACK:
      case METHOD_RELEASE:
        return this.#conclude(call, method, readTransactionRequest(reader));
      case METHOD_NEXT_SEQUENCE:
        return this.#nextSequence(call, reader);
      case METHOD_SCHEMA:
        return this.#schema(call, reader);
      case METHOD_STREAM_HEALTH:
        return this.#streamHealth(call);
      case METHOD_STREAM_CHANGES:
        return this.#streamChanges(call, reader);
      case METHOD_STREAM_ROWS:
        return this.#streamRows(call, reader);
      case METHOD_HOLD_SNAPSHOT:
        return this.#holdSnapshot(call, reader);
      default:
        throw vtError("VT12001", `method ${method} of the gate-tablet protocol`);
    }
  }

  #readRequest(reader: WireReader): ExecuteRequest {
    const request = this.#decoder.read(reader);
    const { parameters } = request;
    return {
      ...request,
      sql: this.#slab.copy(request.sql),
      parameters: parameters === undefined ? undefined : this.#slab.copy(parameters),
    };
  }

  async #execute(call: ServerCall, request: ExecuteRequest): Promise<void> {
    const { transactionId, terminal, warnings } = await this.#service.execute(
      request,
      (packets) => call.write(packets),
      call,
    );
    call.end((out) => writeExecuteEnd(out, transactionId, NOTHING, terminal, warnings));
    call.recycle();
  }

  async #prepare(call: ServerCall, request: ExecuteRequest): Promise<void> {
    await call.endBytes(encodePrepareResult(await this.#service.prepare(request, call)));
  }

  async #conclude(call: ServerCall, method: number, request: TransactionRequest): Promise<void> {
    const { target, transactionId } = request;
    if (method === METHOD_COMMIT) await this.#service.commit(target, transactionId, call);
    else if (method === METHOD_ROLLBACK) await this.#service.rollback(target, transactionId, call);
    else await this.#service.release(target, transactionId, call);
    call.end(() => {});
  }

  async #nextSequence(call: ServerCall, reader: WireReader): Promise<void> {
    const { target, table, count } = readSequenceRequest(reader);
    const first = await this.#service.nextSequence(target, table, count, call);
    call.end((out) => out.i64(first));
  }

  async #schema(call: ServerCall, reader: WireReader): Promise<void> {
    const target = readTarget(reader);
    await call.endBytes(encodeSchema(await this.#service.schema(target, call)));
  }

  #streamService(): StreamService {
    if (this.#streams === undefined) throw vtError("VT12001", "change streams of this tablet");
    return this.#streams;
  }

  async #streamChanges(call: ServerCall, reader: WireReader): Promise<void> {
    const request = readChangeStreamRequest(reader);
    const writer = new ItemWriter();
    const out = new WireWriter(64 * 1024);
    await this.#streamService().streamChanges(request, (items) => {
      out.clear();
      writer.write(out, items);
      return call.write(out.written());
    }, call);
    call.end(() => {});
  }

  async #holdSnapshot(call: ServerCall, reader: WireReader): Promise<void> {
    const request = readSnapshotRequest(reader);
    await this.#streamService().holdSnapshot(request, (snapshot) => {
      const out = new WireWriter(256);
      writeOpenSnapshot(out, snapshot);
      const sent = call.write(out.written());
      // One message fits the window of any reader.
      void sent?.catch((error) => this.#log.debug("snapshot not told", { error: String(error) }));
    }, call);
  }

  async #streamRows(call: ServerCall, reader: WireReader): Promise<void> {
    const request = readRowStreamRequest(reader);
    const out = new WireWriter(64 * 1024);
    const sent = () => {
      const written = call.write(out.written());
      out.clear();
      return written;
    };
    await this.#streamService().streamRows(request, {
      start: (start) => {
        writeSnapshotStart(out, start);
        return sent();
      },
      rows: (packets, count, lastPk) => {
        writeSnapshotRows(out, packets, count, lastPk);
        return sent();
      },
    }, call);
    call.end(() => {});
  }

  async #streamHealth(call: ServerCall): Promise<void> {
    await this.#service.streamHealth((health) => {
      const sent = call.write(encodeHealth(health));
      // A gate that doesn't read loses nothing: the window holds hundreds of these.
      void sent?.catch((error) => this.#log.debug("health not sent", { error: String(error) }));
    }, call);
    call.end(() => {});
  }
}
