/** Materialize: tables of a target kept as what a SELECT makes of a source's table. */
import { vtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { computedRule } from "../../shared/filter/computed.ts";
import { JsonReader } from "../../shared/model/json_reader.ts";
import type { SchemaDefinition } from "../../shared/rpc/tablet_admin.ts";
import type { FilterRule } from "../../shared/rpc/vreplication.ts";
import type { Expr, Select } from "../../shared/sql/ast.ts";
import { decodeText, encodeText, sameColumnName } from "../../shared/sql/names.ts";
import { DEFAULT_OPTIONS } from "../../shared/sql/options.ts";
import { parseSql } from "../../shared/sql/parser.ts";
import { FULL_RANGE, printKeyRange } from "../../shared/key/range.ts";
import { placementOf, quoteTable, type ShardedBy } from "./filter.ts";
import { rangeOf } from "./serving.ts";

export interface TableSetting {
  readonly targetTable: string;
  readonly sourceExpression: string;
  /** "": it is there; "copy": as the source's; else the statement that makes it. */
  readonly createDdl: string;
}

/** From `[{"target_table", "source_expression", "create_ddl"}]`. VT22001. */
export function readTableSettings(json: string): readonly TableSetting[] {
  try {
    const settings = new JsonReader({ list: JSON.parse(json) }).get("list").list((item) => ({
      targetTable: item.get("target_table").text(),
      sourceExpression: item.get("source_expression").text(),
      createDdl: item.get("create_ddl").text(),
    }));
    for (const { targetTable, sourceExpression } of settings) {
      if (targetTable === "" || sourceExpression === "") {
        throw new SyntaxError("each needs a target_table and a source_expression");
      }
    }
    if (settings.length > 0) return settings;
    throw new SyntaxError("there are none");
  } catch (error) {
    throw vtErrorFrom(
      error,
      "VT22001",
      `--table-settings: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The tables that it copies whole to every shard. */
export function referenceSettings(tables: readonly string[]): readonly TableSetting[] {
  return tables.map((table) => ({
    targetTable: table,
    sourceExpression: `select * from ${quoteTable(table)}`,
    createDdl: "copy",
  }));
}

interface Expression {
  readonly sql: string;
  readonly select: Select;
  readonly sourceTable: string;
}

/** VT22001 unless it is a SELECT from one table. */
export function parseExpression({ targetTable, sourceExpression }: TableSetting): Expression {
  const sql = encodeText(sourceExpression.trim(), "utf8");
  const statement = parseSql(sql, DEFAULT_OPTIONS);
  const select = statement.kind === "query" && statement.query.kind === "select"
    ? statement.query
    : undefined;
  const [from, more] = select?.from ?? [];
  if (select === undefined || from?.kind !== "named_table" || more !== undefined) {
    throw vtError(
      "VT22001",
      `source_expression of ${targetTable} must be a SELECT from one table: ${sourceExpression}`,
    );
  }
  return { sql, select, sourceTable: from.name.name.text };
}

/**
 * Refuses what can't be kept exact, before anything is made. VT12001 and VT26007 for the
 * expression, VT22001 for what it means on the source's schema, VT22002 for a table that can't be
 * made as asked.
 */
export function checkExpression(setting: TableSetting, schema: SchemaDefinition): void {
  const { targetTable, sourceExpression, createDdl } = setting;
  const { sourceTable } = parseExpression(setting);
  const rule = computedRule({ match: targetTable, filter: sourceExpression.trim() });
  if (rule === undefined) return;
  const columns = schema.tableDefinitions.find(({ name }) => name === sourceTable)?.columns ?? [];
  const hidden = rule.groupNames.find((name) =>
    columns.some((column) => sameColumnName(column.name, name))
  );
  if (hidden !== undefined) {
    throw vtError(
      "VT22001",
      `source_expression of ${targetTable}: GROUP BY ${hidden} means column ${hidden} of ${sourceTable}; give the expression another name`,
    );
  }
  if (createDdl === "copy" && (rule.grouped || rule.items.some(({ is }) => is !== "star"))) {
    throw vtError(
      "VT22002",
      `table ${targetTable} has other columns than ${sourceTable}: give its CREATE TABLE as create_ddl instead of "copy"`,
    );
  }
}

/**
 * The rule for one target shard: the expression, narrowed to the rows that belong there. VT22002
 * when the expression doesn't have the column that decides it.
 */
export function materializeRule(
  setting: TableSetting,
  target: ShardedBy,
  shard: string,
): FilterRule {
  const { targetTable } = setting;
  const { sql, select } = parseExpression(setting);
  const placement = placementOf(target, targetTable);
  const isWhole = printKeyRange(rangeOf(shard)) === printKeyRange(FULL_RANGE);
  if (placement.is !== "by_vindex" || isWhole) {
    return { match: targetTable, filter: decodeText(sql, "utf8") };
  }
  const columns = placement.columns.map((column) => {
    const source = sourceColumn(select, column);
    if (source !== undefined) return source;
    throw vtError(
      "VT22002",
      `the rows of ${targetTable} are placed by its column ${column}, which source_expression must give as a plain column: ${setting.sourceExpression}`,
    );
  });
  const condition = `in_keyrange(${columns.join(", ")}, '${placement.vindex}', '${
    printKeyRange(rangeOf(shard))
  }')`;
  return { match: targetTable, filter: decodeText(addCondition(sql, select, condition), "utf8") };
}

/** The source's column behind one of the target's, quoted. */
function sourceColumn(select: Select, column: string): string | undefined {
  for (const item of select.items) {
    if (item.expr.kind === "star") return quoteTable(column);
    const name = columnName(item.expr);
    const alias = item.alias?.text ?? name;
    if (name !== undefined && alias !== undefined && sameColumnName(alias, column)) {
      return quoteTable(name);
    }
  }
  return undefined;
}

function columnName(expr: Expr): string | undefined {
  return expr.kind === "column" ? expr.name.text : undefined;
}

function addCondition(sql: string, select: Select, condition: string): string {
  const bytes = encodeText(condition, "utf8");
  if (select.where !== undefined) {
    const { start, end } = select.where;
    const before = sql.slice(start, end).replace(/^where\s*/i, "");
    return `${sql.slice(0, start)}where (${before}) and ${bytes}${sql.slice(end)}`;
  }
  const end = select.fromSpan?.end ?? sql.length;
  return `${sql.slice(0, end)} where ${bytes}${sql.slice(end)}`;
}
