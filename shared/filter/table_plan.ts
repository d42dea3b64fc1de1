/** A rule compiled for the columns that a table has now. */
import type { Row, TableFields } from "../binlog/change.ts";
import { contains } from "../key/range.ts";
import { vtError } from "../error/errors.ts";
import { compileCondition, type Condition } from "./condition.ts";
import { type FilterContext, keyspaceIdOf, primaryKeyColumns } from "./keyspace_id.ts";
import { allColumns, compileProjection, type Output } from "./projection.ts";
import type { FilterRule, ParsedRule } from "./rule.ts";

export interface TablePlan {
  /** What the rows are called and made of behind the filter. */
  readonly fields: TableFields;
  /** Every row passes: no value needs to be looked at. */
  readonly keepsAll: boolean;
  /** Rows pass unchanged. */
  readonly identity: boolean;
  /** VT09023 for a row that has no keyspace id. */
  keeps(row: Row): boolean;
  project(row: Row): Row;
}

/** VT12001, VT26007, VT03019, VT09001 when the rule doesn't fit the table. */
export function compileTablePlan(
  rule: FilterRule,
  parsed: ParsedRule,
  fields: TableFields,
  context: FilterContext,
): TablePlan {
  // Whoever aggregates does it where the rows arrive: a stream knows single rows only.
  if (parsed.kind === "select" && parsed.select.groupBy !== undefined) {
    throw vtError("VT12001", `GROUP BY in the filter of a stream: ${rule.filter}`);
  }
  const conditions = compileConditions(rule, parsed, fields, context);
  const outputs = parsed.kind === "select"
    ? compileProjection({ select: parsed.select, fields, context })
    : allColumns(fields);
  const identity = outputs.length === fields.fields.length &&
    outputs.every(({ place }, i) => place === i);
  return {
    fields: projectedFields(outputs, fields, parsed),
    keepsAll: conditions.length === 0,
    identity,
    keeps: (row) => conditions.every((condition) => condition(row)),
    project: identity ? (row) => row : (row) => outputs.map(({ value }) => value(row)),
  };
}

function compileConditions(
  rule: FilterRule,
  parsed: ParsedRule,
  fields: TableFields,
  context: FilterContext,
): readonly Condition[] {
  switch (parsed.kind) {
    case "select": {
      const scope = { rule, select: parsed.select, fields, context };
      return parsed.select.terms.map((term) => compileCondition(term, scope));
    }
    case "key_range": {
      const columns = primaryKeyColumns(fields, context);
      return [(row) => contains(parsed.range, keyspaceIdOf(columns, row))];
    }
    case "all":
    case "exclude":
      return [];
  }
}

/** The primary key stays one only when all its columns pass. */
function projectedFields(
  outputs: readonly Output[],
  source: TableFields,
  parsed: ParsedRule,
): TableFields {
  const primaryKey = source.primaryKey.map((key) =>
    outputs.findIndex(({ place }) => place === key)
  );
  return {
    table: parsed.kind === "select" ? parsed.target : source.table,
    fields: outputs.map(({ field }) => field),
    primaryKey: primaryKey.includes(-1) ? [] : primaryKey,
  };
}
