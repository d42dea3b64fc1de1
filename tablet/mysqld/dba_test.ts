import assert from "node:assert/strict";
import { VtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { startTestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { tempDir } from "../../tests/harness/temp_dir.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { Dba, queryRow } from "./dba.ts";

const { signal } = new AbortController();

for (const server of testServers()) {
  Deno.test(`Dba on ${server}`, async (t) => {
    await using mysqld = await startTestMysqld({ server });
    const dba = mysqld.root;

    await t.step("gives the server's errors as they are", async () => {
      await assert.rejects(
        dba.query("SELECT * FROM mysql.nothing", { signal }),
        (error) =>
          error instanceof MysqlError && error.errno === 1146 && error.sqlState === "42S02" &&
          error.message === "Table 'mysql.nothing' doesn't exist",
      );
    });

    await t.step("kills the statement that a signal ends", async () => {
      const stop = new AbortController();
      const sleeping = dba.query("SELECT SLEEP(100) AS slept", stop);
      const running = async () => {
        const row = await queryRow(
          dba,
          "SELECT COUNT(*) AS n FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'",
          { signal },
        );
        return row?.["n"] === "1";
      };
      await waitFor("it to run", running);
      stop.abort(new Error("enough"));
      await assert.rejects(sleeping, /enough/);
      await waitFor("it to be gone", async () => !await running());
    });

    await t.step("keeps what a session sets out of the pool", async () => {
      await dba.session((session) => session.query("SET SESSION sql_mode = ''", { signal }), {
        signal,
      });
      const row = await queryRow(dba, "SELECT @@sql_mode AS mode", { signal });
      assert.match(row?.["mode"] ?? "", /STRICT_TRANS_TABLES/);
    });

    await t.step("recovers from connections that were killed", async () => {
      const own = await queryRow(dba, "SELECT CONNECTION_ID() AS id", { signal });
      await dba.session((session) => session.query(`KILL CONNECTION ${own?.["id"]}`, { signal }), {
        signal,
      });
      await waitFor("a good connection", () => queryRow(dba, "SELECT 1 AS one", { signal }));
    });
  });
}

Deno.test("Dba says VT20012 when there is no server", async () => {
  await using dir = await tempDir("dba");
  await using dba = new Dba({
    address: { socketPath: `${dir.path}/mysql.sock` },
    user: "root",
    password: "",
  });
  await assert.rejects(
    dba.query("SELECT 1", { signal }),
    (error) => error instanceof VtError && error.id === "VT20012",
  );
});
