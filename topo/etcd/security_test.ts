import assert from "node:assert/strict";
import { TOPO_FLAGS } from "../../shared/flags/common.ts";
import { parseFlags } from "../../shared/flags/parse.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import { Metrics } from "../../shared/host/metrics.ts";
import { type Etcd, startEtcd } from "../../tests/harness/etcd.ts";
import { tempDir } from "../../tests/harness/temp_dir.ts";
import { createCell, getCell } from "../cells.ts";
import { lockKeyspace } from "../locks.ts";
import { openTopology } from "../open.ts";
import type { Topology } from "../topology.ts";

async function open(etcd: Etcd, password: string, ...more: string[]): Promise<Topology> {
  await using folder = await tempDir("password");
  const file = `${folder.path}/password`;
  await Deno.writeTextFile(file, `${password}\n`);
  const argv = [`--topo-address=${etcd.url}`, "--topo-user=root", `--topo-password-file=${file}`];
  return await openTopology({
    flags: parseFlags(TOPO_FLAGS, [...argv, ...more]).values,
    log: SILENT_LOG,
  });
}

const CALL = { signal: new AbortController().signal };
const INFO = { serverAddress: "", root: "/vitess/example/local/zone1" };

Deno.test("openTopology() speaks TLS with a client certificate and logs in", async () => {
  await using etcd = await startEtcd({ tls: true, rootPassword: "secret" });
  const { ca = "", cert = "", key = "" } = etcd.tls ?? {};
  const tls = [`--topo-ca=${ca}`, `--topo-cert=${cert}`, `--topo-key=${key}`];
  await using topo = await open(etcd, "secret", ...tls);
  await createCell(topo, "zone1", INFO, CALL);
  assert.deepEqual(await getCell(topo, "zone1", CALL), INFO);
  await using lock = await lockKeyspace(topo, "customer", "test", CALL);
  lock.check();
  for await (const event of topo.global.watch("cells/", CALL)) {
    assert.equal(event.on, "snapshot");
    break;
  }
  await using wrong = await open(etcd, "wrong", ...tls);
  await assert.rejects(getCell(wrong, "zone1", CALL), {
    id: "VT21009",
    message: /topology refused the credentials: .*authentication failed/,
  });
  await using stranger = await open(etcd, "secret", `--topo-ca=${ca}`);
  await assert.rejects(getCell(stranger, "zone1", CALL), { id: "VT21005" });
  await using untrusting = await open(etcd, "secret", `--topo-cert=${cert}`, `--topo-key=${key}`);
  await assert.rejects(getCell(untrusting, "zone1", CALL), /VT21005: .*certificate/);
});

Deno.test("openTopology() logs in again when etcd has forgotten the token", async () => {
  await using etcd = await startEtcd({ rootPassword: "secret" });
  await using topo = await open(etcd, "secret");
  await createCell(topo, "zone1", INFO, CALL);
  const stop = new AbortController();
  const watch = topo.global.watch("cells/", stop)[Symbol.asyncIterator]();
  assert.equal((await watch.next()).value.on, "snapshot");
  // Simple tokens live in etcd's memory.
  await etcd.restart();
  assert.deepEqual(await getCell(topo, "zone1", CALL), INFO);
  await createCell(topo, "zone2", INFO, CALL);
  const told = await watch.next();
  assert.deepEqual([told.value.on, told.value.entry.path], ["put", "cells/zone2/CellInfo"]);
  stop.abort();
  assert.equal((await watch.next()).done, true);
});

Deno.test("openTopology() counts the calls to etcd", async () => {
  await using etcd = await startEtcd();
  const metrics = new Metrics();
  const { values: flags } = parseFlags(TOPO_FLAGS, [`--topo-address=${etcd.url}`]);
  await using topo = await openTopology({ flags, log: SILENT_LOG, metrics });
  await createCell(topo, "zone1", INFO, CALL);
  await etcd.kill();
  await assert.rejects(getCell(topo, "zone1", CALL), { id: "VT21005" });
  const text = metrics.render();
  assert.match(text, /^topology_operation_seconds_count\{operation="create"\} 1$/m);
  assert.match(text, /^topology_errors_total\{operation="get"\} 1$/m);
});

Deno.test("openTopology() takes a user also where etcd asks for none", async () => {
  await using etcd = await startEtcd();
  await using topo = await open(etcd, "secret");
  await createCell(topo, "zone1", INFO, CALL);
  assert.deepEqual(await getCell(topo, "zone1", CALL), INFO);
});

Deno.test("openTopology() opens a cell with an address of its own", async () => {
  await using etcd = await startEtcd();
  await using local = await startEtcd();
  await using topo = await open(etcd, "");
  const info = { serverAddress: local.address, root: "/vitess/example/local/zone1" };
  await createCell(topo, "zone1", info, CALL);
  const cell = await topo.cell("zone1", CALL);
  await cell.create("SrvVSchema", new TextEncoder().encode("{}"), CALL);
  assert.equal(
    await local.ctl("get", "", "--prefix"),
    "/vitess/example/local/zone1/SrvVSchema\n{}\n",
  );
  await assert.rejects(topo.cell("zone2", CALL), { id: "VT21001" });
});
