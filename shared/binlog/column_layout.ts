/** How a column's values are laid out in row events. */
import type { TextType } from "./text_types.ts";

/** MariaDB's `COMPRESSED` columns: never on the wire to a client. */
export const MARIADB_TYPE_BLOB_COMPRESSED = 140;
export const MARIADB_TYPE_VARCHAR_COMPRESSED = 141;

/** A column as its values are laid out in row events. */
export interface ColumnLayout {
  /** ENUM and SET as such, although the event says STRING. */
  readonly type: number;
  /**
   * STRING: bytes at most. VARCHAR: the same. BLOB and its like: bytes of the length. NEWDECIMAL:
   * precision * 256 + scale. BIT: bits. ENUM, SET: bytes of the value. ...2: digits of the
   * fraction.
   */
  readonly size: number;
  /** A STRING that is a text to clients. */
  readonly text?: TextType;
}

/** The collation of bytes that are no text. */
export const COLLATION_BINARY = 63;
