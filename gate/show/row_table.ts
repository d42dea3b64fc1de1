/** What a SHOW that the gate answers itself comes to. */

/** Undefined is NULL. */
export type ShowCell = string | number | undefined;

export interface ShowTable {
  readonly columns: readonly string[];
  /** Columns of numbers, by position; all others are texts. */
  readonly numbers?: readonly number[];
  readonly rows: readonly (readonly ShowCell[])[];
}
