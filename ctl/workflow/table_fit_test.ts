import assert from "node:assert/strict";
import { tableDefinition, testColumn } from "../../tests/harness/table_definition.ts";
import { whyUnlike } from "./column_fit.ts";
import { whyUnlikeTable } from "./table_fit.ts";

/** What the target may be, and what it may not. */
const FITS: readonly (readonly [source: string, fits: string, unfit: string])[] = [
  [
    "int(11)",
    "int|int(10)|bigint|bigint(20)",
    "smallint(6)|int unsigned|bigint unsigned|decimal(20,0)",
  ],
  ["tinyint(3) unsigned", "tinyint unsigned|smallint|bigint unsigned", "tinyint(4)|varchar(3)"],
  ["bigint(20) unsigned", "bigint unsigned", "bigint(20)|decimal(20,0)"],
  [
    "int(5) unsigned zerofill",
    "int(5) unsigned zerofill",
    "int(6) unsigned zerofill|int(5) unsigned",
  ],
  [
    "decimal(10,4)",
    "decimal(10,4)|decimal(12,4)",
    "decimal(10,2)|decimal(12,5)|decimal(9,4)|double",
  ],
  ["decimal(10,2) unsigned", "decimal(10,2)", "decimal(9,2)"],
  ["decimal(10,2)", "decimal(10,2)", "decimal(10,2) unsigned|decimal(10,0)"],
  ["float", "float", "double|float(7,4)|float unsigned"],
  ["double unsigned", "double|double unsigned", "double(10,2)|float"],
  ["datetime(6)", "datetime(6)", "datetime|datetime(3)|timestamp(6)|varchar(30)"],
  ["datetime", "datetime", "datetime(6)|date|timestamp"],
  ["time(3)", "time(3)", "time|time(6)"],
  ["date", "date", "datetime"],
  ["year(4)", "year|year(4)", "smallint(6)"],
  ["bit(8)", "bit(8)", "bit(9)|tinyint(4)"],
  ["varchar(20)", "varchar(20)|varchar(30)", "varchar(19)|char(20)|text|varbinary(20)"],
  ["char(4)", "char(4)|char(5)", "char(3)|varchar(4)"],
  ["text", "text|longtext", "tinytext|varchar(100)|blob"],
  ["binary(4)", "binary(4)", "binary(5)|binary(3)|varbinary(4)"],
  ["varbinary(4)", "varbinary(4)|varbinary(5)", "varbinary(3)|blob"],
  ["mediumblob", "mediumblob|longblob", "blob"],
  ["enum('a','b)')", "enum('a','b)')|enum('a','b)','c')", "enum('b)','a')|enum('a')|set('a','b)')"],
  ["set('a','b')", "set('a','b','c')", "set('a')|enum('a','b')"],
  ["json", "json|longtext", "text"],
  ["longtext", "longtext|json", "mediumtext"],
  ["point", "point|geometry", "polygon|blob"],
  ["geometry", "geometry", "point"],
  ["geomcollection", "geometrycollection|geomcollection", "point"],
  ["uuid", "uuid|char(36)|varchar(40)", "char(35)|binary(16)"],
  ["inet6", "varchar(39)", "varchar(38)|inet4"],
  ["vector(3)", "vector(3)", "vector(4)"],
];

Deno.test("whyUnlike() takes a type that keeps each value and prints it alike", () => {
  const why = (source: string, target: string) =>
    whyUnlike(testColumn(`c ${source}`), testColumn(`c ${target}`), false);
  for (const [source, fits, unfit] of FITS) {
    for (const type of fits.split("|")) {
      assert.equal(why(source, type), undefined, `${source} ${type}`);
    }
    for (const type of unfit.split("|")) {
      assert.equal(
        why(source, type),
        `has the column c as ${type}, which doesn't keep each ${source} of its source as it is`,
      );
    }
  }
});

Deno.test("whyUnlike() wants texts that compare alike, and the same attributes", () => {
  const why = (source: string, target: string, isUnique = false) =>
    whyUnlike(testColumn(`c varchar(9) ${source}`), testColumn(`c varchar(9) ${target}`), isUnique);
  const alike = [
    ["latin1_swedish_ci", "latin1_swedish_ci"],
    ["utf8_general_ci", "utf8mb3_general_ci"],
    ["utf8mb4_0900_ai_ci", "utf8mb4_uca1400_nopad_ai_ci"],
    ["utf8mb4_nopad_bin", "utf8mb4_0900_bin"],
  ];
  for (const [one, other] of alike) {
    assert.equal(why(`collate ${one}`, `collate ${other}`, true), undefined);
    assert.equal(why(`collate ${other}`, `collate ${one}`, true), undefined);
  }
  assert.match(why("collate utf8mb4_0900_ai_ci", "collate latin1_swedish_ci") ?? "", /collation/);
  assert.match(why("collate utf8mb4_0900_ai_ci", "collate utf8mb4_0900_as_cs") ?? "", /collation/);
  // Where the other server has no such collation one was chosen; but keys must tell rows apart.
  const chosen = ["collate utf8mb4_uca1400_ai_ci", "collate utf8mb4_general_ci"] as const;
  assert.equal(why(...chosen), undefined);
  assert.match(why(...chosen, true) ?? "", /in the collation utf8mb4_general_ci, its source in/);
  const padded = ["collate utf8mb4_uca1400_ai_ci", "collate utf8mb4_0900_ai_ci"] as const;
  assert.match(why(...padded, true) ?? "", /in the collation utf8mb4_0900_ai_ci/);
  assert.match(why("collate utf8mb4_bin", "collate utf8mb4_general_ci") ?? "", /in the collation/);
  assert.match(why("collate latin1_bin", "collate utf8mb4_bin") ?? "", /in the collation/);
  assert.match(why("null", "") ?? "", /has the column c as NOT NULL, other than its source/);
  assert.match(why("", "null") ?? "", /as one that may be NULL/);
  assert.match(why("generated", "") ?? "", /which its source generates, as an ordinary one/);
  assert.match(why("", "generated") ?? "", /generates the column c, which its source doesn't/);
  assert.match(why("", "invisible") ?? "", /as an invisible one/);
});

Deno.test("whyUnlikeTable() wants no key that takes two rows for one", () => {
  const columns = ["id", "a varchar(9) collate utf8mb4_bin", "b"];
  const table = (...more: readonly (readonly string[])[]) =>
    tableDefinition("t", columns, { uniqueKeys: [["id"], ...more] });
  assert.equal(whyUnlikeTable(table(["a"]), table()), undefined);
  assert.equal(whyUnlikeTable(table(["a"]), table(["B", "A"])), undefined);
  assert.equal(whyUnlikeTable(table(), table(["b", "id"])), undefined);
  assert.equal(whyUnlikeTable(table(["a(3)"]), table(["a"])), undefined);
  const refused = /^has a unique key \((.*)\), which its source has not$/;
  assert.match(whyUnlikeTable(table(), table(["a"])) ?? "", refused);
  assert.match(whyUnlikeTable(table(["a", "b"]), table(["a"])) ?? "", refused);
  assert.match(whyUnlikeTable(table(["a"]), table(["a(3)"])) ?? "", refused);
  assert.equal(whyUnlikeTable(table(["(lower(`a`))"]), table(["(lower(`a`))"])), undefined);
  assert.match(whyUnlikeTable(table(["(lower(`a`))"]), table(["(left(`a`,1))"])) ?? "", refused);
  const begun = (key: string) =>
    tableDefinition("t", columns, { primaryKeyColumns: ["a"], uniqueKeys: [[key]] });
  assert.equal(whyUnlikeTable(begun("a(5)"), begun("a(5)")), undefined);
  assert.match(whyUnlikeTable(begun("a(10)"), begun("a(5)")) ?? "", refused);
  assert.equal(
    whyUnlikeTable(table(), { ...table(), primaryKeyColumns: ["b"] }),
    "has the primary key (b), its source (id)",
  );
  assert.match(
    whyUnlikeTable(table(), tableDefinition("t", [...columns, "c"])) ?? "",
    /^has the column c, which its source has not$/,
  );
  assert.match(
    whyUnlikeTable(table(), tableDefinition("t", ["id", "b", "c"])) ?? "",
    /^lacks the column a$/,
  );
  assert.match(
    whyUnlikeTable(
      tableDefinition("t", ["id", "b", "c"]),
      tableDefinition("t", ["id", "c", "b"]),
    ) ??
      "",
    /^has the column c where its source has b$/,
  );
  const view = (type: string) => tableDefinition("v", [`x ${type}`], { type: "VIEW" });
  assert.equal(whyUnlikeTable(view("int(11)"), view("bigint")), undefined);
});
