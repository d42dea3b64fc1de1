/** The variables that the gate acts on itself: what SET makes of them, what SELECT @@x reads. */
import { vtError } from "../../shared/error/errors.ts";
import { booleanOf, unquoted, type ValueText } from "./set_actions.ts";
import type { SessionEvent, SessionState, Workload } from "./state.ts";
import type { GateVariable } from "./variables.ts";

const WORKLOADS: readonly Workload[] = ["oltp", "olap", "dba", "unspecified"];

/** The event of `SET name = value`. 1231, 1232 and VT12001 for what can't be. */
export function gateVariableEvent(name: GateVariable, value: ValueText): SessionEvent {
  if (!value.literal) throw vtError("VT12001", `an expression as the value of ${name}`);
  switch (name) {
    case "autocommit":
      return { on: "autocommit", value: booleanOf(name, value) };
    case "client_found_rows":
      return { on: "client_found_rows", value: booleanOf(name, value) };
    case "query_timeout":
      return { on: "query_timeout", timeoutMs: wholeNumber(name, value) };
    case "transaction_mode":
      return transactionModeEvent(value);
    case "workload":
      return workloadEvent(value);
    default:
      return { on: "gate_variable", name, value: value.sql };
  }
}

function transactionModeEvent(value: ValueText): SessionEvent {
  const mode = unquoted(value.sql).toLowerCase();
  if (mode === "single" || mode === "multi") return { on: "transaction_mode", mode };
  if (mode === "twopc") throw vtError("VT12001", "transaction_mode twopc");
  throw vtError("ER_WRONG_VALUE_FOR_VAR", "transaction_mode", mode);
}

function workloadEvent(value: ValueText): SessionEvent {
  const text = unquoted(value.sql).toLowerCase();
  const workload = WORKLOADS.find((name) => name === text);
  if (workload === undefined) throw vtError("ER_WRONG_VALUE_FOR_VAR", "workload", text);
  return { on: "workload", workload };
}

function wholeNumber(name: string, value: ValueText): number {
  if (!/^[0-9]{1,9}$/.test(value.sql)) throw vtError("ER_WRONG_TYPE_FOR_VAR", name);
  return Number(value.sql);
}

/** The value of a variable that the gate holds, as an SQL literal; undefined: a mysqld knows. */
export function readVariable(state: SessionState, name: string): string | undefined {
  switch (name) {
    case "autocommit":
      return state.autocommit ? "1" : "0";
    case "client_found_rows":
      return state.clientFoundRows ? "1" : "0";
    case "query_timeout":
      return String(state.queryTimeoutMs);
    case "transaction_mode":
      return `'${state.transactionMode.toUpperCase()}'`;
    case "workload":
      return `'${state.workload.toUpperCase()}'`;
    default:
      return state.gateVariables.get(name) ?? state.remembered.get(name) ?? DEFAULTS.get(name);
  }
}

const DEFAULTS: ReadonlyMap<string, string> = new Map([
  ["ddl_strategy", "'direct'"],
  ["enable_system_settings", "1"],
  ["migration_context", "''"],
  ["read_after_write_gtid", "''"],
  ["read_after_write_timeout", "0"],
  ["session_track_gtids", "'OFF'"],
  ["session_uuid", "''"],
  ["skip_query_plan_cache", "0"],
  ["transaction_timeout", "0"],
]);
