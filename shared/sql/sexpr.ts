/** A syntax tree as text that a person can read, for tests and for debugging. */
import type { Name, Span } from "./ast.ts";

const LINE_CHARS_MAX = 96;
const INDENT = "  ";

/** `(kind field=value child ...)`; what is undefined, false or empty is left out. */
export function printTree(sql: string, root: Span): string {
  return printValue(sql, root, "");
}

function printValue(sql: string, value: unknown, indent: string): string {
  if (Array.isArray(value)) return printParts("[", "]", printAll(sql, value, indent), indent);
  if (typeof value !== "object" || value === null) return String(value);
  if (isName(value)) return value.slot < 0 ? value.text : `${value.text}$${value.slot}`;
  const leaf = printLeaf(sql, value);
  if (leaf !== undefined) return leaf;
  const parts: string[] = [];
  if ("kind" in value) parts.push(String(value.kind));
  for (const [key, field] of Object.entries(value)) {
    if (HIDDEN.has(key) || isEmpty(field)) continue;
    parts.push(`${key}=${printValue(sql, field, indent + INDENT)}`);
  }
  return parts.length === 0 ? spanText(sql, value) : printParts("(", ")", parts, indent);
}

function printAll(sql: string, values: readonly unknown[], indent: string): readonly string[] {
  return values.map((value) => printValue(sql, value, indent + INDENT));
}

const HIDDEN: ReadonlySet<string> = new Set([
  ...["kind", "start", "end", "exprSpan", "itemsSpan", "fromSpan", "columnsSpan", "typeSpan"],
]);

function isEmpty(field: unknown): boolean {
  return field === undefined || field === false || (Array.isArray(field) && field.length === 0) ||
    (typeof field === "object" && field !== null && "others" in field &&
      Object.values(field).every(isEmpty));
}

function isName(value: object): value is Name {
  return "text" in value && "quoted" in value;
}

/** Literals with the slot that they fill, plain columns as they are written. */
function printLeaf(sql: string, value: object): string | undefined {
  const kind = "kind" in value ? value.kind : undefined;
  if (kind === "literal" || kind === "param" || kind === "literal_list") {
    const slot = "slot" in value ? Number(value.slot) : -1;
    return slot < 0 ? spanText(sql, value) : `${spanText(sql, value)}$${slot}`;
  }
  const plain = kind === "column" || kind === "table_name" || kind === "star" || kind === "null";
  return plain ? spanText(sql, value) : undefined;
}

function spanText(sql: string, value: object): string {
  if (!("start" in value) || !("end" in value)) return "{}";
  return sql.slice(Number(value.start), Number(value.end));
}

function printParts(
  open: string,
  close: string,
  parts: readonly string[],
  indent: string,
): string {
  const line = `${open}${parts.join(" ")}${close}`;
  if (line.length + indent.length <= LINE_CHARS_MAX && !line.includes("\n")) return line;
  return open + parts.join(`\n${indent}${INDENT}`) + close;
}
