/** INSERT ... VALUES over shards: ids from a sequence, rows grouped by their keyspace ids. */
import { vtError } from "../../shared/error/errors.ts";
import { integerValue, type Value } from "../../shared/value/value.ts";
import { type Misfit, throughLimit } from "../../shared/vindex/column_limit.ts";
import { storedInput } from "../../shared/vindex/comparison.ts";
import type { Insert, InsertRow } from "../plan/plan.ts";
import type { Bindings } from "./bindings.ts";
import { runChanges } from "./dml.ts";
import { asksForId, checkGivenIds } from "./given_ids.ts";
import { insertInfo, okOf } from "./ok_sum.ts";
import { shardOfId } from "./routing.ts";
import type { ShardCall } from "./shards.ts";
import { bytesOf, renderPiece, renderPieces } from "./template.ts";
import type { Answer, ClientRows, World } from "./world.ts";

export async function runInsert(plan: Insert, world: World, client: ClientRows): Promise<Answer> {
  checkGivenIds(plan.givenIds, world.bindings);
  const generated = await generateIds(plan, world);
  const calls = shardCalls(plan, generated, world);
  const answer = await runChanges(calls, world, client);
  const first = generated.find((id) => id !== undefined);
  if (plan.generate === undefined && calls.length === 1) return answer;
  const ok = answer.kind === "ok"
    ? answer.ok
    : answer.kind === "passed"
    ? okOf(answer.terminal)
    : undefined;
  if (ok === undefined) return answer;
  const told = insertInfo(ok, plan.rows.length, calls.length === 1 ? plan.rows.length : 0);
  if (first !== undefined) return { kind: "ok", ok: { ...told, lastInsertId: first } };
  // The client is told an id that was given, but LAST_INSERT_ID() doesn't become it.
  const given = ok.affectedRows > 0n ? givenId(plan, world.bindings) : undefined;
  const lastInsertId = given ?? ok.lastInsertId;
  return { kind: "ok", ok: { ...told, lastInsertId }, givenId: given !== undefined };
}

/** The last row's own value of the generated column. */
function givenId(plan: Insert, bindings: Bindings): bigint | undefined {
  const from = plan.rows.at(-1)?.generated;
  const value = from === undefined ? undefined : bindings.value(from);
  return value?.type === "integer" ? BigInt.asUintN(64, BigInt(value.text)) : undefined;
}

/** An id for each row that asks for one, all reserved in one call. */
async function generateIds(plan: Insert, world: World): Promise<readonly (bigint | undefined)[]> {
  const { generate } = plan;
  if (generate === undefined) return plan.rows.map(() => undefined);
  const asks = plan.rows.map((row) => asksForId(row.generated, world.bindings));
  const count = asks.filter(Boolean).length;
  if (count === 0) return plan.rows.map(() => undefined);
  const { sequenceKeyspace, sequenceTable } = generate;
  let next = await world.shards.nextSequence(sequenceKeyspace, sequenceTable, count, world);
  return asks.map((asking) => asking ? next++ : undefined);
}

interface ShardRows {
  readonly shard: string;
  readonly rows: string[];
}

function shardCalls(
  plan: Insert,
  generated: readonly (bigint | undefined)[],
  world: World,
): readonly ShardCall[] {
  const groups = new Map<string, ShardRows>();
  for (const [index, row] of plan.rows.entries()) {
    const id = generated[index];
    const shard = shardOfRow(plan, index, id, world);
    const group = groups.get(shard) ?? { shard, rows: [] };
    groups.set(shard, group);
    group.rows.push(renderRow(row, id, world.bindings));
  }
  const prefix = renderPieces(plan.prefix, world.bindings, undefined);
  const suffix = renderPieces(plan.suffix, world.bindings, undefined);
  return [...groups.values()].map(({ shard, rows }) => ({
    keyspace: plan.keyspace,
    shard,
    sql: bytesOf(`${prefix} (${rows.join("), (")})${suffix === "" ? "" : ` ${suffix}`}`),
    parameters: undefined,
    tables: [plan.table],
  }));
}

function renderRow(row: InsertRow, id: bigint | undefined, bindings: Bindings): string {
  return row.pieces
    .map((piece, index) =>
      index === row.generatedPiece && id !== undefined
        ? String(id)
        : renderPiece(piece, bindings, undefined)
    )
    .join("");
}

function shardOfRow(plan: Insert, index: number, id: bigint | undefined, world: World): string {
  const shards = world.placement.shards(plan.keyspace);
  if (!plan.sharded || plan.vindex === undefined) {
    const [only] = shards;
    if (only === undefined) throw vtError("VT20005", plan.keyspace);
    return only.name;
  }
  const values = (plan.rows[index]?.vindexValues ?? []).map((from, column): Value => {
    const generates = id !== undefined && column === plan.generate?.vindexColumn;
    return generates ? integerValue(id) : world.bindings.value(from);
  });
  const vindex = world.placement.vindex(plan.keyspace, plan.vindex);
  const inputs = values.map((value, column) => placing(plan, index, column, value));
  const known = inputs.filter((input) => input !== undefined);
  const keyspaceId = known.length === inputs.length ? vindex.map(known) : undefined;
  if (keyspaceId === undefined) {
    throw vtError("VT09023", `[${values.map((value) => value.text || value.type).join(" ")}]`);
  }
  return shardOfId(plan.keyspace, shards, keyspaceId);
}

/**
 * The vindex's input: what the row will hold. A value that mysqld would have to change to store it
 * is refused, as a strict one does, also where it is told to be lenient.
 */
function placing(plan: Insert, index: number, column: number, value: Value): Value | undefined {
  const input = storedInput(plan.comparisons[column] ?? "unknown", value);
  if (input === undefined) return undefined;
  const kept = throughLimit(plan.limits[column], input);
  const name = plan.vindexColumns[column] ?? "";
  if (typeof kept === "string") throw misfit(kept, name, index + 1);
  if (plan.comparisons[column] === "padded" && kept.text.endsWith(" ")) {
    throw vtError(
      "VT12001",
      `blanks at the end of ${name} in row ${
        index + 1
      }: its collation takes the value for the same ` +
        "without them, which may lie on another shard; cut them",
    );
  }
  return kept;
}

function misfit(why: Misfit, column: string, row: number): Error {
  switch (why) {
    case "out_of_range":
      return vtError("ER_WARN_DATA_OUT_OF_RANGE", column, row);
    case "too_long":
      return vtError("ER_DATA_TOO_LONG", column, row);
    case "not_in_set":
      return vtError("ER_TRUNCATED_WRONG_VALUE_FOR_FIELD", column, row);
    case "unknown_set":
      return vtError(
        "VT12001",
        `a value beyond ASCII for ${column} in row ${row}, which places the row, in the column's ` +
          "character set; make the column utf8mb4",
      );
  }
}
