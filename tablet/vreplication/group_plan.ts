/** The statements that keep a table of groups, and whether the table fits its rule. */
import { vtError } from "../../shared/error/errors.ts";
import type { ComputedItem, ComputedRule } from "../../shared/filter/computed.ts";
import { quoteName } from "../mysqld/statement.ts";
import { type ColumnType, holdsGroup, holdsNumber, isExactNumber, scaleOf } from "./column_fit.ts";
import type { Evaluated } from "./evaluator.ts";
import { literalForm } from "./sql_buffer.ts";
import { numberColumn, type WrittenColumn } from "./target_table.ts";

/** A table of groups, as information_schema has it. */
export interface GroupTable {
  readonly name: string;
  /** By name in lower case. */
  readonly columns: ReadonlyMap<string, ColumnType & { readonly name: string }>;
  /** Names in key order, whole columns only; undefined when some are not. */
  readonly primaryKey: readonly string[] | undefined;
}

export interface GroupPlan {
  readonly table: string;
  /** Places of the group's values in an evaluated row. */
  readonly groups: readonly number[];
  readonly sums: readonly {
    readonly is: "rows" | "count" | "sum";
    /** Of the argument in an evaluated row; undefined for COUNT(*). */
    readonly place: number | undefined;
    readonly scale: number;
  }[];
  readonly statements: GroupStatements;
}

export interface GroupStatements {
  /** Columns of the temporary table that deltas gather in. */
  readonly definition: string;
  /** Takes rows of (group..., sum..., 1 when the group is to be there). */
  readonly gather: {
    /** Quoted. */
    readonly name: string;
    readonly columns: readonly WrittenColumn[];
    readonly tail: string;
  };
  /** Makes groups that are not there, with nothing in them. */
  readonly create: string;
  /** Matches each group once. */
  readonly add: string;
  /** Then sums of nothing become NULL, and groups of nothing go. */
  readonly after: readonly string[];
  readonly clear: string;
}

interface Column {
  readonly item: Exclude<ComputedItem, { is: "star" }>;
  readonly column: ColumnType & { readonly name: string };
  readonly place: number | undefined;
  readonly evaluated: Evaluated | undefined;
}

/**
 * `gathering` is the temporary table's name. VT27002 for a column that is not there, VT27009 when
 * the table can't hold the groups as they are, VT12001 for sums that are not exact.
 */
export function planGroups(
  rule: ComputedRule,
  evaluated: readonly Evaluated[],
  table: GroupTable,
  gathering: string,
): GroupPlan {
  const columns = columnsOf(rule, evaluated, table);
  const groups = columns.filter(({ item }) => item.is === "value");
  const sums = columns.filter(({ item }) => item.is !== "value");
  demandKey(table, groups);
  for (const one of columns) demandFit(table.name, one);
  return {
    table: table.name,
    groups: groups.flatMap(({ place }) => place ?? []),
    sums: sums.map(({ item, place, evaluated: value }) => ({
      is: item.is === "value" ? "sum" : item.is,
      place,
      scale: item.is === "sum" && value !== undefined ? scaleOf(value) : 0,
    })),
    statements: statementsOf(table, groups, sums, gathering),
  };
}

function columnsOf(
  rule: ComputedRule,
  evaluated: readonly Evaluated[],
  table: GroupTable,
): readonly Column[] {
  return rule.items.flatMap((item): readonly Column[] => {
    if (item.is === "star") return [];
    const column = table.columns.get(item.name.toLowerCase());
    if (column === undefined) throw vtError("VT27002", table.name, `column ${item.name}`);
    const place = evaluated.findIndex((value) => value.item === item);
    return [{
      item,
      column,
      place: place < 0 ? undefined : place,
      evaluated: evaluated[place],
    }];
  });
}

function demandKey({ name, primaryKey }: GroupTable, groups: readonly Column[]): void {
  const names = (list: readonly string[]) => list.map((one) => one.toLowerCase()).toSorted().join();
  const wanted = groups.map(({ column }) => column.name);
  if (primaryKey !== undefined && names(primaryKey) === names(wanted)) return;
  throw vtError(
    "VT27009",
    name,
    `its primary key must be what it is grouped by: (${wanted.join(", ")})`,
  );
}

function demandFit(table: string, { item, column, evaluated }: Column): void {
  if (item.is === "sum" && evaluated !== undefined && !isExactNumber(evaluated)) {
    throw vtError(
      "VT12001",
      `sum(${item.sql}) of what is no exact number: its digits would depend on the order of rows; write sum(cast(${item.sql} as decimal(30,6)))`,
    );
  }
  const fits = item.is === "value"
    ? evaluated !== undefined && holdsGroup(column, evaluated)
    : holdsNumber(column, item.is === "sum" && evaluated !== undefined ? scaleOf(evaluated) : 0);
  if (fits) return;
  const what = item.is === "value"
    ? `groups by ${item.sql}`
    : item.is === "rows"
    ? "count(*)"
    : `${item.is}(${item.sql})`;
  throw vtError(
    "VT27009",
    table,
    `column ${column.name} ${column.columnType} doesn't hold ${what} exactly`,
  );
}

function statementsOf(
  { name }: GroupTable,
  groups: readonly Column[],
  sums: readonly Column[],
  gathering: string,
): GroupStatements {
  const [target, deltas] = [quoteName(name), quoteName(gathering)];
  const names = (columns: readonly Column[]) => columns.map(({ column }) => quoteName(column.name));
  const [keys, added] = [names(groups), names(sums)];
  const [firstKey = ""] = keys;
  const both = keys.map((key) => `t.${key} = d.${key}`).join(" AND ");
  const grows = quoteName(GROWS);
  const gathered = [...added, grows];
  return {
    definition: definitionOf(groups, sums),
    gather: {
      name: deltas,
      columns: [
        ...groups.flatMap(({ evaluated }, index) => {
          if (evaluated === undefined) return [];
          const { field } = evaluated;
          return [{ index, name: keys[index] ?? "", field, form: literalForm(field) }];
        }),
        ...gathered.map((one, i) => numberColumn(groups.length + i, one)),
      ],
      tail: " ON DUPLICATE KEY UPDATE " +
        gathered.map((one) => `${one} = ${one} + VALUES(${one})`).join(", "),
    },
    create: `INSERT INTO ${target} (${[...keys, ...added].join(", ")}) ` +
      `SELECT ${[...keys.map((key) => `d.${key}`), ...added.map(() => "0")].join(", ")} ` +
      `FROM ${deltas} AS d WHERE d.${grows} > 0 ORDER BY ${keys.map((k) => `d.${k}`).join(", ")} ` +
      `ON DUPLICATE KEY UPDATE ${firstKey} = ${target}.${firstKey}`,
    add: `UPDATE ${deltas} AS d STRAIGHT_JOIN ${target} AS t ON ${both} SET ` +
      (added.length === 0 ? `t.${firstKey} = t.${firstKey}` : added
        .map((one) => `t.${one} = COALESCE(t.${one}, 0) + d.${one}`).join(", ")),
    after: [
      ...nullSums(sums).map(({ sum, count }) =>
        `UPDATE ${deltas} AS d STRAIGHT_JOIN ${target} AS t ON ${both} ` +
        `SET t.${sum} = NULL WHERE t.${count} = 0`
      ),
      ...sums.filter(({ item }) => item.is === "rows").slice(0, 1).map(({ column }) =>
        `DELETE t FROM ${deltas} AS d STRAIGHT_JOIN ${target} AS t ON ${both} ` +
        `WHERE t.${quoteName(column.name)} = 0`
      ),
    ],
    clear: `DELETE FROM ${deltas}`,
  };
}

/** Says that some row came to the group: it is to be there, even with nothing in it. */
const GROWS = "_vt_grows";

/** Keys as the target has them; deltas as wide as they come, and with a sign. */
function definitionOf(groups: readonly Column[], sums: readonly Column[]): string {
  const keys = groups.map(({ column }) => {
    const { characterSet, collation } = column;
    const charset = collation === "" ? "" : ` CHARACTER SET ${characterSet} COLLATE ${collation}`;
    return `${quoteName(column.name)} ${column.columnType}${charset} NOT NULL`;
  });
  const deltas = sums.map(({ column, evaluated, item }) => {
    const scale = item.is === "sum" && evaluated !== undefined ? scaleOf(evaluated) : 0;
    return `${quoteName(column.name)} decimal(65,${scale}) NOT NULL`;
  });
  const key = groups.map(({ column }) => quoteName(column.name)).join(", ");
  return [
    ...keys,
    ...deltas,
    `${quoteName(GROWS)} bigint NOT NULL`,
    `PRIMARY KEY (${key})`,
  ].join(", ");
}

/**
 * Sums that become NULL when no value is left, as SUM does: COUNT of the same expression stands
 * beside it. Without that nobody knows when it is so, and such a sum is 0.
 */
function nullSums(
  sums: readonly Column[],
): readonly { readonly sum: string; readonly count: string }[] {
  return sums.flatMap((one) => {
    const { item, column, evaluated } = one;
    if (item.is !== "sum" || !column.nullable || evaluated?.field.nullable !== true) return [];
    const count = sums.find((other) => other.item.is === "count" && other.item.sql === item.sql);
    return count === undefined
      ? []
      : [{ sum: quoteName(column.name), count: quoteName(count.column.name) }];
  });
}
