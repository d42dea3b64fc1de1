/** EXPLAIN and DESCRIBE, which a shard answers, and VEXPLAIN, which the gate does. */
import { vtError } from "../../shared/error/errors.ts";
import { latin1Text } from "../../shared/mysql/binary_value.ts";
import { decodeText } from "../../shared/sql/names.ts";
import { quoteString } from "../../shared/sql/print.ts";
import type { DescribeTable, Explain, VExplain } from "../../shared/sql/ast_statement.ts";
import type { Span } from "../../shared/sql/ast.ts";
import { bytesOf, renderPiece, renderPieces } from "../engine/template.ts";
import { ResultReader } from "../engine/result_reader.ts";
import { resolveRouting } from "../engine/routing.ts";
import type { Plan, QueryPiece } from "../plan/plan.ts";
import { planJson } from "../show/plan_json.ts";
import { madeStatement, type StatementText } from "./statement_text.ts";
import { CapturedRows } from "./captured_rows.ts";
import type { LocalRun } from "./local_run.ts";
import { placementOf } from "./plan_runner.ts";
import { textColumns } from "./row_set.ts";

/** DESCRIBE t is SHOW COLUMNS FROM t. */
export async function runDescribe(statement: DescribeTable, run: LocalRun): Promise<void> {
  const { sql } = run.text;
  const table = sql.slice(statement.table.start, statement.table.end);
  const { column } = statement;
  const { noBackslashEscapes } = run.parts.session.options;
  const like = column === undefined
    ? ""
    : ` like ${quoteString(latin1Text(new TextEncoder().encode(column.text)), noBackslashEscapes)}`;
  const text = madeStatement(`show columns from ${table}${like}`, run.parts.session.options);
  await run.pipeline.run(text, undefined, run.output, run.more, run.signal);
}

/** The inner statement as a text of its own. */
function innerText(inner: Span, run: LocalRun): StatementText {
  return madeStatement(run.text.sql.slice(inner.start, inner.end), run.parts.session.options);
}

function planOf(text: StatementText, run: LocalRun): Plan {
  const prepared = run.pipeline.prepare(text);
  if (prepared.kind === "plan") return prepared.cached.plan;
  throw vtError("VT12001", `EXPLAIN of ${prepared.statement.kind.toUpperCase()}`);
}

/** Runs on the first shard of the statement's plan. */
export async function runExplain(statement: Explain, run: LocalRun): Promise<void> {
  const inner = statement.statement;
  if (inner === undefined) throw vtError("VT12001", "EXPLAIN FOR CONNECTION");
  const text = innerText(inner, run);
  let { root } = planOf(text, run);
  while (root.op === "Limit" || root.op === "Aggregate") root = root.input;
  if (!("routing" in root)) throw vtError("VT12001", `EXPLAIN of ${root.op}`);
  const { session, gate, shards } = run.parts;
  const bindings = run.pipeline.bindings(text, run.parameters);
  const placement = placementOf(gate.catalog(), session);
  const [first] = resolveRouting(root.routing, bindings, placement);
  if (first === undefined) throw vtError("VT20005", root.routing.keyspace);
  const prefix = run.text.sql.slice(statement.start, inner.start);
  const sql = bytesOf(prefix + renderPieces(root.query.pieces, bindings, first.list));
  const { keyspace } = root.routing;
  const call = { keyspace, shard: first.shard, sql, parameters: undefined, tables: root.tables };
  const captured = new CapturedRows();
  const reader = new ResultReader({
    onColumns: (definitions) => captured.columns(definitions),
    onRows: (packets) => captured.rows(packets),
  }, session);
  await shards.execute(call, reader.sink, { signal: run.signal });
  await run.definedRows(captured.columnDefinitions, captured.values);
}

export async function runVExplain(statement: VExplain, run: LocalRun): Promise<void> {
  const text = innerText(statement.statement, run);
  const plan = planOf(text, run);
  const bindings = run.pipeline.bindings(text, run.parameters);
  const { charset } = run.parts.session.options;
  const show = (pieces: readonly QueryPiece[]) =>
    decodeText(pieces.map((piece) => renderPiece(piece, bindings, undefined)).join(""), charset);
  const { isSharded } = isShardedBy(run);
  if (statement.what === "plan") {
    const json = JSON.stringify(planJson(plan, { show, isSharded }), undefined, "\t");
    return await run.rows(textColumns("JSON"), [[json]]);
  }
  if (statement.what === "queries") return await runVExplainQueries(plan, text, run);
  throw vtError("VT12001", `VEXPLAIN ${statement.what.toUpperCase()}`);
}

function isShardedBy(run: LocalRun): { readonly isSharded: (keyspace: string) => boolean } {
  const catalog = run.parts.gate.catalog();
  return { isSharded: (keyspace) => catalog.isSharded(keyspace) };
}

/** Runs the statement and lists what went to which shard. */
async function runVExplainQueries(plan: Plan, text: StatementText, run: LocalRun): Promise<void> {
  if (plan.statement !== "select") throw vtError("VT09008");
  const { charset } = run.parts.session.options;
  const calls = await run.pipeline.trace(text, run.signal);
  const rows = calls.map(({ keyspace, shard, sql }, index) => [
    index,
    keyspace,
    shard,
    decodeText(latin1Text(sql), charset),
  ]);
  await run.rows([
    { name: "#", type: "number" },
    ...textColumns("keyspace", "shard", "query"),
  ], rows);
}
