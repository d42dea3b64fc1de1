/**
 * The key up to which a table is copied, as column `lastpk` of _vt.copy_state holds it: a JSON
 * list of texts, null, and {"hex": "..."} for bytes that are no UTF-8.
 */
import { vtError } from "../../shared/error/errors.ts";
import type { Row } from "../../shared/binlog/change.ts";
import type { RowValue } from "../../shared/mysql/text_row.ts";

const ENCODER = new TextEncoder();
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function printLastPk(key: Row): string {
  return JSON.stringify(key.map(printValue));
}

function printValue(value: RowValue): string | null | { readonly hex: string } {
  if (value === null) return null;
  try {
    return UTF8.decode(value);
  } catch {
    // A fatal decoder throws exactly when the bytes are not UTF-8.
    return { hex: value.toHex() };
  }
}

/** VT27007 when somebody wrote something else there. */
export function parseLastPk(text: string): Row {
  try {
    const values: unknown = JSON.parse(text);
    if (Array.isArray(values)) return values.map(parseValue);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw vtError("VT27007", `_vt.copy_state has a lastpk that is none: ${text.slice(0, 100)}`);
}

function parseValue(value: unknown): RowValue {
  if (value === null) return null;
  if (typeof value === "string") return ENCODER.encode(value);
  if (typeof value === "object" && "hex" in value && typeof value.hex === "string") {
    return Uint8Array.fromHex(value.hex);
  }
  throw new SyntaxError("neither text nor bytes");
}
