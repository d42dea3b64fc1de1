/** A table as GetSchema tells of it, from few words. */
import type { ColumnSchema } from "../../shared/rpc/query_service.ts";
import type { TableDefinition } from "../../shared/rpc/tablet_admin.ts";

/**
 * Columns as "NAME TYPE [collate COLLATION] [null] [generated] [invisible]", of int(11) without a
 * type; the first is the primary key.
 */
export function tableDefinition(
  name: string,
  columns: readonly string[],
  more: Partial<TableDefinition> = {},
): TableDefinition {
  const known = columns.map(testColumn);
  const lines = known.map((column) => `  \`${column.name}\` ${column.columnType} NOT NULL,\n`);
  const key = known[0]?.name ?? "";
  return {
    name,
    schema: `CREATE TABLE \`${name}\` (\n${
      lines.join("")
    }  PRIMARY KEY (\`${key}\`)\n) ENGINE=InnoDB`,
    columns: known,
    primaryKeyColumns: [key],
    uniqueKeys: [[key]],
    type: "BASE TABLE",
    dataLength: "0",
    rowCount: "0",
    ...more,
  };
}

const COLUMN = /^(\w+)(?: (.*?))?(?: collate (\w+))?((?: (?:null|generated|invisible))*)$/;

export function testColumn(text: string): ColumnSchema {
  const [, name = "", columnType = "int(11)", collation, flags = ""] = COLUMN.exec(text) ?? [];
  return {
    name,
    columnType,
    dataType: /^\w*/.exec(columnType)?.[0] ?? "",
    collation,
    nullable: flags.includes("null"),
    autoIncrement: false,
    generated: flags.includes("generated"),
    invisible: flags.includes("invisible"),
  };
}
