/**
 * A vindex computes the keyspace id of a row from the values of its sharding columns. The bits
 * must be Vitess's: rows placed by one system are found by the other.
 */
import type { KeyspaceId } from "../key/range.ts";
import type { Value } from "../value/value.ts";

export interface Vindex {
  /** Its name in the VSchema. */
  readonly name: string;
  /** "hash", "xxhash"... */
  readonly type: string;
  /** Of two usable vindexes the cheaper one routes (Vitess's figures). */
  readonly cost: number;
  /** At most one keyspace id a value: what a primary vindex must be. */
  readonly unique: boolean;
  /** How many columns it takes. */
  readonly columns: number;
  /**
   * What a value is to it: a whole number, the bytes of a text, or characters whose case and
   * accents don't matter. The planner compares that with the column's type and collation.
   */
  readonly input: "integer" | "bytes" | "characters";
  /**
   * Undefined: no row can have these values (Vitess's DestinationNone). One value a column.
   * VT25001 when a value can't be read, e.g. text that is not UTF-8.
   */
  map(values: readonly Value[]): KeyspaceId | undefined;
  /**
   * The commonest case without allocation: the keyspace id of the digits sql[start, end), with
   * an optional sign, written to out (8 bytes). False: not such a number; use map.
   */
  mapDigits?(sql: string, start: number, end: number, out: Uint8Array): boolean;
}

/** Only vindexes make keyspace ids. */
export function keyspaceId(bytes: Uint8Array): KeyspaceId {
  return bytes as KeyspaceId;
}

/** The bytes of a byte string. */
export function bytesOf(text: string): Uint8Array {
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}
