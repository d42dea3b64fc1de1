/** What the session knows and no shard does, as SQL literals to put into statements. */
import { vtError } from "../../shared/error/errors.ts";
import { printLiteral } from "../../shared/value/value.ts";
import type { SessionValue } from "../plan/plan.ts";
import { readVariable } from "../session/gate_variables.ts";
import { canonicalName, printRead } from "../session/variables.ts";
import { printSessionTarget } from "../session/target.ts";
import type { LiveSession } from "./live_session.ts";

export function sessionLiteral(
  session: LiveSession,
  serverVersion: string,
  value: SessionValue,
): string {
  switch (value.kind) {
    case "user_variable":
      return session.state.userVariables.get(value.name) ?? "NULL";
    case "system_variable":
      return variableLiteral(session, serverVersion, value.name);
    case "function":
      return functionLiteral(session, serverVersion, value.name);
  }
}

type FunctionName = Extract<SessionValue, { kind: "function" }>["name"];

function functionLiteral(
  session: LiveSession,
  serverVersion: string,
  name: FunctionName,
): string {
  const { outcome, client, state } = session;
  switch (name) {
    case "database":
      return state.target.keyspace === ""
        ? "NULL"
        : quoted(session, printSessionTarget(state.target));
    case "last_insert_id":
      return String(outcome.lastInsertId);
    case "found_rows":
      return String(outcome.foundRows);
    case "row_count":
      return String(outcome.rowCount);
    case "connection_id":
      return String(client.connectionId);
    case "user":
      return quoted(session, `${client.user}@${hostOf(client.remoteAddress)}`);
    case "current_user":
      return quoted(session, `${client.user}@%`);
    case "version":
      return quoted(session, serverVersion);
  }
}

function variableLiteral(session: LiveSession, serverVersion: string, name: string): string {
  if (name === "version") return quoted(session, serverVersion);
  if (name === "version_comment") return quoted(session, VERSION_COMMENT);
  if (name === "last_insert_id" || name === "identity") return String(session.outcome.lastInsertId);
  const read = printRead(canonicalName(name));
  if (read !== undefined) return read;
  const known = readVariable(session.state, name);
  if (known === undefined) throw vtError("VT05006", name);
  return known;
}

export const VERSION_COMMENT = "Vitess-compatible gate";

/** "127.0.0.1" of "127.0.0.1:51234". */
function hostOf(address: string): string {
  const colon = address.lastIndexOf(":");
  return colon < 0 ? address : address.slice(0, colon);
}

function quoted(session: LiveSession, text: string): string {
  const { noBackslashEscapes } = session.options;
  return printLiteral({ type: "text", text }, { noBackslashEscapes });
}
