import { ERRORS, VtError, vtError } from "./errors.ts";
import { MysqlError } from "./mysql_error.ts";

Deno.test("vtError() fills the text from the table and carries errno and SQLSTATE", () => {
  const error = vtError("VT05004", "user");
  if (error.message !== "VT05004: table 'user' does not exist") throw error;
  if (error.status !== "not_found" || error.errno !== 1109 || error.sqlState !== "42S02") {
    throw error;
  }
  if (!(error instanceof VtError)) throw error;
});

Deno.test("vtError() sends MySQL's own errors without an id", () => {
  const error = vtError("ER_ACCESS_DENIED_ERROR", "user", "localhost", "YES");
  if (error.message !== "Access denied for user 'user'@'localhost' (using password: YES)") {
    throw error;
  }
});

Deno.test("vtError() rejects unknown ids and missing arguments at compile time", () => {
  // @ts-expect-error there is no such id in the table
  void (() => vtError("VT99999"));
  // @ts-expect-error the text of VT12001 needs one argument
  void (() => vtError("VT12001"));
});

Deno.test("ERRORS has a five character SQLSTATE and a positive errno in each row", () => {
  for (const [id, row] of Object.entries(ERRORS)) {
    if (!/^[0-9A-Z]{5}$/.test(row.sqlState) || row.errno <= 0) throw new Error(id);
  }
});

Deno.test("MysqlError tells a duplicate key from a lost server", () => {
  if (new MysqlError(1062, "23000", "Duplicate entry").status !== "already_exists") {
    throw new Error();
  }
  if (new MysqlError(2013, "HY000", "lost").status !== "unavailable") throw new Error();
});
