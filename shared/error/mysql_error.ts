import type { Status } from "./errors.ts";

/**
 * An error that a mysqld raised. It passes to the client unchanged: errno, SQLSTATE and text are
 * the server's (docs/decisions/0003-mysqld-errors-pass-unchanged.md).
 */
export class MysqlError extends Error {
  override readonly name = "MysqlError";
  readonly errno: number;
  readonly sqlState: string;

  constructor(errno: number, sqlState: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.errno = errno;
    this.sqlState = sqlState;
  }

  get status(): Status {
    return statusOfErrno(this.errno);
  }
}

const BY_ERRNO: ReadonlyMap<number, Status> = new Map<number, Status>([
  ...each("aborted", 1213, 1078, 1080, 1152),
  ...each("deadline_exceeded", 1205, 3024, 1969),
  ...each("already_exists", 1062, 1050, 1007, 1086, 1125),
  ...each("cluster_event", 1290, 1836),
  ...each("cancelled", 1317),
  ...each("unavailable", 2002, 2003, 2006, 2013, 1053, 1927),
  ...each("failed_precondition", 1046, 1451, 1452, 1792),
  ...each("not_found", 1049, 1146, 1054, 1109, 1032, 1094),
  ...each("permission_denied", 1044, 1045, 1095, 1142, 1143, 1227),
  ...each("resource_exhausted", 1021, 1037, 1038, 1040, 1041, 1135, 1153, 1203, 1206, 1226),
  ...each("unimplemented", 1235),
]);

function each(status: Status, ...errnos: number[]): (readonly [number, Status])[] {
  return errnos.map((errno) => [errno, status] as const);
}

/** What may be done about an error of a mysqld (mapping of go/mysql/sqlerror VtRpcErrorCode). */
export function statusOfErrno(errno: number): Status {
  return BY_ERRNO.get(errno) ?? "invalid_argument";
}
