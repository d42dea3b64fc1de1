/** Results that the gate makes itself. */
import { Buffer } from "node:buffer";
import { encodeBinaryRow } from "../../shared/mysql/binary_row.ts";
import {
  type ColumnDefinition,
  encodeColumnDefinition,
} from "../../shared/mysql/column_definition.ts";
import {
  BINARY_FLAG,
  MYSQL_TYPE_LONGLONG,
  MYSQL_TYPE_VAR_STRING,
  NUM_FLAG,
} from "../../shared/mysql/column_types.ts";
import { encodeFrames } from "../../shared/mysql/frame.ts";
import { encodeTextRow, type RowValue } from "../../shared/mysql/text_row.ts";
import type { RowOutput } from "../engine/rows.ts";

export interface TextColumn {
  readonly name: string;
  readonly type: "text" | "number";
}

/** Undefined is NULL. */
export type Cell = string | number | bigint | undefined;

/** Columns of texts. */
export function textColumns(...names: readonly string[]): readonly TextColumn[] {
  return names.map((name) => ({ name, type: "text" }));
}

const UTF8_GENERAL_CI = 33;
const BINARY_COLLATION = 63;

function definitionOf({ name, type }: TextColumn): ColumnDefinition {
  const isNumber = type === "number";
  return {
    schema: "",
    table: "",
    originalTable: "",
    name,
    originalName: "",
    collation: isNumber ? BINARY_COLLATION : UTF8_GENERAL_CI,
    columnLength: isNumber ? 21 : 3072,
    type: isNumber ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_VAR_STRING,
    flags: isNumber ? NUM_FLAG | BINARY_FLAG : 0,
    decimals: isNumber ? 0 : 31,
  };
}

/** Column definitions and rows; the caller ends the result. */
export async function sendRows(
  columns: readonly TextColumn[],
  rows: readonly (readonly Cell[])[],
  output: RowOutput,
  binary: boolean,
): Promise<void> {
  const values = rows.map((row) =>
    row.map((cell) => cell === undefined ? null : Buffer.from(String(cell)))
  );
  await sendDefinedRows(columns.map(definitionOf), values, output, binary);
}

/** The same with the columns of some mysqld. */
export async function sendDefinedRows(
  definitions: readonly ColumnDefinition[],
  rows: readonly (readonly RowValue[])[],
  output: RowOutput,
  binary: boolean,
): Promise<void> {
  output.columns(definitions.map(encodeColumnDefinition));
  for (const values of rows) {
    const payload = binary ? encodeBinaryRow(values, definitions) : encodeTextRow(values);
    await output.rows(encodeFrames(payload, 0));
  }
}
