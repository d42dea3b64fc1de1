/**
 * Where a statement's rows are: which keyspace, and one shard of it or several. The cheapest place
 * that is certain to give MySQL's own answer; when none is, the statement is refused.
 */
import { vtError } from "../../shared/error/errors.ts";
import type { ComparisonKind } from "../../shared/vindex/comparison.ts";
import type { Vindex } from "../../shared/vindex/vindex.ts";
import {
  type Analysis,
  type Block,
  type Instance,
  isSharded,
  type Source,
  tableColumn,
  unsupported,
} from "./block.ts";
import { comparisonOf, type Constant, constantOf, isRoutable, isRoutableType } from "./constant.ts";
import { type ColumnKey, type Facts, instanceKey, type ListFact } from "./facts.ts";
import type { PlanContext, StatementText } from "./context.ts";
import type { Pin, PlanValue, Routing } from "./plan.ts";
import { type Edit, replace } from "./template.ts";
import type { In } from "../../shared/sql/ast.ts";

export type Placement =
  /** The statement goes through whole. */
  | { readonly kind: "one"; readonly routing: Routing; readonly why: string }
  /** Its rows are on several shards; each is made on one of them, if `rows` holds. */
  | {
    readonly kind: "many";
    readonly routing: Routing;
    readonly why: string;
    /** Columns that all rows of a shard's part share with no other shard's. */
    readonly local: ReadonlySet<ColumnKey>;
    /** The IN whose list is split, when there is one. */
    readonly list: { readonly node: In; readonly values: PlanValue } | undefined;
  };

/** The primary vindex of a table, when it routes by one column. */
export interface Anchor {
  readonly instance: Instance;
  readonly key: ColumnKey;
  readonly vindex: Vindex;
  /** Undefined: equality says nothing about the shard. */
  readonly comparison: ComparisonKind | undefined;
}

export function anchorOf(instance: Instance): Anchor | undefined {
  const [primary] = instance.table?.columnVindexes ?? [];
  const [column] = primary?.keys ?? [];
  const vindex = primary?.vindex.vindex;
  if (instance.table === undefined || vindex === undefined || column === undefined) {
    return undefined;
  }
  if (primary?.keys.length !== 1) return undefined;
  return {
    instance,
    key: instanceKey(instance.id, column),
    vindex,
    comparison: comparisonOf(tableColumn(instance.table, column), vindex),
  };
}

/** Rules which shards a statement over `analysis` needs. Pins are added for what it relied on. */
export function placeStatement(
  analysis: Analysis,
  facts: Facts,
  roots: readonly Block[],
  pins: Pin[],
  text: StatementText,
): Placement {
  const { context, instances } = analysis;
  const tables = instances.filter(({ table }) => table !== undefined);
  const sharded = tables.filter(isSharded);
  if (context.destination === "one") return byDestination(analysis, tables);
  if (tables.length === 0) return withoutTables(analysis);
  const keyspace = onlyKeyspace(tables);
  refuseViews(sharded);
  if (sharded.length === 0) return withoutShards(tables, keyspace);
  if (context.destination === "none" && readsText(context, sharded)) {
    const constant = constantPlace(sharded, facts, keyspace, pins);
    if (constant !== undefined) return constant;
  }
  return scatterPlace({ analysis, facts, roots, sharded, keyspace, text });
}

function byDestination(analysis: Analysis, tables: readonly Instance[]): Placement {
  const { context } = analysis;
  for (const { table } of tables) {
    if (table === undefined || table.keyspace === context.keyspace) continue;
    throw unsupported(
      `table ${table.keyspace}.${table.name} while one shard of ${context.keyspace} is selected`,
    );
  }
  return one("ByDestination", context.keyspace, "the session's target names the shard");
}

function withoutTables({ context, instances }: Analysis): Placement {
  const selected = context.vschema.hasKeyspace(context.keyspace) ? context.keyspace : undefined;
  const keyspace = selected ?? context.vschema.anyKeyspace();
  if (keyspace === undefined) throw vtError("VT14004", "a statement without tables");
  const system = instances.some((instance) => instance.system);
  return system
    ? one("DBA", keyspace, "tables of the server, not of the keyspace")
    : one("Reference", keyspace, "no table");
}

/** VT12001 when the tables are of several keyspaces: no mysqld has them all. */
export function onlyKeyspace(tables: readonly Instance[]): string {
  const keyspaces = new Set(
    tables.flatMap(({ table }) => table === undefined ? [] : [table.keyspace]),
  );
  const [keyspace = "", ...others] = [...keyspaces].sort();
  if (others.length === 0) return keyspace;
  const named = [keyspace, ...others].join(", ");
  throw unsupported(`one statement over the keyspaces ${named}: ask each for its part`);
}

function refuseViews(sharded: readonly Instance[]): void {
  for (const { table } of sharded) {
    if (table?.isView !== true) continue;
    throw unsupported(`view ${table.name} of a sharded keyspace; select from its tables`);
  }
}

function withoutShards(tables: readonly Instance[], keyspace: string): Placement {
  const unsharded = tables.some(({ table }) => table?.sharded === false);
  return unsharded
    ? one("Unsharded", keyspace, `keyspace ${keyspace} is unsharded`)
    : one("Reference", keyspace, "reference tables: every shard has all rows");
}

/** Vindexes over text take UTF-8, as the rows are stored: other bytes lead to another shard. */
function readsText({ charset }: PlanContext, sharded: readonly Instance[]): boolean {
  return charset === "utf8" ||
    sharded.every((instance) => anchorOf(instance)?.vindex.input === "integer");
}

/** All sharded tables tied to one keyspace id. */
function constantPlace(
  sharded: readonly Instance[],
  facts: Facts,
  keyspace: string,
  pins: Pin[],
): Placement | undefined {
  const anchors: Anchor[] = [];
  for (const instance of sharded) {
    const anchor = anchorOf(instance);
    if (anchor?.comparison === undefined) return undefined;
    anchors.push(anchor);
  }
  const [first] = anchors;
  if (first?.comparison === undefined || !sameVindexes(anchors)) return undefined;
  const chosen = commonConstant(anchors, facts);
  if (chosen === undefined) return undefined;
  for (const { slot, text } of chosen.length > 1 ? chosen : []) {
    if (text !== undefined && slot >= 0) pins.push({ slot, text });
  }
  const [constant] = chosen;
  if (constant === undefined) return undefined;
  const routing = equalRouting(keyspace, first, constant.value);
  return { kind: "one", routing, why: `all tables are tied to one ${vindexColumn(first)}` };
}

function equalRouting(keyspace: string, anchor: Anchor, value: PlanValue): Routing {
  return {
    opcode: "EqualUnique",
    keyspace,
    vindex: anchor.vindex.name,
    values: [value],
    comparison: anchor.comparison,
  };
}

/** The same function of values of the same kind: equal values are on one shard. */
function sameVindexes(anchors: readonly Anchor[]): boolean {
  const [first] = anchors;
  return first !== undefined && anchors.every((anchor) => sameVindex(first, anchor));
}

function sameVindex(a: Anchor, b: Anchor): boolean {
  const left = a.instance.table?.columnVindexes[0]?.vindex.definition;
  const right = b.instance.table?.columnVindexes[0]?.vindex.definition;
  return left !== undefined && right !== undefined && left.type === right.type &&
    JSON.stringify(left.params) === JSON.stringify(right.params) && a.comparison === b.comparison;
}

/** One constant that all must equal, or several literals of one text. */
function commonConstant(
  anchors: readonly Anchor[],
  facts: Facts,
): readonly Constant[] | undefined {
  const candidates = anchors.map((anchor) =>
    facts.constants(anchor.key, isExact(anchor)).filter((constant) =>
      anchor.comparison !== undefined && isRoutable(anchor.comparison, constant)
    )
  );
  const [first = [], ...others] = candidates;
  const same = first.find(({ key }) => others.every((list) => list.some((c) => c.key === key)));
  if (same !== undefined) return [same];
  for (const constant of first) {
    if (constant.text === undefined) continue;
    const matches = others.map((list) =>
      list.find(({ text, type }) => text === constant.text && type === constant.type)
    );
    const found = matches.filter((match) => match !== undefined);
    if (found.length === matches.length) return [constant, ...found];
  }
  return undefined;
}

/** Vindexes over bytes tell apart what `=` between columns of different types doesn't. */
function isExact({ vindex }: Anchor): boolean {
  return vindex.input !== "integer";
}

interface Scatter {
  readonly analysis: Analysis;
  readonly facts: Facts;
  readonly roots: readonly Block[];
  readonly sharded: readonly Instance[];
  readonly keyspace: string;
  readonly text: StatementText;
}

/** Every row is made on one shard: all sharded tables follow the vindex column of one of them. */
function scatterPlace(scatter: Scatter): Placement {
  const { analysis, keyspace, roots } = scatter;
  const [oddity] = analysis.oddities;
  if (oddity !== undefined) throw unsupported(`${oddity} over more than one shard`);
  if (analysis.instances.some(({ system }) => system)) {
    throw unsupported("tables of the server beside tables of several shards");
  }
  checkOuterJoins(analysis);
  const local = new Set<ColumnKey>();
  let covered = new Set<number>();
  for (const root of roots) {
    const found = localRows(scatter, root);
    found.keys.forEach((key) => local.add(key));
    covered = new Set([...covered, ...found.covered]);
  }
  const missed = scatter.sharded.find(({ id }) => !covered.has(id));
  if (missed !== undefined) {
    throw unsupported(
      `${
        missed.table?.name ?? ""
      } isn't tied to the other tables by their vindex columns, so its ` +
        "rows may be on other shards; add a condition that they are equal, or one value for all",
    );
  }
  const many = {
    kind: "many",
    local,
    list: undefined,
    routing: routingOf(analysis, "Scatter", keyspace),
    why: "no condition fixes the vindex column, so every shard is asked",
  } as const;
  return roots.length === 1 ? splitByList(scatter, many) : many;
}

function routingOf({ context }: Analysis, opcode: "Scatter", keyspace: string): Routing {
  const within = context.destination === "many" ? "ByDestination" : opcode;
  return { opcode: within, keyspace, vindex: undefined, values: [], comparison: undefined };
}

/** A preserved side without sharded tables would come out once for each shard. */
function checkOuterJoins(analysis: Analysis): void {
  for (const block of analysis.blocks) {
    for (const { preserved, nullable } of block.leftJoins) {
      if (![...nullable].some(hasShards) || [...preserved].some(hasShards)) continue;
      throw unsupported("an outer join that keeps all rows of a reference table, over shards");
    }
  }
}

function hasShards(source: Source): boolean {
  if (source.kind === "table") return isSharded(source.instance);
  return source.arms.some(blockHasShards);
}

function blockHasShards(block: Block): boolean {
  return block.sources.some(hasShards);
}

/** The instances and columns that go with the rows of one of the block's own tables. */
function localRows(
  { facts, sharded }: Scatter,
  root: Block,
): { readonly keys: ReadonlySet<ColumnKey>; readonly covered: ReadonlySet<number> } {
  const candidates = root.sources.flatMap(leafInstances).filter(isSharded);
  if (candidates.length === 0) {
    throw unsupported("sharded tables only in subqueries of a query without sharded tables");
  }
  let best = { keys: new Set<ColumnKey>() as ReadonlySet<ColumnKey>, covered: new Set<number>() };
  for (const instance of candidates) {
    const anchor = anchorOf(instance);
    const covered = new Set([instance.id]);
    const keys = anchor === undefined
      ? new Set<ColumnKey>()
      : facts.reach(anchor.key, isExact(anchor));
    for (const other of sharded) {
      const theirs = anchorOf(other);
      const follows = theirs !== undefined && anchor !== undefined && keys.has(theirs.key) &&
        sameVindex(anchor, theirs);
      if (follows) covered.add(other.id);
    }
    if (covered.size > best.covered.size) best = { keys, covered };
  }
  return best;
}

/** Tables in a FROM, those of derived tables included. */
function leafInstances(source: Source): readonly Instance[] {
  if (source.kind === "table") return [source.instance];
  return source.arms.flatMap((arm) => arm.sources.flatMap(leafInstances));
}

type Many = Extract<Placement, { readonly kind: "many" }>;

/** `WHERE id IN (...)` asks only the shards of its items, each for its own. */
function splitByList(scatter: Scatter, many: Many): Placement {
  const { facts, analysis, keyspace, sharded, roots } = scatter;
  if (analysis.context.destination === "many" || !readsText(analysis.context, sharded)) return many;
  const anchors = sharded.map(anchorOf);
  const [first] = anchors;
  if (first?.comparison === undefined) return many;
  for (const list of facts.lists) {
    // A list inside a subquery or derived table doesn't decide which rows there are at all, and
    // every table must follow it: rows that don't would be missing.
    if (!roots.includes(list.block)) continue;
    const all = anchors.every((anchor) =>
      anchor !== undefined && facts.follows(anchor.key, list.key, isExact(anchor))
    );
    const values = listValues(scatter, list, first.comparison);
    if (!all || values === undefined) continue;
    return {
      ...many,
      list: { node: list.node, values },
      routing: {
        opcode: "IN",
        keyspace,
        vindex: first.vindex.name,
        values: [values],
        comparison: first.comparison,
      },
      why: `the list of ${vindexColumn(first)} names the shards`,
    };
  }
  return many;
}

/** Undefined when an item could be on any shard. */
function listValues(
  { text }: Scatter,
  { node }: ListFact,
  comparison: ComparisonKind,
): PlanValue | undefined {
  const { list } = node;
  if (list.kind === "literal_list") {
    const type = text.slots[list.slot]?.type;
    if (type === undefined || !isRoutableType(comparison, type)) return undefined;
    return { from: "list", slot: list.slot };
  }
  if (list.kind !== "expr_list") return undefined;
  const items: PlanValue[] = [];
  for (const item of list.items) {
    const constant = constantOf(item, text);
    if (constant === undefined || !isRoutable(comparison, constant)) return undefined;
    items.push(constant.value);
  }
  return { from: "items", items };
}

/** The edits, with the list replaced by each shard's own part of it. */
export function withListOfShard(
  edits: readonly Edit[],
  { list }: Extract<Placement, { readonly kind: "many" }>,
): readonly Edit[] {
  if (list === undefined) return edits;
  const { node, values } = list;
  const span = node.list;
  // What changes inside the list is in its values.
  const outside = edits.filter(({ start, end }) => end <= span.start || start >= span.end);
  if (values.from === "list") return [...outside, replace(span, { shardList: values.slot })];
  return values.from === "items"
    ? [...outside, replace(span, { shardItems: values.items })]
    : edits;
}

function vindexColumn({ instance }: Anchor): string {
  const column = instance.table?.columnVindexes[0]?.columns[0] ?? "";
  return `${instance.table?.name ?? ""}.${column}`;
}

function one(opcode: Routing["opcode"], keyspace: string, why: string): Placement {
  return {
    kind: "one",
    routing: { opcode, keyspace, vindex: undefined, values: [], comparison: undefined },
    why,
  };
}
