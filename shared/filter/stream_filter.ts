/**
 * The rules of a stream, applied to its items: rows that don't belong are left out, and an update
 * that moves a row into the filter or out of it becomes an insert or a delete.
 */
import type { Row, RowChange, StreamItem, TableFields } from "../binlog/change.ts";
import { vtError } from "../error/errors.ts";
import { type FilterContext, NO_VSCHEMA } from "./keyspace_id.ts";
import { type FilterRule, type ParsedRule, parseRule } from "./rule.ts";
import { compileTablePlan, type TablePlan } from "./table_plan.ts";

interface CompiledRule {
  readonly rule: FilterRule;
  readonly parsed: ParsedRule;
}

export class StreamFilter {
  readonly #rules: readonly CompiledRule[];
  readonly #context: FilterContext;
  /** For the columns that each table has now. */
  readonly #plans = new Map<string, readonly TablePlan[]>();

  /** VT26007 and VT12001 for rules that can't be. */
  constructor(rules: readonly FilterRule[], context: FilterContext = NO_VSCHEMA) {
    this.#rules = rules.map((rule) => ({ rule, parsed: parseRule(rule) }));
    this.#context = context;
  }

  /** True when some of the table's rows may pass. */
  wants(table: string): boolean {
    return this.#rulesOf(table, table).length > 0;
  }

  /**
   * What the rules make of a table with these columns: one plan a target. Empty when no row
   * passes. The first rule that matches a target's name counts.
   */
  plansFor(fields: TableFields): readonly TablePlan[] {
    return this.#rulesOf(fields.table, fields.table).map(({ rule, parsed }) =>
      compileTablePlan(rule, parsed, fields, this.#context)
    );
  }

  #rulesOf(table: string, ownName: string): readonly CompiledRule[] {
    const rules: CompiledRule[] = [];
    const targets = new Set<string>();
    for (const compiled of this.#rules) {
      const { parsed } = compiled;
      if (!parsed.matches(table)) continue;
      if (parsed.kind === "exclude") break;
      const target = parsed.kind === "select" ? parsed.target : ownName;
      if (targets.has(target)) continue;
      targets.add(target);
      rules.push(compiled);
    }
    return rules;
  }

  /** Throws as `plansFor` when a table's columns no longer fit its rule. */
  apply(items: readonly StreamItem[]): readonly StreamItem[] {
    const out: StreamItem[] = [];
    for (const item of items) this.#item(item, out);
    return out;
  }

  #item(item: StreamItem, out: StreamItem[]): void {
    switch (item.kind) {
      case "fields": {
        const plans = this.plansFor(item.fields);
        this.#plans.set(item.fields.table, plans);
        for (const { fields } of plans) out.push({ kind: "fields", fields });
        return;
      }
      case "transaction":
        return this.#transaction(item, out);
      case "ddl": {
        const wanted = item.tables.length === 0 || item.tables.some((table) => this.wants(table));
        if (wanted) out.push(item);
        else out.push(moved(item));
        return;
      }
      default:
        out.push(item);
    }
  }

  #transaction(item: Extract<StreamItem, { kind: "transaction" }>, out: StreamItem[]): void {
    const changes = this.#changes(item.changes);
    if (changes === item.changes) out.push(item);
    else if (changes.length > 0 || item.complete) out.push({ ...item, changes });
    dropMoves(out);
  }

  /** The same array when nothing is left out or changed. */
  #changes(changes: readonly RowChange[]): readonly RowChange[] {
    let table: string | undefined;
    let plans: readonly TablePlan[] = [];
    const kept: RowChange[] = [];
    let same = true;
    for (const change of changes) {
      if (change.table !== table) {
        table = change.table;
        plans = this.#planned(table);
      }
      const [only] = plans;
      if (plans.length === 1 && only?.keepsAll && only.identity && only.fields.table === table) {
        kept.push(change);
        continue;
      }
      same = false;
      for (const plan of plans) applyPlan(plan, change, kept);
    }
    return same ? changes : kept;
  }

  #planned(table: string): readonly TablePlan[] {
    const plans = this.#plans.get(table);
    if (plans === undefined) throw vtError("VT26001", `rows of ${table} before its columns`);
    return plans;
  }
}

/** What is left of a statement that isn't wanted: its position. */
function moved(item: Extract<StreamItem, { kind: "ddl" }>): StreamItem {
  const { position, timestampSec } = item;
  return { kind: "transaction", position, complete: true, timestampSec, changes: [] };
}

/** Of two transactions without changes one behind the other, the first says nothing. */
function dropMoves(out: StreamItem[]): void {
  const last = out.at(-1);
  const before = out.at(-2);
  if (last?.kind !== "transaction" || before?.kind !== "transaction") return;
  if (last.changes.length > 0 || before.changes.length > 0) return;
  if (last.complete && before.complete) out.splice(-2, 1);
}

function applyPlan(plan: TablePlan, change: RowChange, kept: RowChange[]): void {
  const { table } = plan.fields;
  const project = (row: Row) => plan.project(row);
  switch (change.kind) {
    case "insert":
      if (plan.keeps(change.after)) {
        kept.push({ kind: "insert", table, after: project(change.after) });
      }
      return;
    case "delete":
      if (plan.keeps(change.before)) {
        kept.push({ kind: "delete", table, before: project(change.before) });
      }
      return;
    case "update": {
      const was = plan.keeps(change.before);
      const is = plan.keeps(change.after);
      if (was && is) {
        const before = project(change.before);
        kept.push({ kind: "update", table, before, after: project(change.after) });
      } else if (was) kept.push({ kind: "delete", table, before: project(change.before) });
      else if (is) kept.push({ kind: "insert", table, after: project(change.after) });
    }
  }
}
