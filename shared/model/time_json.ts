// deno-lint-ignore-file house/pure -- Date is only a converter here: it never reads the clock.
import type { JsonReader } from "./json_reader.ts";
import type { JsonObject, Timestamp } from "./records.ts";

/** Vitess's vttime.Time. */
export function timeToJson(time: Timestamp): JsonObject {
  const ms = Date.parse(time);
  const fraction = /\.(\d{1,9})/.exec(time)?.[1] ?? "";
  const seconds = String(Math.floor(ms / 1000));
  return { seconds, nanoseconds: Number(fraction.padEnd(9, "0")) };
}

export function timeFromJson(json: JsonReader): Timestamp {
  const seconds = json.get("seconds").integer();
  const nanoseconds = json.get("nanoseconds").integer();
  const whole = new Date(seconds * 1000).toISOString().replace(/\.000Z$/, "");
  // Milliseconds print as JavaScript does, so that times compare as texts; finer ones are kept.
  const digits = String(nanoseconds).padStart(9, "0").replace(/(\d{3})0{6}$/, "$1");
  return `${whole}.${digits}Z`;
}
