/** The JSON in a lock's key, with the names that Vitess gives it (go/vt/topo/locks.go). */
import { jsonCodec } from "../shared/model/json_reader.ts";
import type { LockContents } from "./store.ts";

const CODEC = jsonCodec<LockContents>(
  (contents) => ({
    Action: contents.action,
    HostName: contents.hostName,
    UserName: contents.userName,
    Time: contents.time,
    Status: "Running",
    ...(contents.process === "" ? {} : { Process: contents.process }),
  }),
  (json) => ({
    action: json.get("Action").text(),
    hostName: json.get("HostName").text(),
    userName: json.get("UserName").text(),
    time: json.get("Time").text(),
    process: json.get("Process").text(),
  }),
);

export const printLockContents = CODEC.encode;

/** Undefined when somebody else's tool wrote something else there. */
export function parseLockContents(value: Uint8Array): LockContents | undefined {
  try {
    return CODEC.decode("lock", value);
  } catch {
    // Only for the text of an error: who holds the lock is then unknown.
    return undefined;
  }
}

/** `PlannedReparentShard by vitess@host1 since 2026-01-02T03:04:05Z`. */
export function printLockHolder(contents: LockContents | undefined): string {
  if (contents === undefined) return "an unknown holder";
  const { action, userName, hostName, time } = contents;
  return `${action} by ${userName}@${hostName} since ${time}`;
}
