/** The session's part of a pooled connection: one SET statement's assignments, in a fixed order. */
import type { Characteristics, SessionState } from "./state.ts";
import { printAssignment } from "./variables.ts";

/**
 * Settings as ConnectionProfile wants them; "" when the session has set nothing. The
 * characteristics of the open transaction come last: they hold for its connection alone.
 */
export function settingsText(
  settings: ReadonlyMap<string, string>,
  characteristics: Characteristics | undefined,
): string {
  const isolation = characteristics?.isolation;
  if (settings.size === 0 && isolation === undefined) return "";
  const all = new Map(settings);
  if (isolation !== undefined) all.set("transaction_isolation", `'${isolation}'`);
  return [...all]
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([name, sql]) => printAssignment(name, sql))
    .join(",");
}

/** The statement that opens the transaction on a shard. */
export function beginText(
  consistentSnapshot: boolean,
  access: "read only" | "read write" | undefined,
): string {
  const parts: string[] = [];
  if (consistentSnapshot) parts.push("with consistent snapshot");
  if (access !== undefined) parts.push(access);
  return parts.length === 0 ? "begin" : `start transaction ${parts.join(", ")}`;
}

/** The assignments for the session's next statement. */
export function settingsOf(state: SessionState): string {
  const { transaction } = state;
  return settingsText(
    state.settings,
    transaction.at === "open" ? transaction.characteristics : undefined,
  );
}
