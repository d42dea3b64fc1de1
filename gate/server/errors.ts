/** Errors on their way to a client. */
import { VtError, vtErrorFrom } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";

export type ClientError = VtError | MysqlError;

/** What a client is told: errors of the table as they are, anything else as a bug. */
export function clientErrorOf(error: unknown): ClientError {
  if (error instanceof VtError || error instanceof MysqlError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return vtErrorFrom(error, "VT13001", text);
}
