import { equal, rejects } from "node:assert/strict";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import type { NewStream } from "../../shared/rpc/vreplication.ts";
import {
  startTestMysqld,
  type TestMysqld,
  type TestServer,
  testServers,
} from "../../tests/harness/mysqld.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { MYSQL_USERS } from "../mysqld/init_db.ts";
import { ensureDatabases } from "../mysqld/sidecar.ts";
import { VReplicationEngine } from "./engine.ts";

const NEVER = { signal: new AbortController().signal };

const STREAM: NewStream = {
  workflow: "w",
  workflowType: "move_tables",
  source: {
    keyspace: "commerce",
    shard: "-",
    filter: { rules: [{ match: "t", filter: "" }] },
    onDdl: "IGNORE",
    stopAfterCopy: false,
  },
  position: "",
  state: "Init",
  cells: "",
  tabletTypes: "replica",
  deferSecondaryKeys: false,
  options: "",
};

interface TestEngine extends AsyncDisposable {
  readonly server: TestMysqld;
  readonly engine: VReplicationEngine;
  /** How often a stream has begun to run. */
  readonly starts: number;
}

/**
 * An engine of the only tablet there is: its streams wait for a source, and when they are to end,
 * for `mayEnd`, too.
 */
async function startEngine(
  name: TestServer = "mariadb",
  mayEnd: Promise<void> = Promise.resolve(),
): Promise<TestEngine> {
  await using scope = new AsyncDisposableStack();
  const server = scope.use(await startTestMysqld({ server: name }));
  await ensureDatabases(
    { dba: server.root, flavor: server.flavor },
    { keyspace: "vt_t", sidecar: "_vt" },
    NEVER,
  );
  let starts = 0;
  const engine = scope.use(
    new VReplicationEngine({
      login: {
        address: { socketPath: server.socketPath },
        user: MYSQL_USERS.filtered,
        password: "",
        database: "vt_t",
      },
      pick: (_, { signal }) => {
        starts++;
        return new Promise((_resolve, reject) => {
          const end = () => mayEnd.then(() => reject(signal.reason));
          signal.addEventListener("abort", end, { once: true });
        });
      },
      throttle: () => Promise.resolve(),
      settings: { vreplicationParallelTables: 1, vreplicationCopyPhaseDuration: 60_000 },
      clock: HOST_CLOCK,
      log: SILENT_LOG,
    }),
  );
  engine.setPrimary(true);
  const owned = scope.move();
  return {
    server,
    engine,
    get starts() {
      return starts;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

Deno.test("a stream goes on when a change of it comes to nothing", async () => {
  await using test = await startEngine();
  const { engine, server } = test;
  const id = await engine.createStream(STREAM, NEVER);
  await waitFor("the stream", () => test.starts === 1);

  // Whoever asks goes away in the midst of it.
  const gone = new AbortController();
  const change = engine.updateStream({ id, state: "Stopped" }, gone, () => {
    gone.abort();
    return true;
  });
  await rejects(change, { name: "AbortError" });
  await waitFor("the stream again", () => test.starts === 2);

  // mysqld refuses, also to say what there is to start, for a while.
  await server.root.query("RENAME TABLE _vt.vreplication TO _vt.away", NEVER);
  await rejects(engine.exec("UPDATE _vt.vreplication SET message = ''", NEVER), /_vt.vreplication/);
  await server.root.query("RENAME TABLE _vt.away TO _vt.vreplication", NEVER);
  await waitFor("the stream a third time", () => test.starts === 3);
  equal((await engine.readStreams("w", NEVER))[0]?.state, "Init");
});

const LOCK = "'vt_vreplication_1_3'";
const WAITING = "SELECT id FROM information_schema.processlist WHERE command = 'Query' AND " +
  "info LIKE 'SELECT GET_LOCK(''vt_vreplication_1_3'', 30)'";

for (const name of testServers()) {
  Deno.test(`a stream isn't said to stand while a session of it may commit (${name})`, async () => {
    await using test = await startEngine(name);
    const { engine, server: { root } } = test;
    const id = await engine.createStream(STREAM, NEVER);
    await waitFor("the stream", () => test.starts === 1);
    await root.session(async (session) => {
      // A writer of the stream, which its user can't end.
      await session.query(`SELECT GET_LOCK(${LOCK}, 0)`, NEVER);
      for (let i = 0; i < 2; i++) {
        let refused = false;
        const stopping = rejects(engine.updateStream({ id, state: "Stopped" }, NEVER))
          .finally(() => refused = true);
        await waitFor("the end of waiting", async () => {
          // Those of a stream that was aborted among them: they may be gone by then.
          const { rows } = await root.query(WAITING, NEVER);
          for (const [id] of rows) await root.query(`KILL QUERY ${id}`, NEVER).catch(() => {});
          return refused;
        });
        await stopping;
        equal((await engine.readStreams("w", NEVER))[0]?.state, "Init");
      }
      const stopped = engine.updateStream({ id, state: "Stopped" }, NEVER);
      await waitFor("it to wait", async () => (await root.query(WAITING, NEVER)).rows.length > 0);
      equal(await Promise.race([stopped, Promise.resolve("waits")]), "waits");
      await session.query(`SELECT RELEASE_LOCK(${LOCK})`, NEVER);
      equal((await stopped).state, "Stopped");
    }, NEVER);
  });
}

Deno.test("a stream runs on when its tablet steps down for a moment only", async () => {
  const mayEnd = Promise.withResolvers<void>();
  await using test = await startEngine("mariadb", mayEnd.promise);
  const { engine } = test;
  await engine.createStream(STREAM, NEVER);
  await waitFor("the stream", () => test.starts === 1);
  engine.setPrimary(false);
  engine.setPrimary(true);
  // Nothing begins while it ends.
  equal(test.starts, 1);
  mayEnd.resolve();
  await waitFor("the stream again", () => test.starts === 2);
});
