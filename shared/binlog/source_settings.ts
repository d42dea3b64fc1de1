/** What a mysqld must be set to before its binlog can be followed, and how that is done. */

/** Variable and the value that it must have where the server has it. */
const DEMANDS: readonly (readonly [string, string])[] = [
  ["log_bin", "ON"],
  ["binlog_format", "ROW"],
  ["binlog_row_image", "FULL"],
  ["binlog_row_metadata", "FULL"],
  ["binlog_row_value_options", ""],
  ["gtid_mode", "ON"],
];

/** A replica's binlog lacks what it applies unless one of these, its version's name for it, is ON. */
const LOGS_APPLIED = ["log_slave_updates", "log_replica_updates"] as const;

/** Variables that `wrongSetting` looks at. */
export const SOURCE_SETTINGS: readonly string[] = [
  ...DEMANDS.map(([name]) => name),
  ...LOGS_APPLIED,
];

export interface WrongSetting {
  readonly name: string;
  readonly value: string;
  readonly want: string;
}

/** Variables of the server by their names in lower case. */
export type ServerVariables = ReadonlyMap<string, string>;

/** The first setting that keeps the binlog from being followed. */
export function wrongSetting(values: ServerVariables): WrongSetting | undefined {
  return firstWrong(values, DEMANDS);
}

/** The same for a server that applies what others wrote: its binlog must have that, too. */
export function wrongReplicaSetting(values: ServerVariables): WrongSetting | undefined {
  return firstWrong(values, LOGS_APPLIED.map((name) => [name, "ON"]));
}

function firstWrong(
  values: ServerVariables,
  demands: readonly (readonly [string, string])[],
): WrongSetting | undefined {
  for (const [name, want] of demands) {
    const value = values.get(name);
    if (value === undefined || value.toUpperCase() === want) continue;
    return { name, value: value === "" ? "''" : value, want: want === "" ? "''" : want };
  }
  return undefined;
}
