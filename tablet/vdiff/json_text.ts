/**
 * JSON that one side keeps as JSON and the other as a text (MariaDB's JSON): MySQL prints a document
 * with its keys, spaces and numbers in its own form, so both are compared in a third one.
 */
import type { Row } from "../../shared/binlog/change.ts";
import type { RowView } from "./table_snapshot.ts";

const UTF8 = new TextEncoder();
const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Rows of `view` with the documents at `places` in the common form. */
export function withJson(view: RowView, places: readonly number[]): RowView {
  if (places.length === 0) return view;
  const wanted = new Set(places);
  return {
    keeps: (row) => view.keeps(row),
    project: (row): Row =>
      view.project(row).map((value, place) =>
        value !== null && wanted.has(place) ? canonicalJson(value) : value
      ),
  };
}

/** The common form: sorted keys, the last of equal ones, no spaces. Bytes that are no JSON stay. */
export function canonicalJson(bytes: Uint8Array): Uint8Array {
  try {
    return UTF8.encode(print(JSON.parse(STRICT.decode(bytes), keepNumbers)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return bytes;
    throw error;
  }
}

/** A number in the form that equal ones share. */
class NumberText {
  readonly text: string;

  constructor(source: string) {
    this.text = numberText(source);
  }
}

function keepNumbers(
  _key: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  return typeof value === "number" ? new NumberText(context?.source ?? String(value)) : value;
}

/** MySQL keeps integers of 64 bits as they are, and all other numbers as doubles. */
function numberText(source: string): string {
  if (/^-?\d+$/.test(source)) {
    const integer = BigInt(source);
    const fits = integer === BigInt.asIntN(64, integer) || integer === BigInt.asUintN(64, integer);
    if (fits) return String(integer);
  }
  return String(Number(source));
}

function print(value: unknown): string {
  if (value instanceof NumberText) return value.text;
  if (Array.isArray(value)) return `[${value.map(print).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1);
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${print(item)}`).join(",")}}`;
}
