/**
 * What one client session remembers. A state is one immutable record; `step` alone makes the next
 * from an event, so that every rule about what may follow what stands here.
 *
 *     none ──begin──▶ open ──commit/rollback──▶ none
 *                      │  ▲ shards join in order of first use
 *                      └──failed──▶ failed ──rollback──▶ none
 *
 * `open` with `implicit` is the transaction that autocommit=0 opens at the first statement that
 * touches tables.
 */
import { vtError } from "../../shared/error/errors.ts";
import type { TabletAlias, Target } from "../../shared/model/tablet.ts";
import { unreachable } from "../../shared/error/unreachable.ts";
import { NO_TARGET, type SessionTarget } from "./target.ts";

/** A connection of a tablet that belongs to this session: in a transaction, reserved, or both. */
export interface ShardConnection {
  readonly target: Target;
  readonly tablet: TabletAlias;
  /** The tablet's id for the connection. */
  readonly transactionId: number;
}

export interface Characteristics {
  /** "READ-COMMITTED"; undefined: the session's. */
  readonly isolation: string | undefined;
  readonly access: "read only" | "read write" | undefined;
}

export type TransactionState =
  | { readonly at: "none" }
  | {
    readonly at: "open";
    readonly implicit: boolean;
    /** What opens it on each shard, at the first statement there. */
    readonly begin: string;
    readonly characteristics: Characteristics;
    /** In order of first use, which is the order of the commit. */
    readonly shards: readonly ShardConnection[];
    /** Oldest first. A shard that joins later gets those that stand. */
    readonly savepoints: readonly string[];
    /** SET has changed these connections: they are reset before they go back to their pools. */
    readonly changed: boolean;
  }
  /** A shard lost its part or a change was half done: only ROLLBACK leads out. */
  | {
    readonly at: "failed";
    readonly cause: string;
    /** mysqld has rolled back its part and said so: COMMIT ends it without an error, as there. */
    readonly deadlock: boolean;
    readonly shards: readonly ShardConnection[];
    readonly changed: boolean;
  };

export type TransactionMode = "single" | "multi";
export type Workload = "oltp" | "olap" | "dba" | "unspecified";

export interface SessionState {
  readonly target: SessionTarget;
  readonly autocommit: boolean;
  readonly transaction: TransactionState;
  /** Holds the session's GET_LOCKs, beside all transactions. */
  readonly lockConnection: ShardConnection | undefined;
  /** SET TRANSACTION without SESSION: for the next transaction only. */
  readonly nextTransaction: Characteristics;
  /** Variables of the pooled connection: name to value as SQL text. */
  readonly settings: ReadonlyMap<string, string>;
  /** Variables that are accepted and read back: name to value as SQL text. */
  readonly remembered: ReadonlyMap<string, string>;
  /** Without the "@", lower case, to value as a SQL literal. */
  readonly userVariables: ReadonlyMap<string, string>;
  /** Collation id of character_set_client, _connection and _results. */
  readonly collation: number;
  readonly transactionMode: TransactionMode;
  readonly workload: Workload;
  /** 0: none of its own. */
  readonly queryTimeoutMs: number;
  readonly clientFoundRows: boolean;
  /** Gate variables that are stored and read back. */
  readonly gateVariables: ReadonlyMap<string, string>;
}

export type SessionEvent =
  | { readonly on: "target"; readonly target: SessionTarget }
  | { readonly on: "autocommit"; readonly value: boolean }
  | { readonly on: "collation"; readonly collation: number }
  | { readonly on: "setting"; readonly name: string; readonly sql: string | undefined }
  | { readonly on: "remember"; readonly name: string; readonly sql: string | undefined }
  | { readonly on: "user_variable"; readonly name: string; readonly sql: string }
  | { readonly on: "gate_variable"; readonly name: string; readonly value: string }
  | { readonly on: "transaction_mode"; readonly mode: TransactionMode }
  | { readonly on: "workload"; readonly workload: Workload }
  | { readonly on: "query_timeout"; readonly timeoutMs: number }
  | { readonly on: "client_found_rows"; readonly value: boolean }
  | { readonly on: "next_transaction"; readonly characteristics: Characteristics }
  | { readonly on: "begin"; readonly begin: string; readonly implicit: boolean }
  | { readonly on: "shard_joined"; readonly connection: ShardConnection }
  | { readonly on: "connections_changed" }
  | { readonly on: "transaction_failed"; readonly cause: string; readonly deadlock: boolean }
  | { readonly on: "transaction_ended" }
  | { readonly on: "lock_connection"; readonly connection: ShardConnection | undefined }
  | { readonly on: "savepoint"; readonly name: string }
  | { readonly on: "savepoint_released"; readonly name: string }
  | { readonly on: "rolled_back_to"; readonly name: string };

const NO_CHARACTERISTICS: Characteristics = { isolation: undefined, access: undefined };

/** The state of a session that has just logged in. */
export function initialState(collation: number, clientFoundRows: boolean): SessionState {
  return {
    target: NO_TARGET,
    autocommit: true,
    transaction: { at: "none" },
    lockConnection: undefined,
    nextTransaction: NO_CHARACTERISTICS,
    settings: new Map(),
    remembered: new Map(),
    userVariables: new Map(),
    collation,
    transactionMode: "multi",
    workload: "oltp",
    queryTimeoutMs: 0,
    clientFoundRows,
    gateVariables: new Map(),
  };
}

/** The next state. Throws what the client is told when the event isn't allowed now. */
export function step(state: SessionState, event: SessionEvent): SessionState {
  switch (event.on) {
    case "target":
      return { ...state, target: checkTarget(state, event.target) };
    case "autocommit":
      return { ...state, autocommit: event.value };
    case "collation":
      return { ...state, collation: event.collation };
    case "setting":
      return { ...state, settings: withEntry(state.settings, event.name, event.sql) };
    case "remember":
      return { ...state, remembered: withEntry(state.remembered, event.name, event.sql) };
    case "user_variable":
      return { ...state, userVariables: withEntry(state.userVariables, event.name, event.sql) };
    case "gate_variable":
      return { ...state, gateVariables: withEntry(state.gateVariables, event.name, event.value) };
    case "transaction_mode":
      return { ...state, transactionMode: event.mode };
    case "workload":
      return { ...state, workload: event.workload };
    case "query_timeout":
      return { ...state, queryTimeoutMs: event.timeoutMs };
    case "client_found_rows":
      return { ...state, clientFoundRows: event.value };
    case "lock_connection":
      return { ...state, lockConnection: event.connection };
    default:
      return stepTransaction(state, event);
  }
}

type TransactionEvent = Extract<
  SessionEvent,
  {
    on:
      | "next_transaction"
      | "begin"
      | "shard_joined"
      | "connections_changed"
      | "transaction_failed"
      | "transaction_ended"
      | "savepoint"
      | "savepoint_released"
      | "rolled_back_to";
  }
>;

function stepTransaction(state: SessionState, event: TransactionEvent): SessionState {
  switch (event.on) {
    case "next_transaction":
      return setNextTransaction(state, event.characteristics);
    case "begin":
      return beginTransaction(state, event.begin, event.implicit);
    case "shard_joined":
      return joinShard(state, event.connection);
    case "connections_changed":
      return markChanged(state);
    case "transaction_failed":
      return failTransaction(state, event);
    case "transaction_ended":
      return { ...state, transaction: { at: "none" } };
    case "savepoint":
    case "savepoint_released":
    case "rolled_back_to":
      return changeSavepoints(state, event.on, event.name);
    default:
      return unreachable(event);
  }
}

/** A transaction stays where it began: its statements don't move to another kind of tablet. */
function checkTarget(state: SessionState, target: SessionTarget): SessionTarget {
  if (state.transaction.at === "none") return target;
  if (target.alias !== undefined) throw vtError("VT24002");
  if (target.tabletType !== state.target.tabletType) {
    throw vtError("ER_LOCK_OR_ACTIVE_TRANSACTION");
  }
  return target;
}

function setNextTransaction(state: SessionState, given: Characteristics): SessionState {
  if (state.transaction.at !== "none") throw vtError("ER_CANT_CHANGE_TX_CHARACTERISTICS");
  return {
    ...state,
    nextTransaction: {
      isolation: given.isolation ?? state.nextTransaction.isolation,
      access: given.access ?? state.nextTransaction.access,
    },
  };
}

function beginTransaction(state: SessionState, begin: string, implicit: boolean): SessionState {
  return {
    ...state,
    transaction: {
      at: "open",
      implicit,
      begin,
      characteristics: state.nextTransaction,
      shards: [],
      savepoints: [],
      changed: false,
    },
    nextTransaction: NO_CHARACTERISTICS,
  };
}

function joinShard(state: SessionState, connection: ShardConnection): SessionState {
  const { transaction } = state;
  if (transaction.at === "none") throw new TypeError("A shard joined no transaction");
  return {
    ...state,
    transaction: { ...transaction, shards: [...transaction.shards, connection] },
  };
}

function markChanged(state: SessionState): SessionState {
  const { transaction } = state;
  if (transaction.at === "none") return state;
  return { ...state, transaction: { ...transaction, changed: true } };
}

function failTransaction(
  state: SessionState,
  { cause, deadlock }: Extract<SessionEvent, { readonly on: "transaction_failed" }>,
): SessionState {
  const { transaction } = state;
  if (transaction.at !== "open") return state;
  const { shards, changed } = transaction;
  return { ...state, transaction: { at: "failed", cause, deadlock, shards, changed } };
}

function changeSavepoints(
  state: SessionState,
  change: "savepoint" | "savepoint_released" | "rolled_back_to",
  name: string,
): SessionState {
  const { transaction } = state;
  if (transaction.at !== "open") return state;
  const at = lastIndex(transaction.savepoints, name);
  if (change === "savepoint") {
    const others = transaction.savepoints.filter((other) => !sameName(other, name));
    return { ...state, transaction: { ...transaction, savepoints: [...others, name] } };
  }
  if (at < 0) throw vtError("ER_SP_DOES_NOT_EXIST", "SAVEPOINT", name);
  const kept = change === "savepoint_released" ? at : at + 1;
  return {
    ...state,
    transaction: { ...transaction, savepoints: transaction.savepoints.slice(0, kept) },
  };
}

function lastIndex(names: readonly string[], name: string): number {
  return names.findLastIndex((other) => sameName(other, name));
}

/** Savepoint names have no letter case (manual, "SAVEPOINT"). */
function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function withEntry(
  map: ReadonlyMap<string, string>,
  name: string,
  value: string | undefined,
): ReadonlyMap<string, string> {
  const next = new Map(map);
  if (value === undefined) next.delete(name);
  else next.set(name, value);
  return next;
}
