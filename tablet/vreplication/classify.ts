/** What an error means for a stream: try again, or stop and say what to do. */
import {
  ER_CHECKREAD,
  ER_DUP_ENTRY,
  ER_SPECIFIC_ACCESS_DENIED_ERROR,
  ER_WARN_I_S_SKIPPED_TABLE,
  WARN_DATA_TRUNCATED,
} from "../../shared/error/errno.ts";
import { VtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";

/**
 * The server's answers that pass by themselves (go/vt/vttablet/tabletmanager/vreplication/utils.go
 * lists those that don't; these are the others that are known to happen): too many connections,
 * shutdown, server gone, lock waits, deadlocks, killed statements, a server that is read-only
 * while its role changes, disks and memory that fill up.
 */
const PASSING: ReadonlySet<number> = new Set([
  ER_CHECKREAD,
  ER_WARN_I_S_SKIPPED_TABLE,
  1021, // ER_DISK_FULL
  1037, // ER_OUTOFMEMORY
  1040, // ER_CON_COUNT_ERROR
  1041, // ER_OUT_OF_RESOURCES
  1053, // ER_SERVER_SHUTDOWN
  1077, // ER_NORMAL_SHUTDOWN
  1078, // ER_GOT_SIGNAL
  1152, // ER_ABORTING_CONNECTION
  1158, // ER_NET_READ_ERROR
  1159, // ER_NET_READ_INTERRUPTED
  1160, // ER_NET_ERROR_ON_WRITE
  1161, // ER_NET_WRITE_INTERRUPTED
  1180, // ER_ERROR_DURING_COMMIT
  1203, // ER_TOO_MANY_USER_CONNECTIONS
  1205, // ER_LOCK_WAIT_TIMEOUT
  1206, // ER_LOCK_TABLE_FULL
  1213, // ER_LOCK_DEADLOCK
  1290, // ER_OPTION_PREVENTS_STATEMENT (read_only)
  1317, // ER_QUERY_INTERRUPTED
  1399, // ER_XAER_RMFAIL
  1412, // ER_TABLE_DEF_CHANGED: DDL of the source since the snapshot that is read
  1614, // ER_XA_RBDEADLOCK
  1637, // ER_TOO_MANY_CONCURRENT_TRXS
  1836, // ER_READ_ONLY_MODE
  1927, // ER_CONNECTION_KILLED
  1969, // ER_STATEMENT_TIMEOUT
  2002, // CR_CONNECTION_ERROR
  2003, // CR_CONN_HOST_ERROR
  2006, // CR_SERVER_GONE_ERROR
  2013, // CR_SERVER_LOST
  3024, // ER_QUERY_TIMEOUT
  3058, // ER_USER_LOCK_DEADLOCK
  3132, // ER_LOCKING_SERVICE_DEADLOCK
  3572, // ER_LOCK_NOWAIT
  4031, // ER_CLIENT_INTERACTION_TIMEOUT
]);

export type Verdict =
  | { readonly is: "retry"; readonly message: string }
  /** `message` says the cause and what to do. */
  | { readonly is: "stop"; readonly message: string };

export function classify(error: unknown): Verdict {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof MysqlError) {
    if (PASSING.has(error.errno)) return { is: "retry", message };
    const text = `${message} (errno ${error.errno}) (sqlstate ${error.sqlState})`;
    return { is: "stop", message: `${text}; ${remedy(error.errno)}` };
  }
  if (error instanceof VtError) {
    return STOPPING.has(error.status) && error.id !== "VT20003"
      ? { is: "stop", message }
      : { is: "retry", message };
  }
  // A fault of this program: it may depend on what was just then, so it is tried again, and seen.
  return { is: "retry", message };
}

/** Of our own errors: nothing about them changes while nobody does something. */
const STOPPING: ReadonlySet<string> = new Set([
  "invalid_argument",
  "failed_precondition",
  "not_found",
  "permission_denied",
  "unimplemented",
]);

function remedy(errno: number): string {
  switch (errno) {
    case ER_DUP_ENTRY:
      return "a row with this key is there already: was the target empty, and does nobody else " +
        "write to it? Empty the table, or cancel the workflow and create it again";
    case 1054:
    case 1146:
    case 1136:
      return "the schemas differ; make them alike, then start the workflow again";
    case 1264:
    case WARN_DATA_TRUNCATED:
    case 1366:
    case 1406:
    case 1048:
    case 3140:
      return "the target's column can't hold the value; make the schemas alike, then start the " +
        "workflow again";
    case 1142:
    case 1044:
    case 1045:
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
      return "grant it to the user that workflows write as, then start the workflow again";
    default:
      return "mend the cause, then start the workflow again";
  }
}
