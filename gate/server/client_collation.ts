import { vtError } from "../../shared/error/errors.ts";
import {
  COLLATION_UTF8MB4_0900_AI_CI,
  COLLATION_UTF8MB4_GENERAL_CI,
  collationById,
  isClientCollation,
} from "../../shared/mysql/collations.ts";

/**
 * The collation of a handshake as the gate uses it: what every server has. Clients of MySQL 8 send
 * 255, and those with no opinion send 0 or an id that nobody knows; both mean utf8mb4. Throws
 * VT24003 for a character set whose statements can't be read as bytes.
 */
export function clientCollation(id: number): number {
  const collation = collationById(id);
  if (collation === undefined || id === COLLATION_UTF8MB4_0900_AI_CI) {
    return COLLATION_UTF8MB4_GENERAL_CI;
  }
  if (!isClientCollation(id)) throw vtError("VT24003", collation.characterSet);
  return id;
}
