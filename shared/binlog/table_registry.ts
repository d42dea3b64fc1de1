/**
 * The tables whose rows are coming, by the ids that the server gave them. A table map stands
 * before each statement's rows and is nearly always the same as the last one: then it is not
 * decoded again.
 */
import { vtError } from "../error/errors.ts";
import type { TableFields } from "./change.ts";
import type { GtidFlavor } from "./position.ts";
import { type RowsTable, rowsTable } from "./rows_event.ts";
import { decodeTableMap, decodeTableMapName } from "./table_map.ts";
import { NO_TEXT_TYPES, type TextTypes } from "./text_types.ts";

/** "rows": the stream's own; "journal": _vt.resharding_journal; "skip": of no interest. */
export type TableUse = "rows" | "journal" | "skip";

interface Entry {
  readonly body: Uint8Array;
  readonly use: TableUse;
  /** Undefined for tables that are skipped. */
  readonly table: RowsTable | undefined;
}

export class TableRegistry {
  readonly #flavor: GtidFlavor;
  readonly #useOf: (database: string, table: string) => TableUse;
  readonly #byId = new Map<number, Entry>();
  #types: TextTypes = NO_TEXT_TYPES;
  /** The columns last told, by table, in a form that compares. */
  readonly #told = new Map<string, string>();

  constructor(flavor: GtidFlavor, useOf: (database: string, table: string) => TableUse) {
    this.#flavor = flavor;
    this.#useOf = useOf;
  }

  /** Takes a table map in. Returns the columns when they are new or differ from those last told. */
  map(body: Uint8Array): TableFields | undefined {
    const name = decodeTableMapName(body);
    const known = this.#byId.get(name.tableId);
    if (known !== undefined && sameBytes(known.body, body)) return undefined;
    const use = this.#useOf(name.database, name.table);
    const table = use === "skip"
      ? undefined
      : rowsTable(decodeTableMap(body, this.#flavor), this.#types);
    this.#byId.set(name.tableId, { body: body.slice(), use, table });
    if (use !== "rows" || table === undefined) return undefined;
    const columns = JSON.stringify(table.fields);
    if (this.#told.get(name.table) === columns) return undefined;
    this.#told.set(name.table, columns);
    return table.fields;
  }

  /** The table of an id; VT26001 without a table map. */
  table(id: number): { readonly use: TableUse; readonly table: RowsTable | undefined } {
    const entry = this.#byId.get(id);
    if (entry === undefined) throw vtError("VT26001", `rows of table ${id} without a table map`);
    return entry;
  }

  get types(): TextTypes {
    return this.#types;
  }

  /** What the columns are from now on. */
  set types(types: TextTypes) {
    this.#types = types;
    this.#byId.clear();
  }

  /** Ids start anew with each binlog file of a restarted server. */
  forgetIds(): void {
    this.#byId.clear();
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
