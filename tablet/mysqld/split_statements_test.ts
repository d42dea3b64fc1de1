import assert from "node:assert/strict";
import { splitStatements } from "./split_statements.ts";

Deno.test("splitStatements() cuts at semicolons outside of quotes and comments", () => {
  const script = `
    SET sql_log_bin = 0;  # a comment; with a semicolon
    CREATE USER 'a;b'@'localhost';
    -- another; one
    INSERT INTO t VALUES ('it''s; here', "x\\";y", \`z;\`);;
    /* a long;
       one */ SELECT 1--1;
    /*!80000 SET x = 1; */;
    SELECT 2`;
  assert.deepEqual(splitStatements(script), [
    "SET sql_log_bin = 0",
    "CREATE USER 'a;b'@'localhost'",
    `INSERT INTO t VALUES ('it''s; here', "x\\";y", \`z;\`)`,
    "SELECT 1--1",
    "/*!80000 SET x = 1; */",
    "SELECT 2",
  ]);
});

Deno.test("splitStatements() takes texts that end in the middle of something", () => {
  for (const open of ["'", '"', "`", "/*", "-- ", "#", "'\\"]) {
    assert.ok(splitStatements(`SELECT 1;${open}x`).length <= 2, open);
  }
  assert.deepEqual(splitStatements(" \n ; ;"), []);
});
