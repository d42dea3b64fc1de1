/** UPDATE, DELETE and INSERTs that go through whole: counts of the shards are added. */
import type { Ddl, Dml } from "../plan/plan.ts";
import { checkGivenIds } from "./given_ids.ts";
import { okOf, sumOks } from "./ok_sum.ts";
import { ResultReader } from "./result_reader.ts";
import { keepsParameters, renderQuery } from "./route.ts";
import { resolveRouting } from "./routing.ts";
import { runAll } from "./scatter.ts";
import type { ShardCall } from "./shards.ts";
import { vtError } from "../../shared/error/errors.ts";
import type { Answer, ClientRows, World } from "./world.ts";

export async function runDml(plan: Dml, world: World, client: ClientRows): Promise<Answer> {
  checkGivenIds(plan.givenIds, world.bindings);
  const binary = keepsParameters(plan.query, world);
  const resolved = resolveRouting(plan.routing, world.bindings, world.placement);
  const calls = resolved.map(({ shard, list }): ShardCall => ({
    keyspace: plan.routing.keyspace,
    shard,
    sql: renderQuery(plan.query, world.bindings, list, binary),
    parameters: binary ? world.parameters : undefined,
    tables: plan.tables,
  }));
  return await runChanges(calls, world, client);
}

/** Runs statements that answer with OK: one as it is, several so that all are done or none. */
export async function runChanges(
  calls: readonly ShardCall[],
  world: World,
  client: ClientRows,
): Promise<Answer> {
  const [only] = calls;
  if (only === undefined) throw new TypeError("A change of no shard");
  if (calls.length === 1) {
    // RETURNING (MariaDB) has rows: they pass through like any others.
    const sink = client.passThrough ?? refuseRows;
    return { kind: "passed", terminal: await world.shards.execute(only, sink, world) };
  }
  const terminals = await world.atomically(
    calls,
    () =>
      runAll(
        calls,
        { signal: world.signal, cancelOthers: false },
        (call, signal) => world.shards.execute(call, refuseRows, { signal }),
      ),
  );
  return { kind: "ok", ok: sumOks(terminals.map(okOf)) };
}

/** Rows where OK was due: RETURNING on several shards. */
function refuseRows(): never {
  throw vtError("VT12001", "rows from a change of several shards");
}

/** DDL goes to all shards of the keyspace, one after the other: the first error stops it. */
export async function runDdl(plan: Ddl, world: World): Promise<Answer> {
  const shards = world.placement.shards(plan.keyspace);
  const sql = renderQuery(plan.query, world.bindings, undefined, false);
  const terminals: Uint8Array[] = [];
  for (const { name } of shards) {
    const call = {
      keyspace: plan.keyspace,
      shard: name,
      sql,
      parameters: undefined,
      tables: plan.tables,
    };
    // DDL such as ANALYZE answers with rows, which every shard has alike: OK stands for them.
    const reader = new ResultReader({ onColumns: () => {}, onRows: () => {} }, world);
    try {
      terminals.push(await world.shards.execute(call, reader.sink, world));
    } catch (error) {
      throw partlyDone(error, shards.map((shard) => shard.name), terminals.length);
    }
  }
  return { kind: "ok", ok: sumOks(terminals.filter(isOk).map(okOf)) };
}

function isOk(terminal: Uint8Array): boolean {
  return terminal[4] === 0;
}

/** The error of one shard, and on which shards the change is made already. */
function partlyDone(error: unknown, shards: readonly string[], done: number): unknown {
  if (done === 0 || !(error instanceof Error)) return error;
  const text = `${error.message} (on shard ${shards[done] ?? ""}; done on ${
    shards.slice(0, done).join(", ")
  }; not yet on ${shards.slice(done + 1).join(", ") || "no other"})`;
  error.message = text;
  return error;
}
