/**
 * The VSchemas of all keyspaces and the routing rules, as one thing to look names up in. Immutable:
 * a gate builds a new one when the topology or a schema changes.
 */
import { VtError, vtError } from "../error/errors.ts";
import { EMPTY_TABLE } from "./document.ts";
import {
  buildKeyspace,
  type TrackedTable,
  type VSchemaKeyspace,
  type VSchemaTable,
} from "./keyspace.ts";
import { parseKeyspace } from "./parse.ts";

export interface VSchemaSource {
  /** The VSchema document of each keyspace, as JSON: SrvVSchema of shared/model. */
  readonly keyspaces: Readonly<Record<string, unknown>>;
  readonly routingRules: {
    readonly rules: readonly { readonly fromTable: string; readonly toTables: readonly string[] }[];
  };
}

/** A table's name as a statement has it. */
export interface TableReference {
  /** Keyspace; undefined: none written. */
  readonly keyspace: string | undefined;
  readonly table: string;
}

/** The tables that a tablet of each keyspace has told of. */
type Tracked = ReadonlyMap<string, readonly TrackedTable[]>;

/** Where a name leads. */
export interface Resolved {
  readonly table: VSchemaTable;
  /** A routing rule changed keyspace or name. */
  readonly routed: boolean;
}

export interface SequenceTarget {
  readonly keyspace: string;
  readonly table: string;
}

export class VSchema {
  readonly #keyspaces: ReadonlyMap<string, VSchemaKeyspace>;
  /** Why a keyspace's VSchema doesn't work: it fails when it is used, the others go on. */
  readonly #errors: ReadonlyMap<string, VtError>;
  readonly #rules: ReadonlyMap<string, readonly string[]>;
  /** Tables by name, over the keyspaces that don't ask for explicit routing. */
  readonly #global: ReadonlyMap<string, readonly VSchemaTable[]>;

  constructor(
    keyspaces: ReadonlyMap<string, VSchemaKeyspace>,
    errors: ReadonlyMap<string, VtError>,
    rules: ReadonlyMap<string, readonly string[]>,
    tracked: Tracked,
  ) {
    this.#keyspaces = keyspaces;
    this.#errors = errors;
    this.#rules = rules;
    this.#global = globalTables(keyspaces, tracked);
  }

  /** Names, sorted; also of those with errors. */
  keyspaceNames(): readonly string[] {
    return [...new Set([...this.#keyspaces.keys(), ...this.#errors.keys()])].sort();
  }

  hasKeyspace(name: string): boolean {
    return this.#keyspaces.has(name) || this.#errors.has(name);
  }

  /** VT05003 for an unknown one, VT25004 when its VSchema is wrong. */
  keyspace(name: string): VSchemaKeyspace {
    const found = this.#keyspaces.get(name);
    if (found !== undefined) return found;
    throw this.#errors.get(name) ?? vtError("VT05003", name);
  }

  /** What is wrong with a keyspace's VSchema, for SHOW VSCHEMA KEYSPACES. */
  errorOf(name: string): VtError | undefined {
    return this.#errors.get(name);
  }

  /** The keyspace for statements that need none: the first unsharded one, else the first. */
  anyKeyspace(): string | undefined {
    const names = [...this.#keyspaces.keys()].sort();
    return names.find((name) => this.#keyspaces.get(name)?.sharded === false) ?? names[0];
  }

  /**
   * Finds a table: routing rules first, then its keyspace or the selected one, else the only
   * keyspace that has it. A table that an unsharded keyspace doesn't list is taken on trust.
   * VT25002, VT25003, VT25005, VT05003.
   */
  findTable(
    reference: TableReference,
    selected: string | undefined,
    tabletType: string,
  ): Resolved {
    const keyspace = reference.keyspace ?? selected;
    const rule = this.#rule(keyspace, reference.table, tabletType);
    if (rule !== undefined) {
      const table = this.#routed(rule, reference.table);
      const routed = table.keyspace !== keyspace || table.name !== reference.table;
      return { table, routed };
    }
    return { table: this.#unrouted(keyspace, reference.table), routed: false };
  }

  /** The sequence that fills a table's AUTO_INCREMENT column; its name may lack the keyspace. */
  findSequence(name: string): SequenceTarget {
    const [keyspace, table] = splitQualified(name);
    let found: VSchemaTable;
    try {
      found = this.findTable({ keyspace, table }, undefined, "primary").table;
    } catch (error) {
      if (!(error instanceof VtError)) throw error;
      throw vtError(
        "VT25004",
        `sequence ${name}`,
        `cannot resolve sequence ${name}: ${error.message}`,
      );
    }
    return { keyspace: found.keyspace, table: found.name };
  }

  #rule(
    keyspace: string | undefined,
    table: string,
    tabletType: string,
  ): readonly string[] | undefined {
    if (this.#rules.size === 0) return undefined;
    const name = keyspace === undefined ? table : `${keyspace}.${table}`;
    return this.#rules.get(`${name}@${tabletType}`) ?? this.#rules.get(name);
  }

  #routed(targets: readonly string[], from: string): VSchemaTable {
    const [target] = targets;
    if (target === undefined) throw vtError("VT25005", from);
    const [keyspace, table] = splitQualified(target);
    return this.#unrouted(keyspace, table);
  }

  #unrouted(keyspaceName: string | undefined, table: string): VSchemaTable {
    if (keyspaceName === undefined) return this.#anywhere(table);
    const keyspace = this.keyspace(keyspaceName);
    const found = keyspace.tables.get(table);
    if (found !== undefined) return found;
    if (keyspace.sharded) throw vtError("VT25002", table);
    return impliedTable(keyspace.name, table);
  }

  #anywhere(table: string): VSchemaTable {
    const candidates = this.#global.get(table) ?? [];
    const [first] = candidates;
    if (first !== undefined && candidates.length === 1) return first;
    if (first !== undefined) {
      const original = commonSource(candidates);
      if (original !== undefined) return original;
      throw vtError("VT25003", table);
    }
    const [only] = this.#keyspaces.values();
    if (only !== undefined && this.keyspaceNames().length === 1 && !only.sharded) {
      return impliedTable(only.name, table);
    }
    throw vtError("VT25002", table);
  }
}

/**
 * Builds from the topology's record and, where tablets have told, the real columns. Rules and
 * references between keyspaces that don't hold are found when they are used.
 */
export function buildVSchema(
  source: VSchemaSource,
  tracked: Tracked = new Map(),
): VSchema {
  const keyspaces = new Map<string, VSchemaKeyspace>();
  const errors = new Map<string, VtError>();
  for (const [name, document] of Object.entries(source.keyspaces)) {
    try {
      keyspaces.set(name, buildKeyspace(name, parseKeyspace(document), tracked.get(name)));
    } catch (error) {
      if (!(error instanceof VtError)) throw error;
      errors.set(name, error);
    }
  }
  const rules = new Map<string, readonly string[]>();
  for (const { fromTable, toTables } of source.routingRules.rules) {
    rules.set(canonicalRule(fromTable), toTables);
  }
  return new VSchema(keyspaces, errors, rules, tracked);
}

/**
 * Checks routing rules before they are saved: one target at most, qualified, no duplicates.
 * VT25004 in Vitess's words.
 */
export function checkRoutingRules(rules: VSchemaSource["routingRules"]["rules"]): void {
  const seen = new Set<string>();
  for (const { fromTable, toTables } of rules) {
    const from = canonicalRule(fromTable);
    if (seen.has(from)) {
      throw vtError("VT25004", "routing rules", `duplicate rule for entry ${from}`);
    }
    seen.add(from);
    if (toTables.length > 1) {
      const targets = `[${toTables.join(" ")}]`;
      throw vtError(
        "VT25004",
        "routing rules",
        `table ${from} has more than one target: ${targets}`,
      );
    }
    for (const target of toTables) {
      if (splitQualified(target)[0] !== undefined) continue;
      throw vtError("VT25004", "routing rules", `table ${target} must be qualified`);
    }
  }
}

/** "@master" is "@primary"'s old name. */
function canonicalRule(fromTable: string): string {
  return fromTable.replace(/@master$/, "@primary");
}

function splitQualified(name: string): [keyspace: string | undefined, table: string] {
  const dot = name.indexOf(".");
  return dot < 0 ? [undefined, name] : [name.slice(0, dot), name.slice(dot + 1)];
}

/**
 * Of several tables of a name, those that a VSchema lists hide those that only exist, copies on
 * their way to another keyspace (go/vt/vtgate/vindexes/vschema.go AddAdditionalGlobalTables); and
 * those that exist hide those that are only listed, for tables that will come.
 */
function globalTables(
  keyspaces: ReadonlyMap<string, VSchemaKeyspace>,
  tracked: Tracked,
): ReadonlyMap<string, readonly VSchemaTable[]> {
  const listed = new Map<string, VSchemaTable[]>();
  const unlisted = new Map<string, VSchemaTable[]>();
  for (const keyspace of keyspaces.values()) {
    if (keyspace.requireExplicitRouting) continue;
    for (const [name, table] of keyspace.tables) {
      const out = keyspace.document.tables.has(name) ? listed : unlisted;
      const all = out.get(name);
      if (all === undefined) out.set(name, [table]);
      else all.push(table);
    }
  }
  for (const [name, tables] of listed) {
    if (tables.length < 2) continue;
    const existing = tables.filter((table) =>
      tracked.get(table.keyspace)?.some((one) => one.name === name)
    );
    if (existing.length > 0) listed.set(name, existing);
  }
  return new Map([...unlisted, ...listed]);
}

/** A reference table and its copies are the same rows: any name means the source. */
function commonSource(tables: readonly VSchemaTable[]): VSchemaTable | undefined {
  return tables.find((original) =>
    tables.every((table) =>
      table === original ||
      (table.type === "reference" && table.source === `${original.keyspace}.${original.name}`)
    )
  );
}

/** A table of an unsharded keyspace that nobody listed: mysqld knows whether it exists. */
export function impliedTable(keyspace: string, name: string): VSchemaTable {
  return {
    keyspace,
    sharded: false,
    name,
    type: EMPTY_TABLE.type,
    isView: false,
    columnVindexes: [],
    autoIncrement: undefined,
    columns: [],
    authoritative: false,
    pinned: undefined,
    source: "",
  };
}
