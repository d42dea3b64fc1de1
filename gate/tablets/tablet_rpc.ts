/** The query service of one tablet, over one connection (shared/rpc/messages.ts). */
import type { MuxClient } from "../../shared/host/mux_client.ts";
import type { TabletAlias, Target } from "../../shared/model/tablet.ts";
import { decodeHealth, decodeSchema } from "../../shared/rpc/documents.ts";
import {
  decodePrepareResult,
  METHOD_COMMIT,
  METHOD_EXECUTE,
  METHOD_PREPARE,
  METHOD_RELEASE,
  METHOD_ROLLBACK,
  METHOD_SCHEMA,
  METHOD_STREAM_HEALTH,
  RequestEncoder,
  writeSequenceRequest,
  writeTarget,
  writeTransactionRequest,
} from "../../shared/rpc/messages.ts";
import type {
  ExecuteRequest,
  ExecuteResult,
  Options,
  PacketSink,
  PrepareResult,
  QueryService,
  TableSchema,
  TabletHealth,
} from "../../shared/rpc/query_service.ts";
import { ExecuteCall } from "./execute_call.ts";
import { Slab } from "../../shared/rpc/slab.ts";
import { WireReader, type WireWriter } from "../../shared/rpc/wire.ts";

/** Far above a schema of ten thousand tables. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;

export class TabletRpc implements QueryService {
  readonly #client: MuxClient;
  readonly #alias: TabletAlias;
  readonly #encoder = new RequestEncoder();
  readonly #slab = new Slab();

  constructor(client: MuxClient, alias: TabletAlias) {
    this.#client = client;
    this.#alias = alias;
  }

  execute(request: ExecuteRequest, sink: PacketSink, options: Options): Promise<ExecuteResult> {
    return this.start(request, sink, options).result;
  }

  /** `execute`, for who wants to know how far it came. */
  start(request: ExecuteRequest, sink: PacketSink, options: Options): ExecuteCall {
    const call = new ExecuteCall(sink, this.#alias, this.#slab);
    const write = (out: WireWriter) => this.#encoder.write(out, METHOD_EXECUTE, request);
    this.#client.call(write, call, options.signal);
    return call;
  }

  async prepare(request: ExecuteRequest, options: Options): Promise<PrepareResult> {
    const write = (out: WireWriter) => this.#encoder.write(out, METHOD_PREPARE, request);
    return decodePrepareResult(await this.#ask(write, options));
  }

  commit(target: Target, transactionId: number, options: Options): Promise<void> {
    return this.#conclude(METHOD_COMMIT, target, transactionId, options);
  }

  rollback(target: Target, transactionId: number, options: Options): Promise<void> {
    return this.#conclude(METHOD_ROLLBACK, target, transactionId, options);
  }

  release(target: Target, transactionId: number, options: Options): Promise<void> {
    return this.#conclude(METHOD_RELEASE, target, transactionId, options);
  }

  async #conclude(
    method: number,
    target: Target,
    transactionId: number,
    options: Options,
  ): Promise<void> {
    await this.#ask(
      (out) => writeTransactionRequest(out, method, { target, transactionId }),
      options,
    );
  }

  async nextSequence(
    target: Target,
    table: string,
    count: number,
    options: Options,
  ): Promise<bigint> {
    const payload = await this.#ask(
      (out) => writeSequenceRequest(out, { target, table, count }),
      options,
    );
    return new WireReader(payload).i64();
  }

  async schema(target: Target, options: Options): Promise<readonly TableSchema[]> {
    const payload = await this.#ask((out) => {
      out.u8(METHOD_SCHEMA);
      writeTarget(out, target);
    }, options);
    return decodeSchema(payload);
  }

  streamHealth(onHealth: (health: TabletHealth) => void, options: Options): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.call((out) => out.u8(METHOD_STREAM_HEALTH), {
        data: (payload) => onHealth(decodeHealth(payload)),
        end: () => resolve(),
        fail: reject,
      }, options.signal);
    });
  }

  /** A call whose answer is one document. */
  #ask(write: (out: WireWriter) => void, { signal }: Options): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const parts: Uint8Array[] = [];
      let bytes = 0;
      const add = (payload: Uint8Array) => {
        bytes += payload.length;
        if (bytes > ANSWER_BYTES_MAX) throw new RangeError(`Cannot hold ${bytes} bytes`);
        parts.push(payload.slice());
      };
      this.#client.call(write, {
        data: add,
        end: (payload) => {
          add(payload);
          resolve(joined(parts, bytes));
        },
        fail: reject,
      }, signal);
    });
  }
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
