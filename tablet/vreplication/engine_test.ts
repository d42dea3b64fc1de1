import { equal, rejects } from "node:assert/strict";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import type { NewStream } from "../../shared/rpc/vreplication.ts";
import { startTestMysqld } from "../../tests/harness/mysqld.ts";
import { waitFor } from "../../tests/harness/wait.ts";
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
  options: "",
};

Deno.test("a stream goes on when a change of it comes to nothing", async () => {
  await using server = await startTestMysqld({ users: false });
  await ensureDatabases(
    { dba: server.root, flavor: server.flavor },
    { keyspace: "vt_t", sidecar: "_vt" },
    NEVER,
  );
  const login = {
    address: { socketPath: server.socketPath },
    user: "root",
    password: "",
    database: "vt_t",
  };
  let starts = 0;
  await using engine = new VReplicationEngine({
    login,
    pick: (_, { signal }) => {
      starts++;
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    },
    throttle: () => Promise.resolve(),
    settings: { vreplicationParallelTables: 1, vreplicationCopyPhaseDuration: 60_000 },
    clock: HOST_CLOCK,
    log: SILENT_LOG,
  });
  engine.setPrimary(true);
  const id = await engine.createStream(STREAM, NEVER);
  await waitFor("the stream", () => starts === 1);

  // Whoever asks goes away in the midst of it.
  const gone = new AbortController();
  const change = engine.updateStream({ id, state: "Stopped" }, gone, () => {
    gone.abort();
    return true;
  });
  await rejects(change, { name: "AbortError" });
  await waitFor("the stream again", () => starts === 2);

  // mysqld refuses, also to say what there is to start, for a while.
  await server.root.query("RENAME TABLE _vt.vreplication TO _vt.away", NEVER);
  await rejects(engine.exec("UPDATE _vt.vreplication SET message = ''", NEVER), /_vt.vreplication/);
  await server.root.query("RENAME TABLE _vt.away TO _vt.vreplication", NEVER);
  await waitFor("the stream a third time", () => starts === 3);
  equal((await engine.readStreams("w", NEVER))[0]?.state, "Init");
});
