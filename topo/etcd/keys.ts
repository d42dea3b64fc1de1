/** Keys and values as the gateway's JSON has them. */
import type { JsonReader } from "../../shared/model/json_reader.ts";

/** A key, or all keys that start with it; a part of requests. */
export type KeyRange = { readonly key: string; readonly range_end?: string };

export interface KeyValue {
  readonly key: string;
  readonly value: Uint8Array;
  readonly modRevision: number;
  readonly createRevision: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeKey(key: string): string {
  return encoder.encode(key).toBase64();
}

export function exactly(key: string): KeyRange {
  return { key: encodeKey(key) };
}

/** `prefix` is never empty: it starts with the store's root. */
export function startingWith(prefix: string): KeyRange {
  const end = encoder.encode(prefix);
  const last = end.length - 1;
  // Paths are text: no byte of UTF-8 is 0xff, so the last byte can always grow.
  end[last] = (end[last] ?? 0) + 1;
  return { key: encodeKey(prefix), range_end: end.toBase64() };
}

export function decodeKeyValue(json: JsonReader): KeyValue {
  return {
    key: decoder.decode(Uint8Array.fromBase64(json.get("key").text())),
    value: Uint8Array.fromBase64(json.get("value").text()),
    modRevision: json.get("mod_revision").integer(),
    createRevision: json.get("create_revision").integer(),
  };
}

/** The revision of the store when it answered. */
export function revisionOf(answer: JsonReader): number {
  return answer.get("header").get("revision").integer();
}
