/** Expressions whose value is known before any row is read, and how a column may equal them. */
import type { Expr, LiteralType } from "../../shared/sql/ast.ts";
import type { ComparisonKind } from "../../shared/vindex/comparison.ts";
import type { Vindex } from "../../shared/vindex/vindex.ts";
import type { TableColumn } from "../../shared/vschema/keyspace.ts";
import type { StatementText } from "./context.ts";
import type { PlanValue } from "./plan.ts";
import { sessionValueOf } from "./session_values.ts";

export interface Constant {
  /** Equal keys mean the same slot, or the same value of the session. */
  readonly key: string;
  readonly value: PlanValue;
  /** -1 when it is no slot. */
  readonly slot: number;
  readonly type: LiteralType | "param" | "session" | "null" | "bool";
  /** Source text of a literal: two of the same text are equal, as long as they are pinned. */
  readonly text: string | undefined;
}

/** Undefined for anything computed. */
export function constantOf(expr: Expr, text: StatementText): Constant | undefined {
  switch (expr.kind) {
    case "literal": {
      const source = text.sql.slice(expr.start, expr.end);
      const value: PlanValue = expr.slot < 0
        ? { from: "text", sql: source }
        : { from: "slot", slot: expr.slot };
      const key = expr.slot < 0 ? `text ${source}` : `slot ${expr.slot}`;
      return { key, value, slot: expr.slot, type: expr.type, text: source };
    }
    case "param":
      return {
        key: `slot ${expr.slot}`,
        value: { from: "slot", slot: expr.slot },
        slot: expr.slot,
        type: "param",
        text: undefined,
      };
    case "null":
      return { key: "null", value: { from: "null" }, slot: -1, type: "null", text: undefined };
    case "bool": {
      const sql = expr.value ? "1" : "0";
      return {
        key: `text ${sql}`,
        value: { from: "text", sql },
        slot: -1,
        type: "bool",
        text: sql,
      };
    }
    case "user_variable":
    case "call": {
      const value = sessionValueOf(expr);
      if (value === undefined) return undefined;
      const key = `session ${value.kind} ${value.name}`;
      const from: PlanValue = { from: "session", value };
      return { key, value: from, slot: -1, type: "session", text: undefined };
    }
    default:
      return undefined;
  }
}

const INTEGER_TYPES: ReadonlySet<string> = new Set([
  "tinyint",
  "smallint",
  "mediumint",
  "int",
  "bigint",
]);
const CHARACTER_TYPES: ReadonlySet<string> = new Set([
  "char",
  "varchar",
  "tinytext",
  "text",
  "mediumtext",
  "longtext",
]);
const BYTE_TYPES: ReadonlySet<string> = new Set([
  "binary",
  "varbinary",
  "tinyblob",
  "blob",
  "mediumblob",
  "longblob",
]);

/** Collations under which blanks at the end count (manual, "Trailing Space Handling"). */
const NO_PAD = /_0900_bin$|_nopad_bin$/;

/**
 * How values compared with a column become the vindex's input. Undefined: equal values may have
 * several keyspace ids (a vindex over bytes under a collation that ignores case), so equality says
 * nothing about the shard.
 */
export function comparisonOf(
  column: TableColumn | undefined,
  vindex: Vindex,
): ComparisonKind | undefined {
  const dataType = column?.dataType ?? "";
  if (vindex.input === "integer") {
    if (CHARACTER_TYPES.has(dataType) || BYTE_TYPES.has(dataType)) return "digits";
    const usable = dataType === "" || dataType === "decimal" || INTEGER_TYPES.has(dataType);
    return usable ? "integer" : undefined;
  }
  if (dataType === "") return "unknown";
  if (INTEGER_TYPES.has(dataType)) return "integer";
  if (BYTE_TYPES.has(dataType)) return "text";
  if (!CHARACTER_TYPES.has(dataType)) return undefined;
  if (vindex.input === "characters") return "text";
  const collation = column?.collation ?? "";
  if (collation === "binary") return "text";
  if (!collation.endsWith("_bin")) return undefined;
  return NO_PAD.test(collation) ? "text" : "padded";
}

/** Whether `column = constant` names one keyspace id, by the literal's type. */
export function isRoutable(kind: ComparisonKind, { type }: Constant): boolean {
  return isRoutableType(kind, type);
}

export function isRoutableType(kind: ComparisonKind, type: Constant["type"]): boolean {
  if (type === "hex" || type === "bit" || type === "float") return false;
  if (type === "param" || type === "session" || type === "null" || type === "string") return true;
  if (type === "decimal") return kind === "integer" || kind === "digits";
  return kind !== "text" && kind !== "padded";
}
