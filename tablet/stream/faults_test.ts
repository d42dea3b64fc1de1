/**
 * No event is lost or doubled: a writer counts what mysqld acknowledged, a sink applies what the
 * stream says as a target would, and meanwhile connections are cut and mysqld is killed.
 */
import { deepStrictEqual, ok } from "node:assert/strict";
import { join } from "node:path";
import { showRow } from "../../tests/harness/change_stream.ts";
import {
  type TestServer,
  testServerFiles,
  testServers,
  testTemplateFolder,
} from "../../tests/harness/mysqld.ts";
import { freePort } from "../../tests/harness/ports.ts";
import { tempDir } from "../../tests/harness/temp_dir.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import type { RowChange, StreamItem } from "../../shared/binlog/change.ts";
import { prepareFolder } from "../mysqld/data_dir.ts";
import { Dba } from "../mysqld/dba.ts";
import { type MysqldProcess, startMysqld } from "../mysqld/process.ts";
import { streamChanges } from "./change_stream.ts";

const NEVER = { signal: new AbortController().signal };
const LARGE_EVERY = 40;

/** A table as the stream builds it up; a transaction counts when it is complete. */
class Target {
  readonly rows = new Map<string, string>();
  position = "";
  abandoned = 0;
  #open: RowChange[] = [];

  apply(items: readonly StreamItem[]): void {
    for (const item of items) {
      if (item.kind === "abandoned") {
        this.abandoned++;
        this.#open = [];
      } else if (item.kind === "transaction") {
        this.#open.push(...item.changes);
        if (!item.complete) continue;
        for (const change of this.#open) this.#change(change);
        this.#open = [];
        this.position = item.position;
      }
    }
  }

  #change(change: RowChange): void {
    const before = "before" in change ? showRow(change.before) : undefined;
    const after = "after" in change ? showRow(change.after) : undefined;
    if (before !== undefined) {
      const [id, n] = before;
      ok(
        this.rows.get(id ?? "") === n,
        `${change.kind} of ${id},${n} finds ${this.rows.get(id ?? "")}`,
      );
      this.rows.delete(id ?? "");
    }
    if (after !== undefined) {
      const [id, n] = after;
      ok(!this.rows.has(id ?? ""), `${change.kind} of ${id} comes twice`);
      this.rows.set(id ?? "", n ?? "");
    }
  }
}

async function serverIn(folder: string, server: TestServer) {
  const choice = { ...testServerFiles(server), templateFolder: testTemplateFolder() };
  const prepared = await prepareFolder(folder, choice, {
    uid: 1 + (Deno.pid % 100_000),
    port: freePort(),
    bindAddress: "127.0.0.1",
    extraLines: ["innodb_fast_shutdown=1"],
    bufferPoolMb: 32,
    connectionsMax: 100,
  }, NEVER);
  const root = new Dba({
    address: { socketPath: prepared.paths.socket },
    user: "root",
    password: "",
  });
  return { prepared, root };
}

for (const flavor of testServers()) {
  Deno.test(`kills and cut connections lose and double nothing: ${flavor}`, async () => {
    await using folder = await tempDir("vt-stream");
    const { prepared, root } = await serverIn(join(folder.path, "m"), flavor);
    let mysqld: MysqldProcess = await startMysqld(prepared.server, prepared.paths, NEVER);
    const stop = new AbortController();
    const failures: unknown[] = [];
    try {
      const writable = async () => {
        for (const statement of prepared.flavor.modes.setReadOnly(false)) {
          await root.query(statement, NEVER);
        }
      };
      await writable();
      await root.query("CREATE DATABASE vt_t", NEVER);
      await root.query("CREATE TABLE vt_t.w (id int primary key auto_increment, n int)", NEVER);
      const { rows: [first] } = await root.query(prepared.flavor.positions.readSql, NEVER);
      const prefix = flavor === "mysql" ? "MySQL56/" : "MariaDB/";
      const target = new Target();
      const streaming = streamChanges({
        login: { address: { socketPath: prepared.paths.socket }, user: "root", password: "" },
        database: "vt_t",
        position: prefix + (first?.[0] ?? "").replace(/\s/g, ""),
        heartbeatMs: 200,
      }, async (items) => {
        target.apply(items);
        // A sink that does something: reading must wait for it.
        await Promise.resolve();
      }, { signal: stop.signal }).catch((error) => {
        if (!stop.signal.aborted) failures.push(error);
      });
      let acknowledged = 0;
      let done = false;
      const writing = (async () => {
        for (let i = 0; !done && !stop.signal.aborted; i++) {
          const sql = i % LARGE_EVERY === LARGE_EVERY - 1
            ? "UPDATE vt_t.w SET n = n + 1"
            : i % 5 === 4
            ? "DELETE FROM vt_t.w ORDER BY id LIMIT 1"
            : "INSERT INTO vt_t.w (n) VALUES (1), (2), (3)";
          try {
            await root.query(sql, NEVER);
            acknowledged++;
          } catch {
            // mysqld is away: its answer is unknown, the comparison below counts what is there.
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }
      })();
      for (let round = 0; round < 3; round++) {
        const before = acknowledged;
        await waitFor("writes", () => acknowledged > before + 60);
        const dumps = await root.query(
          "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'",
          NEVER,
        );
        for (const [id] of dumps.rows) await root.query(`KILL ${id}`, NEVER);
        await waitFor("writes", () => acknowledged > before + 120);
        Deno.kill(mysqld.pid, "SIGKILL");
        await mysqld.exited;
        mysqld = await startMysqld(prepared.server, prepared.paths, NEVER);
        await writable();
      }
      await waitFor("writes", () => acknowledged > 400);
      done = true;
      await writing;
      const table = (await root.query("SELECT id, n FROM vt_t.w ORDER BY id", NEVER)).rows
        .map((row) => row.join(","));
      const streamed = () =>
        [...target.rows].sort(([a], [b]) => Number(a) - Number(b)).map((row) => row.join(","));
      await waitFor(
        "the stream to catch up",
        () => failures.length > 0 || streamed().join() === table.join(),
      );
      deepStrictEqual(failures, []);
      ok(table.length > 100);
      stop.abort();
      await streaming;
    } finally {
      stop.abort();
      await root[Symbol.asyncDispose]();
      Deno.kill(mysqld.pid, "SIGKILL");
      await mysqld.exited;
      prepared[Symbol.dispose]();
    }
  });
}
