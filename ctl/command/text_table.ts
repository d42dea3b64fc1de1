/** Rows as the mysql client draws them with --table. */
import type { QueryRows } from "../../shared/rpc/tablet_admin.ts";

/** Without the last line feed; "" for a result without columns. */
export function printTable(rows: Pick<QueryRows, "columns" | "rows">): string {
  if (rows.columns.length === 0) return "";
  const texts = rows.rows.map((row) => row.map((value) => oneLine(value ?? "NULL")));
  const widths = rows.columns.map((name, i) =>
    Math.max(columnsOf(name), ...texts.map((row) => columnsOf(row[i] ?? "")))
  );
  const numeric = rows.columns.map((_, i) => isNumeric(rows.rows.map((row) => row[i] ?? null)));
  const rule = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+`;
  const line = (cells: readonly string[], right: readonly boolean[]): string =>
    `|${cells.map((cell, i) => ` ${pad(cell, widths[i] ?? 0, right[i] === true)} `).join("|")}|`;
  return [
    rule,
    line(rows.columns, []),
    rule,
    ...texts.map((row) => line(row, numeric)),
    ...(texts.length > 0 ? [rule] : []),
  ].join("\n");
}

/** The server's types don't come along: a column of numbers alone is one to align right. */
function isNumeric(values: readonly (string | null)[]): boolean {
  return values.some((value) => value !== null) &&
    values.every((value) => value === null || /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(value));
}

/** A line feed in a value would break the drawing. */
function oneLine(text: string): string {
  return text.replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t");
}

function pad(text: string, width: number, right: boolean): string {
  const blanks = " ".repeat(Math.max(0, width - columnsOf(text)));
  return right ? blanks + text : text + blanks;
}

/** Columns of a terminal: East Asian wide characters take two (Unicode, UAX #11, main blocks). */
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
          .test(character)
        ? 2
        : 1;
  }
  return columns;
}
