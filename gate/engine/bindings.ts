/** The values of one running statement: its literals, its parameters and what the session knows. */
import type { ListSlot, Slot, ValueSlot } from "../../shared/sql/slots.ts";
import { parseLiteral, printLiteral, type Value } from "../../shared/value/value.ts";
import type { PlanValue, SessionValue } from "../plan/plan.ts";

export interface BindingsSource {
  /** The whole text that came, as a byte string; slots are offsets into it. */
  readonly sql: string;
  /** The same as bytes. */
  readonly bytes: Uint8Array;
  /** The statement's own part of the text. */
  readonly start: number;
  readonly end: number;
  readonly slots: readonly Slot[];
  /** Parameters of COM_STMT_EXECUTE; empty for text protocol. */
  readonly parameters: readonly Value[];
  /** sql_mode NO_BACKSLASH_ESCAPES and NO_AUTO_VALUE_ON_ZERO. */
  readonly noBackslashEscapes: boolean;
  readonly noAutoValueOnZero: boolean;
  /** An SQL literal. Read once a statement: a value is the same wherever it stands. */
  readonly session: (value: SessionValue) => string;
}

export class Bindings {
  readonly source: BindingsSource;
  #session: Map<string, string> | undefined;

  constructor(source: BindingsSource) {
    this.source = source;
  }

  /** The bytes of the statement, as the client wrote it. */
  get verbatim(): Uint8Array {
    const { bytes, start, end } = this.source;
    return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
  }

  #slot(index: number): Slot {
    const slot = this.source.slots[index];
    if (slot === undefined) throw new RangeError(`The statement has no slot ${index}`);
    return slot;
  }

  /** A slot as SQL text: the literal as written, or the parameter printed as one. */
  slotText(index: number): string {
    const slot = this.#slot(index);
    if (slot.type !== "param") return this.source.sql.slice(slot.start, slot.end);
    if (slot.kind === "value") return this.#parameterText(slot);
    return slot.items.map((item) => this.#parameterText(item)).join(", ");
  }

  /** A slot as it stands in the statement: a parameter is "?". */
  slotSource(index: number): string {
    const slot = this.#slot(index);
    return this.source.sql.slice(slot.start, slot.end);
  }

  /** The numbers of the parameters in a slot. */
  parametersOf(index: number): readonly number[] {
    const slot = this.#slot(index);
    if (slot.type !== "param") return [];
    return slot.kind === "value" ? [slot.param] : slot.items.map((item) => item.param);
  }

  /** The statement with its parameters printed as literals. */
  withParameters(): string {
    const { sql, slots, start, end } = this.source;
    let text = "";
    let at = start;
    for (const slot of slots.flatMap((each) => each.kind === "value" ? [each] : each.items)) {
      if (slot.type !== "param") continue;
      text += sql.slice(at, slot.start) + this.#parameterText(slot);
      at = slot.end;
    }
    return text + sql.slice(at, end);
  }

  #valueSlotText(slot: ValueSlot): string {
    if (slot.type === "param") return this.#parameterText(slot);
    return this.source.sql.slice(slot.start, slot.end);
  }

  #parameterText(slot: ValueSlot): string {
    const { noBackslashEscapes } = this.source;
    return printLiteral(this.#parameter(slot), { noBackslashEscapes });
  }

  #parameter(slot: ValueSlot): Value {
    const value = this.source.parameters[slot.param];
    if (value === undefined) throw new RangeError(`Parameter ${slot.param} has no value`);
    return value;
  }

  #valueOfSlot(slot: ValueSlot): Value {
    if (slot.type === "param") return this.#parameter(slot);
    return this.#parse(this.source.sql.slice(slot.start, slot.end));
  }

  #parse(sql: string): Value {
    const { noBackslashEscapes } = this.source;
    return parseLiteral(sql, { noBackslashEscapes });
  }

  session(value: SessionValue): string {
    const key = `${value.kind} ${value.name}`;
    const known = this.#session?.get(key);
    if (known !== undefined) return known;
    const sql = this.source.session(value);
    this.#session ??= new Map();
    this.#session.set(key, sql);
    return sql;
  }

  /**
   * The value as text of a statement. A whole number has mysqld's type then (BIGINT), and doesn't
   * mean a column's position in ORDER BY.
   */
  sessionText(value: SessionValue): string {
    const literal = this.session(value);
    if (!/^-?[0-9]+$/.test(literal) || value.name === "connection_id") return literal;
    return `ifnull(${literal},9223372036854775807)`;
  }

  /** One value. RangeError for a list. */
  value(from: PlanValue): Value {
    switch (from.from) {
      case "slot": {
        const slot = this.#slot(from.slot);
        if (slot.kind === "list") break;
        return this.#valueOfSlot(slot);
      }
      case "session":
        return this.#parse(this.session(from.value));
      case "text":
        return this.#parse(from.sql);
      case "null":
        return { type: "null", text: "" };
    }
    throw new RangeError("A list stands where one value must");
  }

  /** One value as SQL text. */
  text(from: PlanValue): string {
    switch (from.from) {
      case "slot":
      case "list":
        return this.slotText(from.slot);
      case "items":
        return from.items.map((item) => this.text(item)).join(", ");
      case "session":
        return this.sessionText(from.value);
      case "text":
        return from.sql;
      case "null":
        return "NULL";
    }
  }

  /** The items of a list, each with its SQL text. */
  items(from: PlanValue): readonly { readonly value: Value; readonly sql: string }[] {
    if (from.from === "items") {
      return from.items.map((item) => ({ value: this.value(item), sql: this.text(item) }));
    }
    if (from.from !== "list") return [{ value: this.value(from), sql: this.text(from) }];
    return this.#list(from.slot).items.map((item) => ({
      value: this.#valueOfSlot(item),
      sql: this.#valueSlotText(item),
    }));
  }

  #list(index: number): ListSlot {
    const slot = this.#slot(index);
    if (slot.kind !== "list") throw new RangeError(`Slot ${index} is no list`);
    return slot;
  }
}
