import assert from "node:assert/strict";
import { lackingKeys, parseSecondaryKey, secondaryKeysIn } from "./secondary_keys.ts";

const MARIADB = [
  "CREATE TABLE `t` (",
  "  `id` bigint(20) NOT NULL AUTO_INCREMENT,",
  "  `a` int(11) DEFAULT NULL COMMENT 'one,\\n  KEY `no` (`a`),',",
  "  `b` varchar(40) DEFAULT NULL,",
  "  PRIMARY KEY (`id`),",
  "  UNIQUE KEY `u` (`b`),",
  "  KEY `a` (`a`),",
  "  KEY `odd ``name, (` (`b`(10),`a` DESC) USING BTREE COMMENT 'it''s, (odd)\u2028,',",
  "  KEY `last` (`a`,`b`) IGNORED,",
  "  FULLTEXT KEY `f` (`b`),",
  "  SPATIAL KEY `s` (`g`),",
  "  CONSTRAINT `KEY` FOREIGN KEY (`a`) REFERENCES `p` (`id`)",
  ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='KEY `x` (`a`)'",
].join("\n");

const MYSQL = [
  "CREATE TABLE `t` (",
  "  `id` int NOT NULL,",
  "  `g` int GENERATED ALWAYS AS ((`id` * 2)) VIRTUAL,",
  "  PRIMARY KEY (`id`),",
  "  KEY `expr` ((lower(`name`))) /*!80000 INVISIBLE */,",
  "  KEY `g` (`g`)",
  ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci",
].join("\n");

Deno.test("secondary keys are the lines of KEY, whole and without their comma", () => {
  assert.deepEqual(secondaryKeysIn(MARIADB), [
    { name: "a", definition: "KEY `a` (`a`)" },
    {
      name: "odd `name, (",
      definition:
        "KEY `odd ``name, (` (`b`(10),`a` DESC) USING BTREE COMMENT 'it''s, (odd)\u2028,'",
    },
    { name: "last", definition: "KEY `last` (`a`,`b`) IGNORED" },
  ]);
  assert.deepEqual(secondaryKeysIn(MYSQL), [
    { name: "expr", definition: "KEY `expr` ((lower(`name`))) /*!80000 INVISIBLE */" },
    { name: "g", definition: "KEY `g` (`g`)" },
  ]);
});

Deno.test("a definition is read as it was written, and nothing else is one", () => {
  for (const { name, definition } of [...secondaryKeysIn(MARIADB), ...secondaryKeysIn(MYSQL)]) {
    assert.deepEqual(parseSecondaryKey(definition), { name, definition });
  }
  for (const text of ["", "KEY", "KEY a (a)", "UNIQUE KEY `u` (`b`)", "PRIMARY KEY (`id`)"]) {
    assert.equal(parseSecondaryKey(text), undefined);
  }
});

Deno.test("names of keys compare without regard to case, and count once", () => {
  const key = (name: string) => ({ name, definition: `KEY \`${name}\` (\`a\`)` });
  assert.deepEqual(
    lackingKeys([key("A"), key("b"), key("B"), key("c")], [key("a")]),
    [key("b"), key("c")],
  );
});
