/** The vindexes over bytes and characters: binary, binary_md5, xxhash, unicode_loose_*, null. */
import { createHash } from "node:crypto";
import { vtError } from "../error/errors.ts";
import type { Value } from "../value/value.ts";
import { primaryWeights } from "./unicode_weights.ts";
import { bytesOf, keyspaceId, type Vindex } from "./vindex.ts";
import { xxhash64 } from "./xxhash64.ts";

interface Hashing {
  readonly type: string;
  readonly cost: number;
  readonly input: "bytes" | "characters";
  hash(bytes: Uint8Array): Uint8Array;
}

/** NULL hashes as the empty text. */
function hashingVindex(name: string, definition: Hashing): Vindex {
  const { type, cost, input } = definition;
  return {
    name,
    type,
    cost,
    unique: true,
    columns: 1,
    input,
    map([value]) {
      const bytes = input === "bytes" ? bytesOf(value?.text ?? "") : looseKey(name, value);
      return keyspaceId(definition.hash(bytes));
    },
  };
}

/** The bytes themselves. */
export function binary(name: string): Vindex {
  return hashingVindex(name, { type: "binary", cost: 0, input: "bytes", hash: (bytes) => bytes });
}

export function binaryMd5(name: string): Vindex {
  return hashingVindex(name, { type: "binary_md5", cost: 1, input: "bytes", hash: md5 });
}

/** Of the text of a number as well: 1 and '1' are the same row. */
export function xxhash(name: string): Vindex {
  return hashingVindex(name, { type: "xxhash", cost: 1, input: "bytes", hash: xxh64 });
}

export function unicodeLooseMd5(name: string): Vindex {
  return hashingVindex(name, {
    type: "unicode_loose_md5",
    cost: 1,
    input: "characters",
    hash: md5,
  });
}

export function unicodeLooseXxhash(name: string): Vindex {
  return hashingVindex(name, {
    type: "unicode_loose_xxhash",
    cost: 1,
    input: "characters",
    hash: xxh64,
  });
}

/** All rows in one place: keyspace id 00. */
export function nullVindex(name: string): Vindex {
  return {
    name,
    type: "null",
    cost: 100,
    unique: true,
    columns: 1,
    input: "bytes",
    map: () => keyspaceId(new Uint8Array(1)),
  };
}

function md5(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("md5").update(bytes).digest());
}

function xxh64(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(8);
  xxhash64(bytes, out);
  return out;
}

/** The text must be UTF-8, whatever the client's character set: as in Vitess. */
function looseKey(name: string, value: Value | undefined): Uint8Array {
  const text = value?.text ?? "";
  const codePoints: number[] = [];
  let ascii = true;
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i);
    if (byte >= 0x80) {
      ascii = false;
      break;
    }
    codePoints.push(byte);
  }
  return primaryWeights(ascii ? codePoints : decodeUtf8(name, text));
}

function decodeUtf8(name: string, text: string): number[] {
  try {
    const decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(
      bytesOf(text),
    );
    return Array.from(decoded, (char) => char.codePointAt(0) ?? 0);
  } catch {
    // The decoder says no more than that it is invalid.
    throw vtError("VT25001", name, "cannot normalize string containing invalid UTF-8");
  }
}
