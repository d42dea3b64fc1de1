/** Runs a plan: one file a primitive, this one chooses. */
import { vtError } from "../../shared/error/errors.ts";
import { unreachable } from "../../shared/error/unreachable.ts";
import { encodeColumnDefinition } from "../../shared/mysql/column_definition.ts";
import {
  MYSQL_TYPE_LONGLONG,
  NOT_NULL_FLAG,
  NUM_FLAG,
  UNSIGNED_FLAG,
} from "../../shared/mysql/column_types.ts";
import { encodeFrames } from "../../shared/mysql/frame.ts";
import { encodeTextRow } from "../../shared/mysql/text_row.ts";
import type { Limit, NextSequence, PlanValue, Primitive, ScalarAggregate } from "../plan/plan.ts";
import { BinaryRowsOutput } from "./binary_rows.ts";
import { runDdl, runDml } from "./dml.ts";
import { runInsert } from "./insert.ts";
import { LimitOutput } from "./limit.ts";
import { runRoute } from "./route.ts";
import type { RowOutput } from "./rows.ts";
import { ScalarAggregateOutput } from "./scalar_aggregate.ts";
import { bytesOf } from "./template.ts";
import type { Answer, ClientRows, World } from "./world.ts";

export async function runPlan(root: Primitive, world: World, client: ClientRows): Promise<Answer> {
  switch (root.op) {
    case "Route":
      return await runRoute(root, world, { rows: client, client, text: false });
    case "Limit":
      return await runLimit(root, world, client);
    case "Aggregate":
      return await runAggregate(root, world, client);
    case "Update":
    case "Delete":
      return await runDml(root, world, client);
    case "Insert":
      return "query" in root
        ? await runDml(root, world, client)
        : await runInsert(root, world, client);
    case "NextSequence":
      return await runNextSequence(root, world, client);
    case "Ddl":
      return await runDdl(root, world);
    default:
      return unreachable(root);
  }
}

/** A primitive that answers with rows, below another. */
async function runInput(input: Primitive, world: World, rows: RowOutput): Promise<Answer> {
  switch (input.op) {
    case "Route":
      return await runRoute(input, world, { rows, client: undefined, text: false });
    case "Limit":
      return await runLimit(input, world, rows);
    case "Aggregate":
      return await runAggregate(input, world, rows);
    default:
      throw vtError("VT13001", `${input.op} below another primitive`);
  }
}

async function runLimit(plan: Limit, world: World, rows: RowOutput): Promise<Answer> {
  const limit = {
    offset: plan.offset === undefined ? 0 : rowCount(world, plan.offset),
    count: plan.count === undefined ? Infinity : rowCount(world, plan.count),
  };
  return await runInput(plan.input, world, new LimitOutput(rows, limit));
}

/** Counts beyond 2^53 are as good as infinite. */
function rowCount(world: World, from: PlanValue): number {
  const { type, text } = world.bindings.value(from);
  const count = Number(text);
  if ((type !== "integer" && !Number.isInteger(count)) || count < 0) {
    throw vtError("VT03025", "LIMIT");
  }
  return count;
}

async function runAggregate(
  plan: ScalarAggregate,
  world: World,
  rows: RowOutput,
): Promise<Answer> {
  const encoded = world.parameters === undefined ? rows : new BinaryRowsOutput(rows);
  const aggregate = new ScalarAggregateOutput(encoded, plan);
  const output = { rows: aggregate, client: undefined, text: true };
  const answer = await runRoute(plan.input, world, output);
  await aggregate.finish();
  return answer;
}

const BINARY_COLLATION = 63;

async function runNextSequence(
  plan: NextSequence,
  world: World,
  rows: RowOutput,
): Promise<Answer> {
  const count = rowCount(world, plan.count);
  if (count < 1) throw vtError("VT03025", "NEXT");
  const first = await world.shards.nextSequence(plan.keyspace, plan.table, count, world);
  const encoded = world.parameters === undefined ? rows : new BinaryRowsOutput(rows);
  encoded.columns([encodeColumnDefinition({
    schema: plan.keyspace,
    table: plan.table,
    originalTable: plan.table,
    name: "nextval",
    originalName: "nextval",
    collation: BINARY_COLLATION,
    columnLength: 20,
    type: MYSQL_TYPE_LONGLONG,
    flags: NOT_NULL_FLAG | UNSIGNED_FLAG | NUM_FLAG,
    decimals: 0,
  })]);
  await encoded.rows(encodeFrames(encodeTextRow([bytesOf(String(first))]), 0));
  return { kind: "rows", warnings: 0 };
}
