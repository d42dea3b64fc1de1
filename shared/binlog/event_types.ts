/** Binlog event types, spelled as in mysql/binlog/event/binlog_event.h and MariaDB's log_event.h. */
export const QUERY_EVENT = 2;
export const STOP_EVENT = 3;
export const ROTATE_EVENT = 4;
export const INTVAR_EVENT = 5;
export const RAND_EVENT = 13;
export const USER_VAR_EVENT = 14;
export const FORMAT_DESCRIPTION_EVENT = 15;
export const XID_EVENT = 16;
export const BEGIN_LOAD_QUERY_EVENT = 17;
export const EXECUTE_LOAD_QUERY_EVENT = 18;
export const TABLE_MAP_EVENT = 19;
export const WRITE_ROWS_EVENT_V1 = 23;
export const UPDATE_ROWS_EVENT_V1 = 24;
export const DELETE_ROWS_EVENT_V1 = 25;
export const INCIDENT_EVENT = 26;
export const HEARTBEAT_LOG_EVENT = 27;
export const IGNORABLE_LOG_EVENT = 28;
export const ROWS_QUERY_LOG_EVENT = 29;
export const WRITE_ROWS_EVENT = 30;
export const UPDATE_ROWS_EVENT = 31;
export const DELETE_ROWS_EVENT = 32;
export const GTID_LOG_EVENT = 33;
export const ANONYMOUS_GTID_LOG_EVENT = 34;
export const PREVIOUS_GTIDS_LOG_EVENT = 35;
export const TRANSACTION_CONTEXT_EVENT = 36;
export const VIEW_CHANGE_EVENT = 37;
export const XA_PREPARE_LOG_EVENT = 38;
export const PARTIAL_UPDATE_ROWS_EVENT = 39;
export const TRANSACTION_PAYLOAD_EVENT = 40;
export const HEARTBEAT_LOG_EVENT_V2 = 41;
export const GTID_TAGGED_LOG_EVENT = 42;

export const MARIADB_ANNOTATE_ROWS_EVENT = 160;
export const MARIADB_BINLOG_CHECKPOINT_EVENT = 161;
export const MARIADB_GTID_EVENT = 162;
export const MARIADB_GTID_LIST_EVENT = 163;
export const MARIADB_START_ENCRYPTION_EVENT = 164;
export const MARIADB_QUERY_COMPRESSED_EVENT = 165;
export const MARIADB_WRITE_ROWS_COMPRESSED_EVENT_V1 = 166;
export const MARIADB_UPDATE_ROWS_COMPRESSED_EVENT_V1 = 167;
export const MARIADB_DELETE_ROWS_COMPRESSED_EVENT_V1 = 168;
export const MARIADB_WRITE_ROWS_COMPRESSED_EVENT = 169;
export const MARIADB_UPDATE_ROWS_COMPRESSED_EVENT = 170;
export const MARIADB_DELETE_ROWS_COMPRESSED_EVENT = 171;

/** In an event's flags: a server that doesn't know the type may skip it. */
export const LOG_EVENT_IGNORABLE_F = 0x80;
