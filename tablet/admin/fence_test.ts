import assert from "node:assert/strict";
import { startTestMysqld } from "../../tests/harness/mysqld.ts";
import type { StatementRunner } from "../mysqld/dba.ts";
import { Fence } from "./fence.ts";

const NEVER = { signal: new AbortController().signal };
const REFUSED = { id: "VT22009" };
const done = () => Promise.resolve("done");

Deno.test("a fence lets nobody in whose lock has gone to another, also after a restart", async () => {
  await using mysqld = await startTestMysqld();
  await mysqld.root.query("create database if not exists _vt", NEVER);
  await mysqld.root.query(
    "create table if not exists _vt.shard_metadata (name varchar(255) not null, " +
      "value mediumblob not null, db_name varbinary(255) not null, primary key (db_name, name))",
    NEVER,
  );
  const fence = new Fence(mysqld.root, "vt_a");
  fence.setPrimary(true);
  assert.equal(await fence.run(undefined, done, NEVER), "done");
  assert.equal(await fence.run(9, done, NEVER), "done", "nobody has raised it yet");
  await fence.raise(10, NEVER);
  await assert.rejects(fence.run(9, done, NEVER), REFUSED);
  await assert.rejects(fence.raise(9, NEVER), REFUSED);
  assert.equal(await fence.run(100, done, NEVER), "done");

  // Who is at work when it is raised is waited for.
  const working = Promise.withResolvers<string>();
  const under = fence.run(100, () => working.promise, NEVER);
  const raised = fence.raise(101, NEVER);
  await assert.rejects(fence.run(100, done, NEVER), REFUSED);
  assert.equal(
    await Promise.race([raised.then(() => "raised"), Promise.resolve("waits")]),
    "waits",
  );
  working.resolve("worked");
  assert.equal(await under, "worked");
  await raised;

  const restarted = new Fence(mysqld.root, "vt_a");
  await assert.rejects(restarted.run(100, done, NEVER), REFUSED);
  assert.equal(await restarted.run(101, done, NEVER), "done");
  assert.equal(await new Fence(mysqld.root, "vt_b").run(1, done, NEVER), "done");

  // Another primary raised it while this tablet was a replica.
  await restarted.raise(200, NEVER);
  fence.setPrimary(false);
  await assert.rejects(fence.run(101, done, NEVER), REFUSED);

  // Another one raises it between two calls to a replica, or just before that becomes the primary.
  const replica = new Fence(mysqld.root, "vt_a");
  replica.setPrimary(false);
  assert.equal(await replica.run(200, done, NEVER), "done");
  await restarted.raise(300, NEVER);
  await assert.rejects(replica.run(200, done, NEVER), REFUSED);
  const promoted = new Fence(mysqld.root, "vt_a");
  promoted.setPrimary(false);
  assert.equal(await promoted.run(300, done, NEVER), "done");
  await restarted.raise(400, NEVER);
  promoted.setPrimary(true);
  await assert.rejects(promoted.run(300, done, NEVER), REFUSED);
});

Deno.test("what a replica read of a fence doesn't count for the primary that it becomes", async () => {
  const answers = [Promise.withResolvers<string>(), Promise.withResolvers<string>()] as const;
  let asked = 0;
  const sql: StatementRunner = {
    async query() {
      const value = await answers[asked++]?.promise;
      return { columns: ["value"], rows: [[value ?? ""]], affectedRows: 0, lastInsertId: "0" };
    },
  };
  const fence = new Fence(sql, "vt_a");
  const slow = fence.run(5, done, NEVER);
  fence.setPrimary(true);
  answers[0].resolve("5");
  assert.equal(await slow, "done");
  answers[1].resolve("6");
  await assert.rejects(fence.run(5, done, NEVER), REFUSED);
});
