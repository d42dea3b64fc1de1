/** Exact decimals as whole numbers of their last digit: "-1.50" with two digits is -150n. */
import { vtError } from "../../shared/error/errors.ts";

const TEXT = new TextDecoder();
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?$/;

/** `scale`: digits behind the point. VT13001 for what isn't a decimal of so many digits. */
export function parseScaled(value: Uint8Array, scale: number): bigint {
  const text = TEXT.decode(value);
  const [, sign = "", whole = "", fraction = ""] = DECIMAL.exec(text) ?? [];
  if (whole + fraction === "" || fraction.length > scale) {
    throw vtError("VT13001", `${text} is no number with ${scale} digits behind the point`);
  }
  const digits = BigInt(whole + fraction.padEnd(scale, "0"));
  return sign === "-" ? -digits : digits;
}

export function printScaled(value: bigint, scale: number): string {
  if (scale === 0) return String(value);
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  const text = `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return value < 0n ? `-${text}` : text;
}
