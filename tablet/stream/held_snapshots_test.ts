import { join } from "node:path";
import { deepStrictEqual, rejects } from "node:assert/strict";
import { loginOf } from "../../tests/harness/change_stream.ts";
import { startTestMysqld, type TestMysqld, testServers } from "../../tests/harness/mysqld.ts";
import { tempDir } from "../../tests/harness/temp_dir.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import type { OpenSnapshot } from "../../shared/rpc/stream_service.ts";
import { HeldSnapshots, SNAPSHOTS_MAX } from "./held_snapshots.ts";

const NEVER = { signal: new AbortController().signal };
const TABLES = { database: "vt_t", tables: ["t"] };
const STALL_MS = 400;

async function start(server: "mariadb" | "mysql"): Promise<TestMysqld> {
  const mysqld = await startTestMysqld({ server, users: false });
  await mysqld.root.query("CREATE DATABASE vt_t", NEVER);
  await mysqld.root.query("CREATE TABLE vt_t.t (id int primary key)", NEVER);
  return mysqld;
}

/** Opens a snapshot, which is let go at the end of the scope. */
async function hold(
  snapshots: HeldSnapshots,
): Promise<AsyncDisposable & { readonly id: string }> {
  const stop = new AbortController();
  const opened = Promise.withResolvers<OpenSnapshot>();
  const holding = snapshots.hold(TABLES, 1, opened.resolve, { signal: stop.signal });
  void holding.catch(opened.reject);
  const { id } = await opened.promise;
  return {
    id,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await rejects(holding, { name: "AbortError" });
    },
  };
}

/** Resolves when all threads of the process stand still. */
async function stop(pid: number): Promise<void> {
  Deno.kill(pid, "SIGSTOP");
  await waitFor("the process to stop", async () => {
    for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
      const status = await Deno.readTextFile(`/proc/${pid}/task/${name}/status`);
      if (!/^State:\tT/m.test(status)) return false;
    }
    return true;
  });
}

for (const flavor of testServers()) {
  Deno.test(`a reader of a snapshot is for one at a time, and sees what was there: ${flavor}`, async () => {
    await using server = await start(flavor);
    const snapshots = new HeldSnapshots(loginOf(server));
    await using snapshot = await hold(snapshots);
    await server.root.query("INSERT INTO vt_t.t VALUES (1)", NEVER);
    const count = () =>
      snapshots.use(snapshot.id, async (connection) => {
        await rejects(snapshots.use(snapshot.id, () => Promise.resolve(), NEVER), {
          id: "VT26009",
        });
        return (await connection.fetchRows("SELECT COUNT(*) FROM vt_t.t", NEVER)).rows;
      }, NEVER);
    deepStrictEqual(await count(), [["0"]]);
    // What the read has locked is let go.
    await server.root.session(async (session) => {
      await session.query("SET SESSION lock_wait_timeout = 1", NEVER);
      await session.query("ALTER TABLE vt_t.t ADD COLUMN v int", NEVER);
    }, NEVER);
    await rejects(snapshots.use("gone", () => Promise.resolve(), NEVER), { id: "VT26009" });
  });

  Deno.test(`who may not leave the binlog out reads a snapshot, too: ${flavor}`, async () => {
    await using server = await start(flavor);
    await server.root.query("CREATE USER 'reader'@'localhost'", NEVER);
    await server.root.query("GRANT SELECT, LOCK TABLES ON vt_t.* TO 'reader'@'localhost'", NEVER);
    const snapshots = new HeldSnapshots({ ...loginOf(server), user: "reader" });
    await using snapshot = await hold(snapshots);
    const rows = await snapshots.use(
      snapshot.id,
      async (connection) => (await connection.fetchRows("SELECT * FROM vt_t.t", NEVER)).rows,
      NEVER,
    );
    deepStrictEqual(rows, []);
  });

  Deno.test(`a server that hangs while it opens or lets go of a snapshot is given up: ${flavor}`, async () => {
    await using server = await start(flavor);
    const snapshots = new HeldSnapshots(loginOf(server), STALL_MS);
    await using snapshot = await hold(snapshots);
    const limited = { signal: AbortSignal.timeout(10_000) };
    try {
      const using = snapshots.use(snapshot.id, () => stop(server.pid), limited);
      await rejects(using, { id: "VT26006" });
      await rejects(snapshots.hold(TABLES, 2, () => {}, limited), { id: "VT26006" });
    } finally {
      Deno.kill(server.pid, "SIGCONT");
    }
  });
}

Deno.test("snapshots that are being opened count, and make room when they end", async () => {
  // Nobody answers there, and nobody refuses.
  await using folder = await tempDir("held");
  const path = join(folder.path, "silent.sock");
  using _listener = Deno.listen({ transport: "unix", path });
  const snapshots = new HeldSnapshots({
    address: { socketPath: path },
    user: "root",
    password: "",
  });
  const open = (signal: AbortSignal) => snapshots.hold(TABLES, 1, () => {}, { signal });
  const first = new AbortController();
  const others = new AbortController();
  const opening = [
    open(first.signal),
    ...Array.from({ length: SNAPSHOTS_MAX - 1 }, () => open(others.signal)),
  ].map((one) => rejects(one, { name: "AbortError" }));
  await rejects(open(AbortSignal.timeout(5000)), { id: "VT20008" });
  first.abort();
  await opening[0];
  opening.push(rejects(open(others.signal), { name: "AbortError" }));
  others.abort();
  await Promise.all(opening);
});
