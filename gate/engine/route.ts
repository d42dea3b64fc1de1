/** Route: one statement on the shards that its routing means. */
import type { QueryTemplate, Route } from "../plan/plan.ts";
import type { Bindings } from "./bindings.ts";
import { BinaryRowsOutput } from "./binary_rows.ts";
import { HiddenColumnsOutput } from "./hidden_columns.ts";
import { resolveRouting } from "./routing.ts";
import type { RowOutput } from "./rows.ts";
import { concatenate, merge } from "./scatter.ts";
import type { ShardCall } from "./shards.ts";
import { bytesOf, renderPieces } from "./template.ts";
import type { Answer, ClientRows, World } from "./world.ts";

/** What a primitive above says about the rows that it wants. */
export interface RouteOutput {
  readonly rows: RowOutput;
  /** The client's own output, when nothing above looks at the rows. */
  readonly client: ClientRows | undefined;
  /** The rows are read as text above, whatever the client wants. */
  readonly text: boolean;
}

export async function runRoute(route: Route, world: World, output: RouteOutput): Promise<Answer> {
  const resolved = resolveRouting(route.routing, world.bindings, world.placement);
  const merges = resolved.length > 1 && route.orderBy.length > 0;
  const binary = !merges && !output.text && route.hiddenColumns === 0 &&
    keepsParameters(route.query, world);
  const calls = resolved.map(({ shard, list }): ShardCall => ({
    keyspace: route.routing.keyspace,
    shard,
    sql: renderQuery(route.query, world.bindings, list, binary),
    parameters: binary ? world.parameters : undefined,
    tables: route.tables,
  }));
  const sameForm = binary === (world.parameters !== undefined);
  const [only] = calls;
  const passThrough = output.client?.passThrough;
  if (
    calls.length === 1 && only !== undefined && passThrough !== undefined && sameForm &&
    route.hiddenColumns === 0
  ) {
    return { kind: "passed", terminal: await world.shards.execute(only, passThrough, world) };
  }
  return await collectRows(route, calls, world, rowsFor(route, world, output, binary));
}

/** The chain of outputs between the shards' rows and what wants them. */
function rowsFor(
  route: Route,
  world: World,
  output: RouteOutput,
  binary: boolean,
): RowOutput {
  const encodes = world.parameters !== undefined && !binary && !output.text;
  const rows = encodes ? new BinaryRowsOutput(output.rows) : output.rows;
  return route.hiddenColumns > 0 && !output.text
    ? new HiddenColumnsOutput(rows, route.hiddenColumns)
    : rows;
}

async function collectRows(
  route: Route,
  calls: readonly ShardCall[],
  world: World,
  rows: RowOutput,
): Promise<Answer> {
  const options = {
    signal: world.signal,
    deprecateEof: world.deprecateEof,
    cancelOthers: !world.inTransaction,
  };
  const warnings = calls.length > 1 && route.orderBy.length > 0
    ? await merge(calls, route.orderBy, world.shards, rows, options)
    : await concatenate(calls, world.shards, rows, options);
  return { kind: "rows", warnings };
}

/** The bytes of the statement for one shard. `binary`: its parameters stay `?`. */
export function renderQuery(
  query: QueryTemplate,
  bindings: Bindings,
  list: string | undefined,
  binary: boolean,
): Uint8Array {
  const hasParameters = bindings.source.parameters.length > 0;
  if (query.verbatim && (binary || !hasParameters)) return bindings.verbatim;
  if (query.verbatim) return bytesOf(bindings.withParameters());
  return bytesOf(renderPieces(query.pieces, bindings, list, binary));
}

/** True when the statement for a shard has the client's parameters, all of them and in order. */
export function keepsParameters(query: QueryTemplate, world: World): boolean {
  if (world.parameters === undefined) return false;
  if (query.verbatim) return true;
  let next = 0;
  for (const piece of query.pieces) {
    if (typeof piece === "string" || "session" in piece) continue;
    if (!("slot" in piece)) return false;
    for (const index of world.bindings.parametersOf(piece.slot)) {
      if (index !== next++) return false;
    }
  }
  return next === world.bindings.source.parameters.length;
}
