/**
 * What the normaliser makes of a statement. The main functions of this folder are
 *
 *     normalize(sql, options)               normalize.ts   -> Normalized
 *     parseStatement(sql, normalized, options)  parser.ts  -> Statement (ER_PARSE_ERROR if none)
 *     splitStatements(sql, options)         split.ts       -> spans of the statements of a text
 *     spliceText(sql, edits) / splicePieces(sql, slots, edits, range)   splice.ts
 *     decodeLiteral(sql, slot, options)     literal.ts     -> LiteralValue
 *     walk(node, visit), tablesOf, columnsOf, aggregatesOf, subqueriesOf   walk.ts
 *     quoteName(name), quoteString(value)   print.ts
 */

/** One literal or `?` of a statement, or the whole of an IN list. Offsets are half open. */
export type Slot = ValueSlot | ListSlot;

export type SlotType = "int" | "decimal" | "float" | "string" | "hex" | "bit" | "param";

export interface ValueSlot {
  readonly kind: "value";
  readonly type: SlotType;
  readonly start: number;
  readonly end: number;
  /** For "param": its place among the statement's parameters, from 0; else -1. */
  readonly param: number;
}

export interface ListSlot {
  readonly kind: "list";
  /** The one type of its items. */
  readonly type: SlotType;
  /** From the first item to the end of the last, inside the parentheses. */
  readonly start: number;
  readonly end: number;
  readonly items: readonly ValueSlot[];
}

export interface Normalized {
  /**
   * The statement with each slot replaced by a mark of its type: equal keys mean statements that
   * differ in slots only (and in the comments around them). Session settings that change the
   * meaning (SqlOptions, character set) are not in it: the plan cache adds them.
   */
  readonly key: string;
  readonly slots: readonly Slot[];
  /** Number of `?`. */
  readonly params: number;
  /** The statement without the comments and blanks around it and without its semicolon. */
  readonly start: number;
  readonly end: number;
  /** First word, lower case; "(" for a query in parentheses; "" for an empty statement. */
  readonly firstWord: string;
  /** Where the next statement of the text begins, after the semicolon; -1: there is none. */
  readonly next: number;
}
