import assert from "node:assert/strict";
import { golden } from "../../tests/golden/golden.ts";
import { type Flavor, flavorOf } from "./flavor.ts";
import { parseServerVersion } from "./version.ts";

const SOURCE = { host: "10.0.0.1", port: 17100, user: "vt_repl", password: "it's\\" };

/** The statements that set replication and write modes of a server version. */
golden(new URL("testdata/flavor/", import.meta.url), ({ input }) => {
  const { replication, modes, positions } = flavorOf(parseServerVersion(input));
  return [
    ...replication.setSource(SOURCE),
    ...replication.start,
    ...replication.restartReceiver,
    replication.statusSql,
    ...replication.stop,
    ...replication.reset,
    ...modes.setReadOnly(true),
    ...modes.setReadOnly(false),
    ...modes.setSemiSync("source", true),
    ...modes.setSemiSync("replica", false),
    positions.waitSql("0-1-2", 1500),
  ].join("\n");
});

function flavor(version: string): Flavor {
  return flavorOf(parseServerVersion(version));
}

Deno.test("parseStatus() reads MariaDB's rows", () => {
  const { replication } = flavor("10.11.6-MariaDB");
  const status = replication.parseStatus({
    Slave_IO_Running: "Connecting",
    Slave_SQL_Running: "Yes",
    Seconds_Behind_Master: null,
    Master_Host: "h",
    Master_Port: "3306",
    Last_IO_Error: "can't connect",
    Last_SQL_Error: "",
  });
  assert.deepEqual(status, {
    ioRunning: true,
    ioConnected: false,
    sqlRunning: true,
    lagSeconds: undefined,
    sourceHost: "h",
    sourcePort: 3306,
    lastError: "can't connect",
  });
});

Deno.test("parseStatus() reads MySQL's rows in both vocabularies", () => {
  for (
    const [version, replica, source] of [
      ["8.0.22", "Slave", "Master"],
      ["9.0.1", "Replica", "Source"],
    ]
  ) {
    const status = flavor(version ?? "").replication.parseStatus({
      [`${replica}_IO_Running`]: "Yes",
      [`${replica}_SQL_Running`]: "No",
      [`Seconds_Behind_${source}`]: "7",
      [`${source}_Host`]: "h",
      [`${source}_Port`]: "3306",
      Last_SQL_Error: "duplicate",
    });
    assert.deepEqual(status, {
      ioRunning: true,
      ioConnected: true,
      sqlRunning: false,
      lagSeconds: 7,
      sourceHost: "h",
      sourcePort: 3306,
      lastError: "duplicate",
    });
  }
});

Deno.test("isErrant() looks at each server of a MariaDB primary's history", () => {
  const { positions } = flavor("10.11.6-MariaDB");
  const history = "0-100-40,0-101-38,0-101-38";
  assert.equal(positions.isErrant("0-101-38", history), false);
  assert.equal(positions.isErrant("0-100-37", history), false);
  assert.equal(positions.isErrant("", history), false);
  assert.equal(positions.isErrant("0-101-39", history), true);
  assert.equal(positions.isErrant("0-102-5", history), true);
  assert.equal(positions.isErrant("1-100-5", history), true);
});

Deno.test("translateInit() gives the words of the server", () => {
  assert.equal(
    flavor("8.4.0").setup.translateInit("RESET MASTER"),
    "RESET BINARY LOGS AND GTIDS",
  );
  assert.equal(flavor("8.4.0").setup.translateInit("reset slave all"), "RESET REPLICA all");
  assert.equal(flavor("8.0.40").setup.translateInit("RESET MASTER"), "RESET MASTER");
  const only = "SET GLOBAL super_read_only='OFF'";
  assert.equal(flavor("11.4.2-MariaDB").setup.translateInit(only), undefined);
});
