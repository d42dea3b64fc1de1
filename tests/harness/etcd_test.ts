import assert from "node:assert/strict";
import { startEtcd } from "./etcd.ts";
import { waitFor } from "./wait.ts";

Deno.test("startEtcd() keeps its data over a kill and answers again after a pause", async () => {
  await using etcd = await startEtcd();
  await etcd.ctl("put", "a", "1");
  await etcd.restart();
  assert.equal(await etcd.ctl("get", "a", "--print-value-only"), "1\n");
  await etcd.pause();
  await assert.rejects(etcd.ctl("--command-timeout=200ms", "get", "a"));
  etcd.resume();
  await waitFor("etcd to answer", async () => await etcd.ctl("get", "a") === "a\n1\n");
});

Deno.test("startEtcd() serves TLS and asks for a password", async () => {
  await using etcd = await startEtcd({ tls: true, rootPassword: "secret" });
  await assert.rejects(etcd.ctl("get", "a"), /user name is empty|permission denied/);
  await etcd.ctl("--user=root:secret", "put", "a", "1");
});
