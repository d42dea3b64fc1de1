/**
 * What a rule's select gives on the source's own server: expressions and groups of the snapshot's
 * rows, without any of what the target did to get the same.
 */
import type { Field, Row, TableFields } from "../../shared/binlog/change.ts";
import type { ComputedRule } from "../../shared/filter/computed.ts";
import type { TablePlan } from "../../shared/filter/table_plan.ts";
import { quoteName } from "../mysqld/statement.ts";
import {
  evaluatedItems,
  EVALUATION_SETTINGS,
  expressionOf,
  resultField,
} from "../vreplication/evaluator.ts";
import { PagedQuery, type PageLimits } from "./paged_query.ts";
import type { TableSnapshot } from "./table_snapshot.ts";

interface Call {
  readonly signal: AbortSignal;
}

export interface MadeRows {
  readonly fields: readonly Field[];
  readonly query: PagedQuery;
}

/**
 * `placed` says which rows lie in the rule's key range. The query lives as long as `scope`, whose
 * end breaks the snapshot's connection. mysqld's refusal of an expression.
 */
export async function openMadeRows(
  snapshot: TableSnapshot,
  rule: ComputedRule,
  placed: TablePlan,
  limits: PageLimits,
  scope: Call,
  call: Call,
): Promise<MadeRows> {
  const fields = snapshot.columns.fields;
  const places = placesOf(rule, fields);
  const { columns, sql } = selectOf(rule, fields, places, snapshot.table);
  await snapshot.run(EVALUATION_SETTINGS, call);
  const results = await snapshot.scan(`${sql} LIMIT 0`, () => {}, call);
  const width = columns.length;
  const query = new PagedQuery(
    async (onRow, pause) => {
      await snapshot.scan(
        sql,
        (values) => {
          if (placed.keepsAll || placed.keeps(sourceRow(values.slice(width), places, fields))) {
            onRow(values.slice(0, width));
          }
        },
        scope,
        pause,
      );
    },
    limits,
  );
  return {
    fields: results.slice(0, width).map((column, i) => resultField(columns[i] ?? "", column)),
    query,
  };
}

/** Of the columns that a row's shard is found by. */
function placesOf({ keyRangeColumns }: ComputedRule, { fields }: TableFields): readonly number[] {
  const wanted = new Set(keyRangeColumns.map((name) => name.toLowerCase()));
  return fields.flatMap(({ name }, place) => wanted.has(name.toLowerCase()) ? [place] : []);
}

/** As much of a row as the key range looks at. */
function sourceRow(values: Row, places: readonly number[], { fields }: TableFields): Row {
  const row: (Uint8Array | null)[] = new Array(fields.length).fill(null);
  for (const [i, place] of places.entries()) row[place] = values[i] ?? null;
  return row;
}

function selectOf(
  rule: ComputedRule,
  fields: TableFields,
  places: readonly number[],
  table: string,
): { readonly columns: readonly string[]; readonly sql: string } {
  const keys = places.map((place) => quoteName(fields.fields[place]?.name ?? ""));
  const where = rule.condition === "" ? "" : ` WHERE ${rule.condition}`;
  const from = ` FROM ${table} AS ${quoteName(rule.alias)}${where}`;
  if (!rule.grouped) {
    const items = evaluatedItems(rule, fields);
    const list = [...items.map((item) => expressionOf(item, fields)), ...keys];
    return { columns: items.map(({ name }) => name), sql: `SELECT ${list.join(", ")}${from}` };
  }
  const items = rule.items.flatMap((item) => item.is === "star" ? [] : [item]);
  const list = items.map((item) =>
    item.is === "value"
      ? expressionOf(item, fields)
      : item.is === "rows"
      ? "COUNT(*)"
      : `${item.is}(${item.sql})`
  );
  const groups = items.flatMap((item) => {
    if (item.is !== "value") return [];
    const group = expressionOf(item, fields);
    // The target's column says which texts are equal: here none are but the same.
    return [item.column === undefined ? `CAST(${group} AS BINARY)` : group];
  });
  const by = ` GROUP BY ${[...groups, ...keys].join(", ")}`;
  return {
    columns: items.map(({ name }) => name),
    sql: `SELECT ${[...list, ...keys].join(", ")}${from}${by}`,
  };
}
