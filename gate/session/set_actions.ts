/**
 * What each item of a SET statement does to the session: decided here, from the syntax tree alone.
 * Expressions that need a mysqld come out as texts to evaluate.
 */
import { vtError } from "../../shared/error/errors.ts";
import { unreachable } from "../../shared/error/unreachable.ts";
import type { Expr, VariableScope } from "../../shared/sql/ast.ts";
import type { SetItem } from "../../shared/sql/ast_statement.ts";
import { collationOfNames } from "./charset.ts";
import type { Characteristics, SessionState } from "./state.ts";
import { canonicalName, classOf, type GateVariable, isGateVariable } from "./variables.ts";

/** A value as SQL text: a literal that can be used as it is, or an expression for a mysqld. */
export interface ValueText {
  readonly literal: boolean;
  readonly sql: string;
}

export type SetAction =
  | { readonly do: "user_variable"; readonly name: string; readonly value: ValueText }
  /** Value undefined: DEFAULT. */
  | {
    readonly do: "setting" | "remember";
    readonly name: string;
    readonly value: ValueText | undefined;
  }
  | { readonly do: "gate"; readonly name: GateVariable; readonly value: ValueText }
  | { readonly do: "collation"; readonly collation: number }
  | { readonly do: "next_transaction"; readonly characteristics: Characteristics };

/** The actions of one item. Throws VT03010, VT12001, VT24003. */
export function actionsOf(sql: string, item: SetItem, state: SessionState): readonly SetAction[] {
  switch (item.kind) {
    case "user": {
      const value = valueText(sql, item.value, state);
      return [{ do: "user_variable", name: item.target.name, value }];
    }
    case "system":
      return [systemAction(sql, item, state)];
    case "names":
      return namesActions(item.charset?.text, item.collation?.text);
    case "charset":
      return namesActions(item.charset?.text, undefined);
    case "transaction":
      return transactionActions(item);
    case "other":
      throw vtError("VT12001", `SET ${item.what.toUpperCase()}`);
    default:
      return unreachable(item);
  }
}

function systemAction(
  sql: string,
  item: Extract<SetItem, { kind: "system" }>,
  state: SessionState,
): SetAction {
  const name = canonicalName(item.name);
  refuseGlobal(item.scope, name);
  const value = item.value === undefined ? undefined : valueText(sql, item.value, state);
  if (item.marked && item.scope === undefined && value !== undefined) {
    const next = nextTransactionOf(name, value);
    if (next !== undefined) return next;
  }
  switch (classOf(name)) {
    case "read_only":
      throw vtError("VT03010", name);
    case "unsupported":
      throw vtError("VT12001", `system setting: ${name}`);
    case "remembered":
      return { do: "remember", name, value };
    case "setting":
      return { do: "setting", name, value };
    case "gate":
      if (!isGateVariable(name) || value === undefined) {
        throw vtError("VT12001", `DEFAULT for @@${name}`);
      }
      return { do: "gate", name, value };
  }
}

function refuseGlobal(scope: VariableScope | undefined, name: string): void {
  if (scope === undefined || scope === "session") return;
  throw vtError("VT12001", `SET ${scope.toUpperCase()} ${name}: set it on the tablets' mysqld`);
}

/** `SET @@transaction_isolation = ...` without SESSION is for the next transaction (manual, "SET TRANSACTION"). */
function nextTransactionOf(name: string, value: ValueText): SetAction | undefined {
  if (name === "transaction_isolation" && value.literal) {
    const isolation = unquoted(value.sql).toUpperCase().replaceAll(" ", "-");
    return { do: "next_transaction", characteristics: { isolation, access: undefined } };
  }
  if (name === "transaction_read_only" && value.literal) {
    const access = booleanOf(name, value) ? "read only" : "read write";
    return { do: "next_transaction", characteristics: { isolation: undefined, access } };
  }
  return undefined;
}

function namesActions(charset = "default", collation: string | undefined): SetAction[] {
  const id = collationOfNames(charset, collation);
  return [
    { do: "collation", collation: id },
    // An earlier SET of one of these would come after the connection's own.
    ...CHARSET_SETTINGS.map((name) => ({ do: "setting", name, value: undefined } as const)),
  ];
}

const CHARSET_SETTINGS = [
  "character_set_client",
  "character_set_connection",
  "character_set_results",
  "collation_connection",
];

function transactionActions(item: Extract<SetItem, { kind: "transaction" }>): SetAction[] {
  if (item.scope === "global") refuseGlobal("global", "transaction_isolation");
  const isolation = item.isolation?.toUpperCase().replaceAll(" ", "-");
  if (item.scope === undefined) {
    const characteristics = { isolation, access: item.access };
    return [{ do: "next_transaction", characteristics }];
  }
  const actions: SetAction[] = [];
  if (isolation !== undefined) {
    const value = { literal: true, sql: `'${isolation}'` };
    actions.push({ do: "setting", name: "transaction_isolation", value });
  }
  if (item.access !== undefined) {
    const value = { literal: true, sql: item.access === "read only" ? "1" : "0" };
    actions.push({ do: "setting", name: "transaction_read_only", value });
  }
  return actions;
}

/** Literals and known user variables stay as they are; a bare word is its own text. */
function valueText(sql: string, expr: Expr, state: SessionState): ValueText {
  switch (expr.kind) {
    case "literal":
      return { literal: true, sql: sql.slice(expr.start, expr.end) };
    case "bool":
      return { literal: true, sql: expr.value ? "1" : "0" };
    case "null":
      return { literal: true, sql: "NULL" };
    case "user_variable":
      return { literal: true, sql: state.userVariables.get(expr.name) ?? "NULL" };
    case "column":
      if (expr.table === undefined) return { literal: true, sql: `'${expr.name.text}'` };
      break;
    case "param":
      throw vtError("VT12001", "a parameter as the value of SET");
  }
  return { literal: false, sql: sql.slice(expr.start, expr.end) };
}

/** The text of a literal without its quotes. Words and numbers are as they stand. */
export function unquoted(sql: string): string {
  const quote = sql.charAt(0);
  return quote === "'" || quote === '"' ? sql.slice(1, -1) : sql;
}

/** ON, TRUE and 1; OFF, FALSE and 0. MySQL's 1231 otherwise. */
export function booleanOf(name: string, value: ValueText): boolean {
  const text = unquoted(value.sql).toLowerCase();
  if (text === "1" || text === "on" || text === "true") return true;
  if (text === "0" || text === "off" || text === "false") return false;
  throw vtError("ER_WRONG_VALUE_FOR_VAR", name, unquoted(value.sql));
}
