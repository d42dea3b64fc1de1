/** What runs a plan is handed besides the plan and the statement's values. */
import type { OkPacket } from "../../shared/mysql/ok_packet.ts";
import type { Options } from "../../shared/rpc/query_service.ts";
import type { Bindings } from "./bindings.ts";
import type { Placement } from "./routing.ts";
import type { RowOutput } from "./rows.ts";
import type { Shards } from "./shards.ts";

export interface World extends Options {
  readonly bindings: Bindings;
  readonly shards: Shards;
  readonly placement: Placement;
  /** The client negotiated CLIENT_DEPRECATE_EOF, and so do the shards' answers. */
  readonly deprecateEof: boolean;
  /** Part of COM_STMT_EXECUTE, as ExecuteRequest.parameters; the client then wants binary rows. */
  readonly parameters: Uint8Array | undefined;
  readonly inTransaction: boolean;
  /** Runs changes on several shards so that all are made or none. */
  readonly atomically: <Result>(
    shards: readonly ShardName[],
    run: () => Promise<Result>,
  ) => Promise<Result>;
}

export interface ShardName {
  readonly keyspace: string;
  readonly shard: string;
}

export type Answer =
  /** `givenId`: the id in it came with the statement and is not LAST_INSERT_ID(). */
  | { readonly kind: "ok"; readonly ok: OkPacket; readonly givenId?: boolean }
  /** The rows went to the output. */
  | { readonly kind: "rows"; readonly warnings: number }
  /** A shard's packets went to the client as they were; this one, with its header, ends them. */
  | { readonly kind: "passed"; readonly terminal: Uint8Array };

/** The output that stands before the client: it also takes a shard's packets as they are. */
export interface ClientRows extends RowOutput {
  /** Undefined: rows have to go through `columns` and `rows`. */
  readonly passThrough: ((packets: Uint8Array) => void | Promise<void>) | undefined;
}
