/**
 * Golden cases: the rule's select; a line `key a,b`; then the target's columns, each with what its
 * item comes to: `total decimal(30,2) null <- decimal 2`, `name varchar(20) COLLATION <- text
 * COLLATION`, `n bigint <- rows`. The output is the temporary table and the statements.
 */
import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { computedRule } from "../../shared/filter/computed.ts";
import { collationByName } from "../../shared/mysql/collations.ts";
import * as type from "../../shared/mysql/column_types.ts";
import { type Case, golden } from "../../tests/golden/golden.ts";
import { forRandom } from "../../tests/harness/random.ts";
import type { Evaluated } from "./evaluator.ts";
import { type GroupTable, planGroups } from "./group_plan.ts";
import { parseScaled, printScaled } from "./scaled.ts";

const TYPES: Readonly<Record<string, number>> = {
  int: type.MYSQL_TYPE_LONGLONG,
  decimal: type.MYSQL_TYPE_NEWDECIMAL,
  double: type.MYSQL_TYPE_DOUBLE,
  date: type.MYSQL_TYPE_DATE,
  datetime: type.MYSQL_TYPE_DATETIME,
  text: type.MYSQL_TYPE_VAR_STRING,
};

type Column = GroupTable["columns"] extends ReadonlyMap<string, infer C> ? C : never;

function columnOf(line: string): Column {
  const [name = "", columnType = "", ...words] = line.split(" ");
  const collation = words.find((word) => word.includes("_")) ?? "";
  const [, scale = "0"] = /[(,](\d+)\)/.exec(columnType) ?? [];
  return {
    name,
    columnType,
    dataType: columnType.replace(/\(.*/, ""),
    characterSet: collation.replace(/_.*/, ""),
    collation,
    scale: columnType.startsWith("varchar") ? 0 : Number(scale),
    nullable: words.includes("null"),
  };
}

function evaluatedOf(item: Evaluated["item"], text: string): Evaluated {
  const [kind = "", detail = ""] = text.split(" ");
  return {
    item,
    scale: Number(detail) || 0,
    field: {
      name: item.name,
      type: TYPES[kind] ?? type.MYSQL_TYPE_JSON,
      columnType: "",
      collation: collationByName(detail)?.id ?? 63,
      unsigned: false,
      nullable: true,
      invisible: false,
    },
  };
}

function run({ input }: Case): string {
  const [filter = "", key = "", ...lines] = input.split("\n");
  const rule = computedRule({ match: "made", filter });
  if (rule === undefined) return "nothing to compute";
  const pairs = lines.map((line) => line.split(" <- "));
  const evaluated = rule.items.flatMap((item, i) =>
    item.is === "star" || item.is === "rows" ? [] : [evaluatedOf(item, pairs[i]?.[1] ?? "")]
  );
  const columns = pairs.map(([column = ""]) => columnOf(column));
  const table: GroupTable = {
    name: "made",
    columns: new Map(columns.map((column) => [column.name, column])),
    primaryKey: key === "key prefix" ? undefined : key.slice("key ".length).split(","),
  };
  const { definition, gather, create, add, after, clear } =
    planGroups(rule, evaluated, table, "delta").statements;
  return [definition, `${gather.name} ...${gather.tail}`, create, add, ...after, clear].join("\n");
}

golden(new URL("./testdata/", import.meta.url), run);

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("decimals come back as they were, and add up digit by digit", () => {
  const cases = [["0", 0], ["-0.05", 2], ["12345678901234567890.123", 3], ["-7", 0]] as const;
  for (const [text, scale] of cases) {
    strictEqual(printScaled(parseScaled(bytes(text), scale), scale), text);
  }
  strictEqual(parseScaled(bytes("1.5"), 3), 1500n);
  strictEqual(parseScaled(bytes(".5"), 1), 5n);
  for (const text of ["", "-", "1e3", "1.25"]) {
    throws(() => parseScaled(bytes(text), 1), /VT13001/, text);
  }
  forRandom(50, (random) => {
    const [a, b] = [random.int(2e9) - 1e9, random.int(2e9) - 1e9];
    const sum = parseScaled(bytes((a / 100).toFixed(2)), 2) + parseScaled(bytes(String(b)), 2);
    deepStrictEqual(sum, BigInt(a) + BigInt(b) * 100n);
  });
});
