/** Which values of an AUTO_INCREMENT column ask mysqld, or a sequence, for an id. */
import { storedInput } from "../../shared/vindex/comparison.ts";
import { noIdGiven } from "../plan/given_ids.ts";
import type { GivenIds, PlanValue } from "../plan/plan.ts";
import type { Bindings } from "./bindings.ts";

/**
 * NULL, 0 and nothing ask for an id (manual, "AUTO_INCREMENT"), also '', '0.0' and what is rounded
 * to 0; NO_AUTO_VALUE_ON_ZERO keeps 0.
 */
export function asksForId(given: PlanValue | undefined, bindings: Bindings): boolean {
  if (given === undefined) return true;
  const value = bindings.value(given);
  if (value.type === "null") return true;
  if (bindings.source.noAutoValueOnZero) return false;
  if (value.type === "binary") return /^\0*$/.test(value.text);
  // A text that starts with no number is 0 where sql_mode isn't strict.
  if (value.type === "text" && !/^\s*[+-]?[.0-9]/.test(value.text)) return true;
  const whole = storedInput("integer", value);
  if (whole === undefined) return Math.abs(Number.parseFloat(value.text)) <= 0.5;
  return whole.text === "0";
}

/** Throws VT12001 when mysqld would make up an id that no shard may make up. */
export function checkGivenIds(ids: GivenIds | undefined, bindings: Bindings): void {
  if (ids === undefined) return;
  for (const id of ids.values) {
    if (asksForId(id, bindings)) throw noIdGiven(ids);
  }
}
