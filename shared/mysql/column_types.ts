/** Column types of the protocol, spelled as in the manual ("field_types.h"). */
export const MYSQL_TYPE_DECIMAL = 0x00;
export const MYSQL_TYPE_TINY = 0x01;
export const MYSQL_TYPE_SHORT = 0x02;
export const MYSQL_TYPE_LONG = 0x03;
export const MYSQL_TYPE_FLOAT = 0x04;
export const MYSQL_TYPE_DOUBLE = 0x05;
export const MYSQL_TYPE_NULL = 0x06;
export const MYSQL_TYPE_TIMESTAMP = 0x07;
export const MYSQL_TYPE_LONGLONG = 0x08;
export const MYSQL_TYPE_INT24 = 0x09;
export const MYSQL_TYPE_DATE = 0x0a;
export const MYSQL_TYPE_TIME = 0x0b;
export const MYSQL_TYPE_DATETIME = 0x0c;
export const MYSQL_TYPE_YEAR = 0x0d;
/** Inside the server only, as the next three "...2" types: never on the wire to a client. */
export const MYSQL_TYPE_NEWDATE = 0x0e;
export const MYSQL_TYPE_VARCHAR = 0x0f;
export const MYSQL_TYPE_BIT = 0x10;
export const MYSQL_TYPE_TIMESTAMP2 = 0x11;
export const MYSQL_TYPE_DATETIME2 = 0x12;
export const MYSQL_TYPE_TIME2 = 0x13;
/** MySQL 9: VECTOR. Its value travels as a byte string. */
export const MYSQL_TYPE_VECTOR = 0xf2;
export const MYSQL_TYPE_JSON = 0xf5;
export const MYSQL_TYPE_NEWDECIMAL = 0xf6;
export const MYSQL_TYPE_ENUM = 0xf7;
export const MYSQL_TYPE_SET = 0xf8;
export const MYSQL_TYPE_TINY_BLOB = 0xf9;
export const MYSQL_TYPE_MEDIUM_BLOB = 0xfa;
export const MYSQL_TYPE_LONG_BLOB = 0xfb;
export const MYSQL_TYPE_BLOB = 0xfc;
export const MYSQL_TYPE_VAR_STRING = 0xfd;
export const MYSQL_TYPE_STRING = 0xfe;
export const MYSQL_TYPE_GEOMETRY = 0xff;

/** Flags of a column definition (manual, "Column Definition Flags"). */
export const NOT_NULL_FLAG = 0x0001;
export const PRI_KEY_FLAG = 0x0002;
export const UNIQUE_KEY_FLAG = 0x0004;
export const MULTIPLE_KEY_FLAG = 0x0008;
export const BLOB_FLAG = 0x0010;
export const UNSIGNED_FLAG = 0x0020;
export const ZEROFILL_FLAG = 0x0040;
export const BINARY_FLAG = 0x0080;
export const ENUM_FLAG = 0x0100;
export const AUTO_INCREMENT_FLAG = 0x0200;
export const TIMESTAMP_FLAG = 0x0400;
export const SET_FLAG = 0x0800;
export const NO_DEFAULT_VALUE_FLAG = 0x1000;
export const ON_UPDATE_NOW_FLAG = 0x2000;
export const NUM_FLAG = 0x8000;
