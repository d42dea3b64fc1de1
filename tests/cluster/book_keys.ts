/** Whether the guestbook's tables are what they were: a copy may go without keys, but not end so. */
import assert from "node:assert/strict";
import { waitFor } from "../harness/wait.ts";
import type { LocalCluster } from "./local_cluster.ts";
import { type Ask, onServer, type ShardServer, shardServers } from "./shard_server.ts";
import type { Place } from "./workflow_case.ts";

/** Table -> SHOW CREATE TABLE without its AUTO_INCREMENT. */
export type Definitions = Readonly<Record<string, string>>;

const TABLES = ["customer", "corder"] as const;

/** Of the place's first shard. */
export async function readDefinitions(cluster: LocalCluster, place: Place): Promise<Definitions> {
  const [server] = await shardServers(cluster, place);
  if (server === undefined) throw new TypeError(`${place.keyspace} has no shards`);
  const definitions = await onServer(server, definitionsOn);
  for (const [table, definition] of Object.entries(definitions)) {
    assert.match(definition, /^ {2}KEY `/m, `${table} has secondary keys`);
  }
  return definitions;
}

async function definitionsOn(ask: Ask): Promise<Definitions> {
  const definitions: Record<string, string> = {};
  for (const table of TABLES) {
    const [row] = await ask(`SHOW CREATE TABLE ${table}`);
    definitions[table] = (row?.[1] ?? "").replace(/ AUTO_INCREMENT=\d+/, "");
  }
  return definitions;
}

/** Each shard's server has the tables as they were, and no key of anybody is still to be built. */
export async function checkKeys(
  cluster: LocalCluster,
  place: Place,
  wanted: Definitions,
): Promise<void> {
  for (const server of await shardServers(cluster, place)) {
    const found = await waitFor(server.shard, () => onServer(server, definitionsOn));
    assert.deepEqual(found, wanted, `tables of ${server.shard}`);
    await untilNoneNoted(server);
  }
}

/** Tables of a cancelled workflow are gone, and so is what was noted about them. */
export async function checkGone(cluster: LocalCluster, place: Place): Promise<void> {
  for (const server of await shardServers(cluster, place)) {
    const tables = await waitFor(
      server.shard,
      () => onServer(server, (ask) => ask("SHOW TABLES LIKE 'c%er'")),
    );
    assert.deepEqual(tables, [], `tables of ${server.shard}`);
    await untilNoneNoted(server);
  }
}

/** What a deleted stream has noted is settled in the background. */
async function untilNoneNoted(server: ShardServer): Promise<void> {
  await waitFor(`no keys of ${server.shard} to be built any more`, async () => {
    const noted = await onServer(
      server,
      (ask) => ask("SELECT vrepl_id, table_name, action FROM _vt.post_copy_action"),
    );
    assert.deepEqual(noted, []);
    return true;
  });
}
