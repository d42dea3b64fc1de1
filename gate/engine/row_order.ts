/** The order of an ordered merge: compares the heads of two shards by the keys. */
import { decodeColumnDefinition } from "../../shared/mysql/column_definition.ts";
import type { MergeKey } from "../plan/plan.ts";
import { type Comparator, comparatorOf, compareWeights } from "./key_comparator.ts";
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

function orderedKey(definitions: readonly Uint8Array[], key: MergeKey): OrderedKey {
  const definition = definitions[key.column];
  if (definition === undefined) throw new RangeError(`No column ${key.column} to merge by`);
  const compare = comparatorOf(
    decodeColumnDefinition(definition),
    key.weightColumn !== undefined,
  );
  const isText = key.weightColumn !== undefined && isByteOrder(definition);
  return {
    column: isText ? key.weightColumn ?? key.column : key.column,
    pad: isText ? key.padColumn : undefined,
    descending: key.descending,
    compare: isText ? undefined : compare,
  };
}

/** Weights decide only for text: numbers and times compare by value even when weights came along. */
function isByteOrder(definition: Uint8Array): boolean {
  const { type } = decodeColumnDefinition(definition);
  return TEXT_TYPES.has(type);
}

/** VARCHAR, the BLOBs, VAR_STRING and STRING. */
const TEXT_TYPES: ReadonlySet<number> = new Set([0x0f, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe]);

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
