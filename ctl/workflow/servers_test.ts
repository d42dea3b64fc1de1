import assert from "node:assert/strict";
import {
  checkOthers,
  checkServer,
  checkTable,
  parseVersion,
  type ServerFacts,
  type TableFacts,
} from "./servers.ts";

function server(version: string, variables: Readonly<Record<string, string>> = {}): ServerFacts {
  return {
    at: "legacy/-",
    ...parseVersion(version),
    variables: new Map(Object.entries(variables)),
    replicates: false,
    collations: new Set(),
  };
}

const TABLE: TableFacts = {
  name: "t",
  type: "BASE TABLE",
  engine: "InnoDB",
  triggers: [],
  columns: [],
};

function refused(pattern: RegExp, check: () => void): void {
  assert.throws(check, (error) => error instanceof Error && pattern.test(error.message));
}

Deno.test("checkServer() names the setting, where it is, and how it is changed", () => {
  const check = (variables: Readonly<Record<string, string>>, replicates = false) => () =>
    checkServer({ ...server("9.7.0", variables), replicates }, "copying");
  refused(
    /^VT22002: copying follows the binlog of legacy\/-.*log_bin is OFF.*my\.cnf/,
    check({ log_bin: "OFF" }),
  );
  refused(/SET GLOBAL binlog_format = ROW/, check({ log_bin: "ON", binlog_format: "MIXED" }));
  refused(/binlog_row_image is NOBLOB/, check({ binlog_row_image: "NOBLOB" }));
  refused(/binlog_row_metadata = FULL/, check({ binlog_row_metadata: "MINIMAL" }));
  refused(/OFF_PERMISSIVE/, check({ gtid_mode: "OFF" }));
  refused(/log_slave_updates = ON/, check({ log_slave_updates: "OFF" }, true));
  check({ log_slave_updates: "OFF", log_bin: "ON", gtid_mode: "ON" })();
});

Deno.test("checkTable() refuses what can't be kept alike", () => {
  const check = (version: string, facts: Partial<TableFacts>) => () =>
    checkTable(server(version), { ...TABLE, ...facts });
  refused(/engine MyISAM.*ENGINE = InnoDB/, check("8.0.40", { engine: "MyISAM" }));
  refused(/trigger tr/, check("8.0.40", { triggers: ["tr"] }));
  const versioned = { ...TABLE, type: "SYSTEM VERSIONED" };
  const view = { ...TABLE, name: "v", type: "VIEW" };
  refused(/--exclude-tables t/, () => checkOthers(server("11.4.2-MariaDB"), [view, versioned], []));
  checkOthers(server("11.4.2-MariaDB"), [view, versioned], ["t"]);
});
