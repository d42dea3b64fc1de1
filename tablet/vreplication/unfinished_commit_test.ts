/** A COMMIT that is still under way when the stream goes on: its changes are not applied again. */
import assert from "node:assert/strict";
import { StreamCluster } from "../../tests/harness/stream_cluster.ts";
import { testServers } from "../../tests/harness/mysqld.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { Dba } from "../mysqld/dba.ts";

const NEVER = { signal: new AbortController().signal };
/** Of the stream's sessions; it may not kill one of another user. */
const LOCK = "'vt_vreplication_1_0'";
const WAITS = "SELECT id FROM information_schema.processlist WHERE info LIKE " +
  `'SELECT GET_LOCK(%, 30)' AND user <> 'vt_dba'`;

for (const server of testServers()) {
  Deno.test(`rows without a key come once though a COMMIT was cut off (${server})`, async () => {
    await using cluster = await StreamCluster.start({ server });
    const [target] = cluster.targets;
    assert.ok(target !== undefined);
    await cluster.sqlEverywhere("CREATE TABLE plain (n INT, v VARCHAR(20))");
    await cluster.createStreams(() => [{ match: "plain", filter: "select * from plain" }]);
    await cluster.untilState("Running");
    await cluster.untilCaughtUp();
    await using dba = new Dba({
      address: { socketPath: target.socketPath },
      user: "vt_dba",
      password: "",
    });
    const values = "VALUES (1, 'one'), (2, 'two')";
    const [flavor] = (await cluster.stream(target)).position.split("/");
    await dba.session(async (session) => {
      await target.kill();
      await cluster.sql(cluster.source, `INSERT INTO plain ${values}`);
      const { position } = await cluster.source.rpc("PrimaryPosition", {});
      // What the killed tablet's session has done, all but the last.
      await session.query(`SELECT GET_LOCK(${LOCK}, 30)`, NEVER);
      await session.query("BEGIN", NEVER);
      await session.query(`INSERT INTO vt_customer.plain ${values}`, NEVER);
      await session.query(
        `UPDATE _vt.vreplication SET pos = '${flavor}/${position}'`,
        NEVER,
      );
      await target.start();
      await waitFor("the stream to wait", async () => {
        return (await cluster.sql(target, WAITS)).length > 0;
      });
      await session.query("COMMIT", NEVER);
      await session.query(`SELECT RELEASE_LOCK(${LOCK})`, NEVER);
    }, NEVER);
    await cluster.untilCaughtUp();
    const rows = await cluster.sql(target, "SELECT n, v FROM plain ORDER BY n");
    assert.deepEqual(rows, [["1", "one"], ["2", "two"]]);
  });
}
