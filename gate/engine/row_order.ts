/** The order of an ordered merge: compares the heads of two shards by the keys. */
import { decodeColumnDefinition } from "../../shared/mysql/column_definition.ts";
import type { MergeKey } from "../plan/plan.ts";
import { type Comparator, comparatorOf, compareWeights, ordersByWeight } from "./key_comparator.ts";
import { rowPayload, splitTextRow } from "./text_row.ts";

/** A row with its keys found. */
export interface KeyedRow {
  packet: Uint8Array;
  payload: Uint8Array;
  readonly spans: Int32Array;
}

interface OrderedKey {
  readonly column: number;
  readonly pad: number | undefined;
  readonly descending: boolean;
  readonly compare: Comparator | undefined;
}

export class RowOrder {
  readonly #columns: number;
  readonly #keys: readonly OrderedKey[];

  /** VT12001 when a key's type can't be merged. */
  constructor(definitions: readonly Uint8Array[], keys: readonly MergeKey[]) {
    this.#columns = definitions.length;
    this.#keys = keys.map((key) => orderedKey(definitions, key));
  }

  /** An empty row to `load` packets into. */
  row(): KeyedRow {
    const nothing = new Uint8Array();
    return { packet: nothing, payload: nothing, spans: new Int32Array(2 * this.#columns) };
  }

  load(row: KeyedRow, packet: Uint8Array): void {
    row.packet = packet;
    row.payload = rowPayload(packet, 0, packet.length);
    splitTextRow(row.payload, this.#columns, row.spans);
  }

  compare(a: KeyedRow, b: KeyedRow): number {
    for (const key of this.#keys) {
      const order = compareKey(key, a, b);
      if (order !== 0) return key.descending ? -order : order;
    }
    return 0;
  }
}

function orderedKey(definitions: readonly Uint8Array[], relative: MergeKey): OrderedKey {
  const key = fromFront(relative, definitions.length);
  const definition = definitions[key.column];
  if (definition === undefined) throw new RangeError(`No column ${key.column} to merge by`);
  const column = decodeColumnDefinition(definition);
  const compare = comparatorOf(column, key.weightColumn !== undefined);
  const byWeight = ordersByWeight(column, key.weightColumn);
  return {
    column: byWeight ? key.weightColumn ?? key.column : key.column,
    pad: byWeight ? key.padColumn : undefined,
    descending: key.descending,
    compare: byWeight ? undefined : compare,
  };
}

/** Negative positions count from the end. */
function fromFront(key: MergeKey, columns: number): MergeKey {
  const at = <T extends number | undefined>(position: T) =>
    position !== undefined && position < 0 ? position + columns : position;
  const { column, weightColumn, padColumn, descending } = key;
  return {
    column: column < 0 ? column + columns : column,
    weightColumn: at(weightColumn),
    padColumn: at(padColumn),
    descending,
  };
}

function compareKey(key: OrderedKey, a: KeyedRow, b: KeyedRow): number {
  const left = valueOf(a, key.column);
  const right = valueOf(b, key.column);
  if (left === undefined || right === undefined) {
    return (left === undefined ? 0 : 1) - (right === undefined ? 0 : 1);
  }
  if (key.compare !== undefined) return key.compare(left, right);
  const padding = key.pad === undefined ? undefined : valueOf(a, key.pad);
  return compareWeights(left, right, padding ?? NOTHING);
}

const NOTHING = new Uint8Array();

function valueOf(row: KeyedRow, column: number): Uint8Array | undefined {
  const start = row.spans[2 * column] ?? -1;
  return start < 0 ? undefined : row.payload.subarray(start, row.spans[2 * column + 1]);
}
