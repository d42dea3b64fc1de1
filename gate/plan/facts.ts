/**
 * What the equalities of a statement say about columns: which must have which value for a row to
 * matter, and which follow others. Only conditions that every row must meet count: parts of a
 * conjunction, never what stands under OR or NOT.
 *
 * A fact is directed. In `a LEFT JOIN b ON a.x = b.x` rows of b matter only where b.x is a's, but
 * all rows of a matter; a correlated subquery follows the query around it, not the other way.
 */
import type { Binary, Expr, In, Query } from "../../shared/sql/ast.ts";
import { aggregatesOf, windowCallsOf } from "../../shared/sql/walk.ts";
import type { TableColumn } from "../../shared/vschema/keyspace.ts";
import { type Analysis, type Block, type Condition, type Source, tableColumn } from "./block.ts";
import { type Column, outputNames, resolveColumn } from "./resolve.ts";
import { conjuncts } from "./conjuncts.ts";
import type { StatementText } from "./context.ts";
import { type Constant, constantOf } from "./constant.ts";

/** Names a column of one source: facts are kept by it. */
export type ColumnKey = string;

interface Edge {
  readonly to: ColumnKey;
  /** Equal values have equal bytes: same types, same collation. */
  readonly exact: boolean;
}

/** `column IN (...)` as a condition of all rows. */
export interface ListFact {
  readonly key: ColumnKey;
  readonly node: In;
  readonly block: Block;
}

export class Facts {
  readonly #text: StatementText;
  readonly #analysis: Analysis;
  readonly #edges = new Map<ColumnKey, Edge[]>();
  readonly #constants = new Map<ColumnKey, Constant[]>();
  readonly #columns = new Map<ColumnKey, TableColumn | undefined>();
  readonly #linked = new Set<ColumnKey>();
  readonly lists: ListFact[] = [];

  constructor(analysis: Analysis, text: StatementText) {
    this.#analysis = analysis;
    this.#text = text;
    for (const block of analysis.blocks) {
      for (const condition of block.conditions) {
        for (const part of conjuncts(condition.expr)) this.#condition(part, condition, block);
      }
    }
  }

  /** The constants that a column must equal, through chains of equalities. */
  constants(key: ColumnKey, exactOnly: boolean): readonly Constant[] {
    const out = new Map<string, Constant>();
    for (const [from, constants] of this.#constants) {
      if (from !== key && !this.follows(key, from, exactOnly)) continue;
      for (const constant of constants) out.set(constant.key, constant);
    }
    return [...out.values()];
  }

  /** True when rows matter only where `key` has the value of `from`. */
  follows(key: ColumnKey, from: ColumnKey, exactOnly: boolean): boolean {
    return this.reach(from, exactOnly).has(key);
  }

  /** All columns that follow `from`, itself included. */
  reach(from: ColumnKey, exactOnly: boolean): ReadonlySet<ColumnKey> {
    const seen = new Set<ColumnKey>([from]);
    const waiting = [from];
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      for (const { to, exact } of this.#edges.get(key) ?? []) {
        if (seen.has(to) || (exactOnly && !exact)) continue;
        seen.add(to);
        waiting.push(to);
      }
    }
    return seen;
  }

  /** The key of an expression that is a column; undefined for any other, or an uncertain one. */
  keyOf(expr: Expr, block: Block): ColumnKey | undefined {
    if (expr.kind !== "column") return undefined;
    const column = resolveColumn(expr, block);
    return column === undefined ? undefined : this.#key(column);
  }

  #condition(expr: Expr, condition: Condition, block: Block): void {
    if (expr.kind === "binary" && expr.op === "=") this.#equality(expr, condition, block);
    else if (expr.kind === "in" && !expr.negated) this.#in(expr, condition, block);
  }

  #equality({ left, right }: Binary, condition: Condition, block: Block): void {
    if (left.kind === "row" && right.kind === "row" && left.items.length === right.items.length) {
      for (const [i, item] of left.items.entries()) {
        const other = right.items[i];
        if (other !== undefined) this.#pair(item, other, condition, block);
      }
      return;
    }
    this.#pair(left, right, condition, block);
  }

  #pair(left: Expr, right: Expr, condition: Condition, block: Block): void {
    const a = this.#column(left, block);
    const b = this.#column(right, block);
    if (a !== undefined && b !== undefined) {
      const exact = this.#sameType(this.#key(a), this.#key(b));
      if (exact === undefined) return;
      if (restricts(condition, block, b)) this.#edge(this.#key(a), this.#key(b), exact);
      if (restricts(condition, block, a)) this.#edge(this.#key(b), this.#key(a), exact);
      return;
    }
    const column = a ?? b;
    const constant = constantOf(a === undefined ? left : right, this.#text);
    if (column === undefined || constant === undefined) return;
    if (!restricts(condition, block, column)) return;
    const key = this.#key(column);
    const known = this.#constants.get(key);
    if (known === undefined) this.#constants.set(key, [constant]);
    else known.push(constant);
  }

  #in(node: In, condition: Condition, block: Block): void {
    const column = this.#column(node.operand, block);
    if (column === undefined) return;
    const key = this.#key(column);
    if (node.list.kind === "subquery") {
      this.#inQuery(key, node.list.query, block);
    } else if (restricts(condition, block, column)) {
      this.lists.push({ key, node, block });
    }
  }

  /** Rows of the subquery matter only where its column is the operand. */
  #inQuery(key: ColumnKey, query: Query, block: Block): void {
    const entry = block.subqueries.find((subquery) => subquery.query === query);
    for (const arm of entry?.arms ?? []) {
      const inner = this.#openItem(arm, 0);
      const exact = inner === undefined ? undefined : this.#sameType(key, inner);
      if (inner !== undefined && exact !== undefined) this.#edge(key, inner, exact);
    }
  }

  #column(expr: Expr, block: Block): Column | undefined {
    return expr.kind === "column" ? resolveColumn(expr, block) : undefined;
  }

  #key(column: Column): ColumnKey {
    const { source, name } = column;
    if (source.kind === "table") {
      const key = instanceKey(source.instance.id, name);
      const { table } = source.instance;
      if (!this.#columns.has(key) && table !== undefined) {
        this.#columns.set(key, tableColumn(table, name));
      }
      return key;
    }
    const key = `d${source.id}.${name}`;
    if (!this.#linked.has(key)) {
      this.#linked.add(key);
      this.#link(key, source, name);
    }
    return key;
  }

  /** Ties a column of a derived table to the columns inside that it is. */
  #link(key: ColumnKey, source: Source, name: string): void {
    if (source.kind !== "derived") return;
    const [first] = source.arms;
    if (first === undefined) return;
    const named = source.columns.map((column) => column.text.toLowerCase());
    const index = (named.length > 0 ? named : outputNames(first.select)).indexOf(name);
    for (const arm of source.arms) {
      const plain = index >= 0 ? this.#itemKey(arm, index) : this.#starKey(arm, name);
      if (plain === undefined) continue;
      const exact = true;
      this.#columns.set(key, this.#columns.get(plain));
      if (!source.setOperation) this.#edge(plain, key, exact);
      const open = !source.sealed && (index < 0 ? isPlain(arm) : this.#isOpen(arm, plain));
      if (open) this.#edge(key, plain, exact);
    }
  }

  /** The column that a select item is. */
  #itemKey(arm: Block, index: number): ColumnKey | undefined {
    const before = arm.select.items.slice(0, index + 1);
    const item = before.at(-1);
    if (item === undefined || before.some(({ expr }) => expr.kind === "star")) return undefined;
    return this.keyOf(item.expr, arm);
  }

  /** The column of that name behind `SELECT *` of one table. */
  #starKey(arm: Block, name: string): ColumnKey | undefined {
    const [item] = arm.select.items;
    const [source] = arm.sources;
    if (arm.select.items.length !== 1 || item?.expr.kind !== "star") return undefined;
    if (source === undefined || arm.sources.length !== 1) return undefined;
    return this.#key({ source, block: arm, name });
  }

  /** A select item whose rows can be left out inside just as well. */
  #openItem(arm: Block, index: number): ColumnKey | undefined {
    const key = this.#itemKey(arm, index);
    return key !== undefined && this.#isOpen(arm, key) ? key : undefined;
  }

  #isOpen(arm: Block, key: ColumnKey): boolean {
    if (isPlain(arm)) return true;
    const { groupBy, windows, limit } = arm.select;
    if (groupBy === undefined || groupBy.rollup || limit !== undefined || windows.length > 0) {
      return false;
    }
    if (arm.select.items.some((item) => windowCallsOf(item).length > 0)) return false;
    return groupBy.items.some(({ expr }) => this.keyOf(expr, arm) === key);
  }

  #edge(from: ColumnKey, to: ColumnKey, exact: boolean): void {
    const edges = this.#edges.get(from);
    if (edges === undefined) this.#edges.set(from, [{ to, exact }]);
    else edges.push({ to, exact });
  }

  /**
   * Whether equal values are equal in bytes; false when that isn't known. Undefined: the columns
   * compare as another type than their own (a text and a number, as doubles), and then equality
   * doesn't even pass on: two numbers may equal one text.
   */
  #sameType(a: ColumnKey, b: ColumnKey): boolean | undefined {
    const left = this.#columns.get(a);
    const right = this.#columns.get(b);
    if (left === undefined || right === undefined) return false;
    if (left.dataType === "" || right.dataType === "") return false;
    if (typeClass(left) !== typeClass(right)) return undefined;
    return left.collation === right.collation;
  }
}

export function instanceKey(instanceId: number, column: string): ColumnKey {
  return `i${instanceId}.${column}`;
}

const INTEGERS: ReadonlySet<string> = new Set([
  "tinyint",
  "smallint",
  "mediumint",
  "int",
  "bigint",
]);

/** Types that compare with each other without a change. */
function typeClass({ dataType }: TableColumn): string {
  if (INTEGERS.has(dataType)) return "number";
  if (/char|text/.test(dataType)) return "text";
  return /binary|blob/.test(dataType) ? "bytes" : dataType;
}

/** Each row that goes in comes out or not by itself. */
function isPlain({ select }: Block): boolean {
  return select.groupBy === undefined && select.limit === undefined &&
    select.having === undefined && select.windows.length === 0 &&
    select.items.every((item) =>
      aggregatesOf(item).length === 0 && windowCallsOf(item).length === 0
    );
}

/** Whether a condition of `block` can leave out rows of the column's source. */
function restricts(condition: Condition, block: Block, column: Column): boolean {
  if (column.block !== block) return false;
  return condition.restricts === undefined || condition.restricts.has(column.source);
}
