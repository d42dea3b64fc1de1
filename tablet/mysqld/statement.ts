/** Small pieces that both flavors write and read statements with. */

/**
 * How long a commit waits for its acknowledgement: for ever, about. A primary that gave up
 * waiting would acknowledge rows that die with it (Vitess's init does the same). Milliseconds;
 * the largest value that both servers take.
 */
export const SEMI_SYNC_TIMEOUT_MS = 4_294_967_295;

/** A text as an SQL string literal, for statements that take no parameters (CHANGE MASTER). */
export function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** A name as an SQL identifier. */
export function quoteName(name: string): string {
  return "`" + name.replaceAll("`", "``") + "`";
}

/** "Yes", "ON" or "1" of a status row. */
export function isYes(text: string | null | undefined): boolean {
  return text === "Yes" || text === "ON" || text === "1";
}

/** Seconds_Behind_Source: NULL while replication does not run. */
export function lagOf(text: string | null | undefined): number | undefined {
  return text === null || text === undefined || text === "" ? undefined : Number(text);
}
