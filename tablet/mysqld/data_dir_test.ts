import assert from "node:assert/strict";
import { freePort } from "../../tests/harness/ports.ts";
import {
  type TestServer,
  testServerFiles,
  testServers,
  testTemplateFolder,
  whyNoMysql,
} from "../../tests/harness/mysqld.ts";
import { tempDir } from "../../tests/harness/temp_dir.ts";
import { type PreparedFolder, prepareFolder } from "./data_dir.ts";
import { Dba } from "./dba.ts";
import { runInitDbSql } from "./init_db.ts";
import { adoptMysqld, startMysqld } from "./process.ts";
import { exists } from "./template.ts";

const { signal } = new AbortController();

function prepare(
  folder: string,
  server: TestServer,
  more: { readonly templateFolder?: string; readonly uid?: number; readonly line?: string } = {},
): Promise<PreparedFolder> {
  const choice = {
    ...testServerFiles(server),
    templateFolder: more.templateFolder ?? testTemplateFolder(),
  };
  return prepareFolder(folder, choice, {
    uid: more.uid ?? 100,
    port: freePort(),
    bindAddress: "127.0.0.1",
    extraLines: more.line === undefined ? [] : [more.line],
    bufferPoolMb: 32,
    connectionsMax: 50,
  }, { signal });
}

function onEach(name: string, run: (server: TestServer) => Promise<void>): void {
  for (const server of testServers()) Deno.test(`${name} (${server})`, () => run(server));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await Array.fromAsync(Deno.readDir(folder), (entry) => entry.name);
  return names.sort();
}

onEach("an init SQL file that fails leaves data that is made anew", async (server) => {
  await using dir = await tempDir("data_dir");
  {
    using folder = await prepare(dir.path, server);
    const mysqld = await startMysqld(folder.server, folder.paths, { signal });
    await using root = new Dba({
      address: { socketPath: folder.paths.socket },
      user: "root",
      password: "",
    });
    const init = { name: "init_db.sql", text: "CREATE DATABASE half; RESET NONSENSE; SELECT 1" };
    const failed = runInitDbSql({ dba: root, flavor: folder.flavor }, init, { signal });
    await assert.rejects(failed, /VT20032: init_db.sql: statement 2 failed/);
    await mysqld.stop();
    assert.equal(await exists(`${folder.paths.dataDir}/half`), true);
  }
  using again = await prepare(dir.path, server);
  assert.equal(again.fresh, true);
  assert.equal(await exists(`${again.paths.dataDir}/half`), false);
  await again.finish();
  again[Symbol.dispose]();
  using kept = await prepare(dir.path, server);
  assert.equal(kept.fresh, false);
});

onEach("a folder has one owner at a time", async (server) => {
  await using dir = await tempDir("data_dir");
  using _first = await prepare(dir.path, server);
  await assert.rejects(prepare(dir.path, server), /VT22002: .* belongs to a tablet that runs/);
});

onEach("a server that can't start says why", async (server) => {
  await using dir = await tempDir("data_dir");
  using folder = await prepare(dir.path, server, { line: "no_such_variable = 1" });
  const failed = startMysqld(folder.server, folder.paths, { signal });
  await assert.rejects(failed, /VT20031: mysqld did not start: .*no_such_variable.*error\.log/);
});

onEach("a long path, and blanks in it, do no harm", async (server) => {
  await using dir = await tempDir("data_dir");
  // A MySQL that was moved is started by a shell script, which may not bear blanks.
  const blank = server === "mariadb" ? " " : "_";
  const path = `${dir.path}/${`long${blank}folder${blank}`.repeat(9)}x`;
  using folder = await prepare(path, server);
  const mysqld = await startMysqld(folder.server, folder.paths, { signal });
  const adopted = await adoptMysqld(folder.paths, { signal });
  assert.equal(adopted?.pid, mysqld.pid);
  await adopted?.stop();
  await mysqld.exited;
  assert.equal(await adoptMysqld(folder.paths, { signal }), undefined);
  await Deno.remove(folder.paths.socket.replace(/\/mysql\.sock$/, ""), { recursive: true });
});

onEach("templates are made once, whoever comes first and whatever was left", async (server) => {
  await using dir = await tempDir("data_dir");
  const templateFolder = `${dir.path}/templates`;
  (await prepare(`${dir.path}/0`, server, { templateFolder }))[Symbol.dispose]();
  const names = await namesIn(templateFolder);
  const name = names.find((entry) => !entry.endsWith(".lock")) ?? "";
  // What a maker that was killed leaves behind.
  await Deno.rename(`${templateFolder}/${name}`, `${templateFolder}/${name}.tmp`);
  const folders = await Promise.all(
    [1, 2, 3].map((uid) => prepare(`${dir.path}/${uid}`, server, { templateFolder, uid })),
  );
  for (const folder of folders) folder[Symbol.dispose]();
  assert.deepEqual(await namesIn(templateFolder), [name, `${name}.lock`]);
});

Deno.test({
  name: "data of the other flavor is refused",
  ignore: whyNoMysql() !== undefined,
  fn: async () => {
    await using dir = await tempDir("data_dir");
    const made = await prepare(dir.path, "mysql");
    await made.finish();
    made[Symbol.dispose]();
    const refused = prepare(dir.path, "mariadb");
    await assert.rejects(refused, /VT22002: .* holds data of mysql, but the server is mariadb/);
  },
});

Deno.test("a uid that is no server id is refused", async () => {
  await using dir = await tempDir("data_dir");
  await assert.rejects(prepare(dir.path, "mariadb", { uid: 0 }), /VT22001: tablet uid 0/);
});
