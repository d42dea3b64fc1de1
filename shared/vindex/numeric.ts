/** The vindexes over whole numbers: hash, numeric, reverse_bits, numeric_static_map. */
import type { KeyspaceId } from "../key/range.ts";
import { vtError } from "../error/errors.ts";
import { integerValue, type Value } from "../value/value.ts";
import { desZeroKey } from "./des.ts";
import { readUint64, toUint64, type Uint64, writeUint64 } from "./uint64.ts";
import { keyspaceId, type Vindex } from "./vindex.ts";

interface Numeric {
  readonly type: string;
  readonly cost: number;
  write(out: Uint8Array, value: Uint64): void;
}

function numericVindex(name: string, definition: Numeric): Vindex {
  const scratch = { high: 0, low: 0 };
  return {
    name,
    type: definition.type,
    cost: definition.cost,
    unique: true,
    columns: 1,
    input: "integer",
    map([value]) {
      const number = toUint64(value);
      if (number === undefined) return undefined;
      const out = new Uint8Array(8);
      definition.write(out, number);
      return keyspaceId(out);
    },
    mapDigits(sql, start, end, out) {
      if (!readUint64(sql, start, end, scratch)) return false;
      definition.write(out, scratch);
      return true;
    },
  };
}

/** DES of the number under a zero key. */
export function hash(name: string): Vindex {
  return numericVindex(name, {
    type: "hash",
    cost: 1,
    write: (out, { high, low }) => desZeroKey(high, low, out),
  });
}

/** The number a keyspace id of `hash` was made from. RangeError unless it has 8 bytes. */
export function reverseHash(id: KeyspaceId): bigint {
  if (id.length !== 8) throw new RangeError(`invalid keyspace id: ${id.toHex()}`);
  const view = new DataView(id.buffer, id.byteOffset, 8);
  const out = new Uint8Array(8);
  desZeroKey(view.getUint32(0), view.getUint32(4), out);
  return new DataView(out.buffer).getBigUint64(0);
}

/** The number itself, big-endian. */
export function numeric(name: string): Vindex {
  return numericVindex(name, { type: "numeric", cost: 0, write: writeUint64 });
}

/** The number's bits in reverse order. */
export function reverseBits(name: string): Vindex {
  return numericVindex(name, {
    type: "reverse_bits",
    cost: 1,
    write: (out, { high, low }) =>
      writeUint64(out, { high: reverseWord(low), low: reverseWord(high) }),
  });
}

function reverseWord(word: number): number {
  let rest = word;
  let out = 0;
  for (let i = 0; i < 32; i++) {
    out = (out << 1) | (rest & 1);
    rest >>>= 1;
  }
  return out;
}

/**
 * A JSON map of numbers to numbers. What it doesn't map goes to `fallback`, or is its own
 * keyspace id without one.
 */
export function numericStaticMap(
  name: string,
  json: string,
  fallback: Vindex | undefined,
): Vindex {
  const map = parseMap(name, json);
  const write = (value: Uint64, source: Value): KeyspaceId | undefined => {
    const key = (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
    const target = map.get(key);
    if (target === undefined && fallback !== undefined) return fallback.map([source]);
    const out = new Uint8Array(8);
    new DataView(out.buffer).setBigUint64(0, target ?? key);
    return keyspaceId(out);
  };
  return {
    name,
    type: "numeric_static_map",
    cost: 1,
    unique: true,
    columns: 1,
    input: "integer",
    map([value]) {
      const number = toUint64(value);
      if (number === undefined || value === undefined) return undefined;
      return write(number, integerValue(BigInt(value.text)));
    },
  };
}

/** `{"1": 2, ...}`; values may exceed what a JSON number holds exactly, so they are read as text. */
function parseMap(name: string, json: string): ReadonlyMap<bigint, bigint> {
  const out = new Map<bigint, bigint>();
  const body = /^\s*\{([^{}[\]]*)\}\s*$/.exec(json)?.[1];
  if (body === undefined) throw vtError("VT25001", name, `not a JSON map of numbers: ${json}`);
  if (body.trim() === "") return out;
  for (const entry of body.split(",")) {
    const pair = /^\s*"([0-9]+)"\s*:\s*([0-9]+)\s*$/.exec(entry);
    if (pair === null) throw vtError("VT25001", name, `not a pair of numbers: ${entry.trim()}`);
    out.set(BigInt(pair[1] ?? ""), BigInt(pair[2] ?? ""));
  }
  return out;
}
