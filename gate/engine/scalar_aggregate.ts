/** One row from the single rows of all shards: COUNT and SUM add, MIN and MAX choose. */
import { decodeColumnDefinition } from "../../shared/mysql/column_definition.ts";
import { MYSQL_TYPE_DOUBLE, MYSQL_TYPE_FLOAT } from "../../shared/mysql/column_types.ts";
import { printDouble } from "../../shared/mysql/float_text.ts";
import { encodeFrames } from "../../shared/mysql/frame.ts";
import { encodeTextRow } from "../../shared/mysql/text_row.ts";
import type { AggregateColumn, ScalarAggregate } from "../plan/plan.ts";
import { DecimalSum } from "./decimal_sum.ts";
import { comparatorOf, compareWeights, ordersByWeight } from "./key_comparator.ts";
import { nextPacket, type RowOutput } from "./rows.ts";
import { rowPayload, textRowValues } from "./text_row.ts";

type Value = Uint8Array | undefined;
type Row = readonly Value[];

/** Collects the shards' rows; `finish` sends the one that they make. */
export class ScalarAggregateOutput implements RowOutput {
  readonly #output: RowOutput;
  readonly #plan: ScalarAggregate;
  #definitions: readonly Uint8Array[] = [];
  readonly #rows: Row[] = [];

  constructor(output: RowOutput, plan: ScalarAggregate) {
    this.#output = output;
    this.#plan = plan;
  }

  columns(definitions: readonly Uint8Array[]): void {
    this.#definitions = definitions;
    this.#output.columns(definitions.slice(0, definitions.length - this.#plan.hiddenColumns));
  }

  rows(packets: Uint8Array): void {
    for (let at = 0; at < packets.length;) {
      const end = nextPacket(packets, at);
      const payload = rowPayload(packets, at, end).slice();
      this.#rows.push(textRowValues(payload, this.#definitions.length));
      at = end;
    }
  }

  async finish(): Promise<void> {
    const first = this.#rows[0];
    if (first === undefined) return;
    const values: (Uint8Array | null)[] = first.map((value) => value ?? null);
    for (const aggregate of this.#plan.aggregates) {
      values[aggregate.column] = this.#combine(aggregate) ?? null;
    }
    const visible = values.slice(0, values.length - this.#plan.hiddenColumns);
    await this.#output.rows(encodeFrames(encodeTextRow(visible), 0));
  }

  #combine(aggregate: AggregateColumn): Value {
    const { column, fn } = aggregate;
    if (fn === "min" || fn === "max") return this.#choose(aggregate, fn === "min" ? -1 : 1);
    const values = this.#rows.map((row) => row[column]).filter((value) => value !== undefined);
    if (values.length === 0) return undefined;
    const { type } = this.#definition(column);
    const isDouble = type === MYSQL_TYPE_DOUBLE || type === MYSQL_TYPE_FLOAT;
    return ascii(isDouble ? sumDoubles(values) : sumDecimals(values));
  }

  #choose(aggregate: AggregateColumn, sign: -1 | 1): Value {
    const { column, weightColumn, padColumn } = aggregate;
    const definition = this.#definition(column);
    const compareValues = comparatorOf(definition, weightColumn !== undefined);
    const weights = ordersByWeight(definition, weightColumn) ? weightColumn : undefined;
    let best: Row | undefined;
    for (const row of this.#rows) {
      if (row[column] === undefined) continue;
      if (best === undefined) {
        best = row;
        continue;
      }
      const padding = (padColumn === undefined ? undefined : row[padColumn]) ?? NOTHING;
      const order = weights === undefined
        ? compareValues(row[column] ?? NOTHING, best[column] ?? NOTHING)
        : compareWeights(row[weights] ?? NOTHING, best[weights] ?? NOTHING, padding);
      if (order * sign > 0) best = row;
    }
    return best?.[column];
  }

  #definition(column: number) {
    const definition = this.#definitions[column];
    if (definition === undefined) throw new RangeError(`No column ${column} to aggregate`);
    return decodeColumnDefinition(definition);
  }
}

const NOTHING = new Uint8Array();

function sumDecimals(values: readonly Uint8Array[]): string {
  const sum = new DecimalSum();
  for (const value of values) sum.add(text(value));
  return sum.toString();
}

function sumDoubles(values: readonly Uint8Array[]): string {
  return printDouble(values.reduce((sum, value) => sum + Number(text(value)), 0));
}

function text(value: Uint8Array): string {
  return String.fromCharCode(...value);
}

function ascii(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0));
}
