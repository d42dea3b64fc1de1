/**
 * Collations of this tablet's mysqld by id: a connection that is reset or used again takes its
 * collation by name, and the handshake has room for ids below 256 only.
 */
import { vtError } from "../../shared/error/errors.ts";
import { collationById, defaultCollation } from "../../shared/mysql/collations.ts";
import type { MysqldConnection } from "../mysqld/connection.ts";

export interface Collation {
  readonly charset: string;
  readonly name: string;
}

/** Every server has it below 256: utf8mb4_general_ci. */
export const HANDSHAKE_COLLATION = 45;

const QUERY = "select id, character_set_name, collation_name from information_schema.collations " +
  "where id is not null";

/** MariaDB 10.10 and later list the ids of their newer collations here. */
const QUERY_MARIADB = "select id, character_set_name, full_collation_name " +
  "from information_schema.collation_character_set_applicability where id is not null";

export class Collations {
  #byId: ReadonlyMap<number, Collation> | undefined;

  /** Reads them over the first connection; later calls cost nothing. */
  async load(
    connection: MysqldConnection,
    options: { readonly signal: AbortSignal },
  ): Promise<void> {
    if (this.#byId !== undefined) return;
    const isMariadb = connection.serverVersion.includes("MariaDB");
    const query = isMariadb && await hasFullNames(connection, options) ? QUERY_MARIADB : QUERY;
    const { rows } = await connection.fetchRows(query, options);
    this.#byId = new Map(
      rows.map(([id, charset, name]) => [
        Number(id),
        { charset: charset ?? "", name: name ?? "" },
      ]),
    );
  }

  /**
   * One that only the other server has becomes its character set's default here: a client of MySQL
   * names utf8mb4_0900_ai_ci without meaning anything by it. Throws VT20013 for any other id.
   */
  get(id: number): Collation {
    const collation = this.#byId?.get(id) ?? this.#byId?.get(defaultOfCharset(id));
    if (collation === undefined) {
      throw vtError("VT20013", `this mysqld has no collation with id ${id}`);
    }
    return collation;
  }
}

/** -1 for an id that no server has. */
function defaultOfCharset(id: number): number {
  const charset = collationById(id)?.characterSet;
  return charset === undefined ? -1 : defaultCollation(charset)?.id ?? -1;
}

async function hasFullNames(
  connection: MysqldConnection,
  options: { readonly signal: AbortSignal },
): Promise<boolean> {
  const { rows } = await connection.fetchRows(
    "select 1 from information_schema.columns where table_schema = 'information_schema' " +
      "and table_name = 'COLLATION_CHARACTER_SET_APPLICABILITY' " +
      "and column_name = 'FULL_COLLATION_NAME'",
    options,
  );
  return rows.length > 0;
}
