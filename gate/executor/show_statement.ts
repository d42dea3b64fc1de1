/**
 * SHOW. What concerns the cluster or the session is answered here; what concerns tables or a
 * mysqld goes to one shard (shard_show.ts).
 */
import type { Show } from "../../shared/sql/ast_statement.ts";
import { parseLiteral } from "../../shared/value/value.ts";
import type { ShowTable } from "../show/row_table.ts";
import {
  showDatabases,
  showEngines,
  showPlugins,
  showProcesslist,
  showWarnings,
} from "../show/server_tables.ts";
import {
  showReplicationStatus,
  showVitessShards,
  showVitessTablets,
} from "../show/vitess_tables.ts";
import {
  showVindexes,
  showVindexesOn,
  showVSchemaKeyspaces,
  showVSchemaTables,
} from "../show/vschema_tables.ts";
import { vtError } from "../../shared/error/errors.ts";
import { printSessionTarget } from "../session/target.ts";
import type { LocalRun } from "./local_run.ts";
import { runShardShow } from "./shard_show.ts";
import { SYSTEM_DATABASES } from "./use_statement.ts";

export async function runShow(show: Show, run: LocalRun): Promise<void> {
  const table = gateTable(show, run);
  if (table === undefined) return await runShardShow(show, run);
  if (show.where !== undefined && !IGNORES_WHERE.has(show.what)) {
    throw vtError("VT12001", `SHOW ${show.what.toUpperCase()} WHERE`);
  }
  const numbers = new Set(table.numbers);
  const columns = table.columns.map((name, index) => ({
    name,
    type: numbers.has(index) ? "number" as const : "text" as const,
  }));
  await run.rows(columns, table.rows);
}

/** Vitess logs a WHERE here and goes on; so does this. */
const IGNORES_WHERE: ReadonlySet<string> = new Set(["vitess_tablets", "vitess_shards"]);

/** Undefined: a shard knows. */
function gateTable(show: Show, run: LocalRun): ShowTable | undefined {
  const { gate, session } = run.parts;
  const catalog = gate.catalog();
  const like = show.like === undefined ? undefined : likeText(show, run);
  switch (show.what) {
    case "databases":
    case "schemas":
      return showDatabases(catalog.keyspaces, SYSTEM_DATABASES, like);
    case "keyspaces":
      return showDatabases(catalog.keyspaces, [], like);
    case "vitess_tablets":
      return showVitessTablets(catalog, like);
    case "vitess_shards":
      return showVitessShards(catalog, like);
    case "vitess_replication_status":
      return showReplicationStatus(catalog, like);
    case "vitess_target":
      return { columns: ["Target"], rows: [[printSessionTarget(session.state.target)]] };
    case "vschema tables":
      return showVSchemaTables(catalog.vschema, session.state.target.keyspace, like);
    case "vschema keyspaces":
      return showVSchemaKeyspaces(catalog.vschema, like);
    case "vschema vindexes":
      return vindexTable(show, run, like);
    case "processlist":
      return showProcesslist(gate.sessions.list(), gate.clock.monotonicMs(), show.full);
    case "engines":
    case "storage engines":
      return showEngines();
    case "plugins":
      return showPlugins();
    default:
      return warningsTable(show, run);
  }
}

function warningsTable(show: Show, run: LocalRun): ShowTable | undefined {
  const { warnings } = run.parts.session.outcome;
  const errors = warnings.filter(({ level }) => level === "Error");
  switch (show.what) {
    case "warnings":
      return showWarnings(warnings);
    case "errors":
      return showWarnings(errors);
    case "count warnings":
      return { columns: ["@@session.warning_count"], numbers: [0], rows: [[warnings.length]] };
    case "count errors":
      return { columns: ["@@session.error_count"], numbers: [0], rows: [[errors.length]] };
    default:
      return undefined;
  }
}

function vindexTable(show: Show, run: LocalRun, like: string | undefined): ShowTable {
  const { vschema } = run.parts.gate.catalog();
  if (show.table === undefined) return showVindexes(vschema, like);
  const { qualifier, name } = show.table;
  const keyspace = qualifier?.text ?? run.parts.session.state.target.keyspace;
  if (keyspace === "") throw vtError("VT09005");
  return showVindexesOn(vschema.keyspace(keyspace), name.text);
}

/** The pattern of LIKE, which is a literal. */
function likeText(show: Show, run: LocalRun): string {
  const { like } = show;
  if (like?.kind !== "literal") throw vtError("VT12001", "LIKE with anything but a text");
  const { noBackslashEscapes } = run.parts.session.options;
  const { text } = parseLiteral(run.text.sql.slice(like.start, like.end), { noBackslashEscapes });
  return text;
}
