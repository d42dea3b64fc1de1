/** Sequences that fill AUTO_INCREMENT columns of tables which get writes in a new place. */
import { vtError } from "../../shared/error/errors.ts";
import type { JsonObject } from "../../shared/model/records.ts";
import { readDocument } from "./vschema_change.ts";

export interface Sequence {
  /** The table whose ids it gives. */
  readonly table: string;
  readonly column: string;
  /** Where the sequence's own table is. */
  readonly keyspace: string;
  readonly sequence: string;
}

/**
 * The sequences of these tables in their new keyspace. VT22002 when the VSchema names one that no
 * keyspace has, or several have: ids could be given twice.
 */
export function findSequences(
  vschemas: ReadonlyMap<string, JsonObject>,
  keyspace: string,
  tables: readonly string[],
): readonly Sequence[] {
  const document = readDocument(vschemas.get(keyspace));
  return tables.flatMap((table) => {
    const auto = document.tables.get(table)?.autoIncrement;
    if (auto === undefined) return [];
    const owner = findOwner(vschemas, auto.sequence, `${keyspace}.${table}`);
    return [{ table, column: auto.column, ...owner }];
  });
}

function findOwner(
  vschemas: ReadonlyMap<string, JsonObject>,
  name: string,
  table: string,
): Pick<Sequence, "keyspace" | "sequence"> {
  const dot = name.indexOf(".");
  const [wanted, sequence] = dot < 0
    ? [undefined, name]
    : [name.slice(0, dot), name.slice(dot + 1)];
  const owners = [...vschemas].filter(([keyspace, vschema]) =>
    (wanted === undefined || keyspace === wanted) &&
    readDocument(vschema).tables.get(sequence)?.type === "sequence"
  ).map(([keyspace]) => keyspace);
  const [owner] = owners;
  if (owner !== undefined && owners.length === 1) return { keyspace: owner, sequence };
  const found = owners.length === 0
    ? "no keyspace's VSchema has a table of type sequence by that name"
    : `keyspaces ${owners.join(" and ")} have one`;
  throw vtError(
    "VT22002",
    `the sequence ${name} of ${table} is not known: ${found}; mend the VSchemas with ApplyVSchema ("keyspace.sequence" names one exactly), or switch with --initialize-target-sequences=false`,
  );
}
