/** Limits of the MySQL server, each with its reason. */

/** max_allowed_packet as clients know it: MySQL 8's default for its own server. */
export const PACKET_BYTES_MAX = 64 * 1024 * 1024;

/** What a client may send before it is logged in: attributes are 64 KB at most in mysqld. */
export const HANDSHAKE_PACKET_BYTES_MAX = 128 * 1024;

/** mysqld's connect_timeout. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * Read buffer of an idle connection: an OLTP statement fits. 10,000 connections hold 10 MB of
 * them.
 */
export const IDLE_READ_BYTES = 1024;

/** One write to the socket carries about this much of a large result. */
export const WRITE_BUFFER_BYTES = 64 * 1024;

/** First size of an answer's buffer; most answers are smaller. Kept for the next one. */
export const WRITE_BUFFER_BYTES_MIN = 16 * 1024;

/** Buffers that a server keeps for connections with an answer to write. */
export const WRITE_BUFFERS_KEPT_MAX = 128;

/**
 * The next size: less than WRITE_BUFFER_BYTES that wait, and what a tablet sends at a time
 * (DATA_BYTES_MAX of shared/host/mux_server.ts) behind them.
 */
export const WRITE_BUFFER_BYTES_LARGE = 160 * 1024;

/** Of these: 10 MB. */
export const WRITE_BUFFERS_LARGE_KEPT_MAX = 64;

/** Above this many unsent bytes a producer has to wait. */
export const WRITE_HIGH_WATER_BYTES = 256 * 1024;

/** mysqld's net_write_timeout: a client that takes nothing for so long is cut off. */
export const WRITE_TIMEOUT_MS = 60_000;

/** How long a refused client may take to read why, before its connection is reset. */
export const LINGER_MS = 1000;
