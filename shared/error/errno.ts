/** MySQL server error numbers that code reacts to (rows of errors.ts carry their own). */
/** Since MariaDB 11.6: a row was changed behind the transaction's snapshot. */
export const ER_CHECKREAD = 1020;
export const ER_BAD_FIELD_ERROR = 1054;
/** A key of that name is there. */
export const ER_DUP_KEYNAME = 1061;
export const ER_DUP_ENTRY = 1062;
export const ER_NO_SUCH_THREAD = 1094;
/** The session is another user's. */
export const ER_KILL_DENIED_ERROR = 1095;
export const ER_UNKNOWN_ERROR = 1105;
export const ER_NO_SUCH_TABLE = 1146;
/** MySQL's own spelling. */
export const ER_KEY_DOES_NOT_EXITS = 1176;
export const ER_LOCK_WAIT_TIMEOUT = 1205;
export const ER_LOCK_DEADLOCK = 1213;
/** The user lacks a global privilege. */
export const ER_SPECIFIC_ACCESS_DENIED_ERROR = 1227;
/** A value was cut or rounded: a note where strict sql_modes don't refuse it. */
export const WARN_DATA_TRUNCATED = 1265;
/** The server runs with --read-only: a demoted primary. */
export const ER_OPTION_PREVENTS_STATEMENT = 1290;
export const ER_QUERY_INTERRUPTED = 1317;
/** MariaDB: information_schema leaves a table out, since DDL is putting it in place. */
export const ER_WARN_I_S_SKIPPED_TABLE = 1684;
