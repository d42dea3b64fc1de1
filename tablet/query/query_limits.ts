/** What bounds the queries of a tablet, and the numbers that a tablet has when nobody says others. */
import type { Limits } from "../../shared/rpc/query_service.ts";

export interface QueryLimits {
  /** Connections for statements outside of transactions (--pool-size). */
  readonly poolSize: number;
  /** Transactions and reserved connections (--transaction-cap). */
  readonly transactionCap: number;
  /** Statements that wait for a connection of a pool. */
  readonly poolWaitersMax: number;
  readonly poolWaitMs: number;
  /** Vitess waits a second for a transaction's connection (--queryserver-config-txpool-timeout). */
  readonly transactionWaitMs: number;
  readonly poolIdleMs: number;
  /** --query-timeout-ms. 0: none. */
  readonly queryTimeoutMs: number;
  /** --transaction-timeout-ms. 0: none. */
  readonly transactionTimeoutMs: number;
  readonly reservedIdleMs: number;
  /** --max-result-rows. 0: none. */
  readonly resultRowsMax: number;
  /** --max-result-bytes. 0: none. */
  readonly resultBytesMax: number;
  /** Between two looks at the schema. */
  readonly schemaCheckMs: number;
}

export const QUERY_LIMITS: QueryLimits = {
  poolSize: 64,
  transactionCap: 200,
  poolWaitersMax: 5000,
  poolWaitMs: 10_000,
  transactionWaitMs: 1000,
  poolIdleMs: 30 * 60_000,
  queryTimeoutMs: 30_000,
  transactionTimeoutMs: 30_000,
  reservedIdleMs: 30 * 60_000,
  resultRowsMax: 0,
  resultBytesMax: 0,
  schemaCheckMs: 10_000,
};

/** The limits of one statement: what it asks for, where the tablet's own don't forbid it. */
export function limitsOf(tablet: QueryLimits, asked: Limits): Limits {
  if (asked.timeoutMs === 0 && asked.rowsMax === 0 && asked.bytesMax === 0) {
    return {
      timeoutMs: tablet.queryTimeoutMs,
      rowsMax: tablet.resultRowsMax,
      bytesMax: tablet.resultBytesMax,
    };
  }
  return {
    // A session may raise its own time (SET query_timeout), as in Vitess.
    timeoutMs: asked.timeoutMs === 0 ? tablet.queryTimeoutMs : asked.timeoutMs,
    rowsMax: lower(tablet.resultRowsMax, asked.rowsMax),
    bytesMax: lower(tablet.resultBytesMax, asked.bytesMax),
  };
}

/** The stricter of two limits of which 0 is none. */
function lower(a: number, b: number): number {
  if (a === 0) return b;
  return b === 0 ? a : Math.min(a, b);
}
