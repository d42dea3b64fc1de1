/** Waits for moments of a copy. */
import { BUILDING_KEYS } from "../../shared/rpc/vreplication.ts";
import { Missed } from "./command_loop.ts";
import type { LocalCluster } from "./local_cluster.ts";
import { type Ask, onServer, shardServers } from "./shard_server.ts";
import type { WorkflowCase } from "./workflow_case.ts";

const LOOK_MS = 50;
/** Keys of a quarter of the rows are built in some tens of milliseconds. */
const LOOK_FOR_KEYS_MS = 2;
const COPY_MS_MAX = 120_000;

/** Until so many rows are copied. Missed when all were before they were looked at. */
export async function untilCopied(
  cluster: LocalCluster,
  workflowCase: WorkflowCase,
  rows: number,
): Promise<void> {
  const deadline = performance.now() + COPY_MS_MAX;
  for (;;) {
    const { workflows } = JSON.parse(
      await cluster.vtctl(...workflowCase.action("show")),
    ) as ShownWorkflows;
    const streams = workflows.flatMap(({ shard_streams }) =>
      Object.values(shard_streams).flatMap((shard) => shard.streams)
    );
    const copied = streams.reduce((all, stream) => all + Number(stream.rows_copied), 0);
    if (streams.every(({ copy_states, state }) => copy_states.length === 0 && state !== "Init")) {
      if (copied > 0) throw new Missed(`${copied} rows were copied before they were looked at`);
    }
    if (copied >= rows) return;
    if (performance.now() > deadline) throw new Error(`only ${copied} rows were copied`);
    await pause(LOOK_MS);
  }
}

interface ShownWorkflows {
  readonly workflows: readonly {
    readonly shard_streams: Readonly<
      Record<string, {
        readonly streams: readonly {
          readonly state: string;
          readonly rows_copied: string;
          readonly copy_states: readonly unknown[];
        }[];
      }>
    >;
  }[];
}

/**
 * Until a stream into the target's first shard has said that it builds secondary keys, and its
 * server is at it. Missed when the copy is through without that.
 */
export async function untilKeysAreBuilt(
  cluster: LocalCluster,
  { target, workflow }: WorkflowCase,
): Promise<void> {
  const [server] = await shardServers(cluster, target);
  if (server === undefined) throw new TypeError(`${workflow} has no target`);
  await onServer(server, async (ask) => {
    const deadline = performance.now() + COPY_MS_MAX;
    while (!await isBuilding(ask, workflow)) {
      if (performance.now() > deadline) throw new Error("no keys were built, nor was it over");
      await pause(LOOK_FOR_KEYS_MS);
    }
  });
}

async function isBuilding(ask: Ask, workflow: string): Promise<boolean> {
  const streams = await ask(
    "SELECT message, pos <> '' AND NOT EXISTS " +
      "(SELECT 1 FROM _vt.copy_state AS copying WHERE copying.vrepl_id = stream.id) " +
      "FROM _vt.vreplication AS stream WHERE workflow = ?",
    [workflow],
  );
  if (streams.every(([, isOver]) => isOver === "1")) throw new Missed("no keys were being built");
  if (!streams.some(([message]) => message?.startsWith(BUILDING_KEYS))) return false;
  const altering = await ask(
    "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'ALTER TABLE%ADD KEY%' " +
      "AND id <> CONNECTION_ID()",
  );
  return altering.length > 0;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
