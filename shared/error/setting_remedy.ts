/** Settings that a server reads when it starts. */
const AT_START: ReadonlySet<string> = new Set([
  "log_bin",
  "log_slave_updates",
  "log_replica_updates",
]);

/** What to run for a setting of mysqld that must be another. */
export function settingRemedy(name: string, want: string): string {
  if (AT_START.has(name)) return `write ${name} = ${want} into its my.cnf and restart it`;
  if (name === "gtid_mode") {
    return "run SET GLOBAL enforce_gtid_consistency = ON, then SET GLOBAL gtid_mode = " +
      "OFF_PERMISSIVE, ON_PERMISSIVE and ON, one after the other";
  }
  return `run SET GLOBAL ${name} = ${want} and let sessions reconnect`;
}
