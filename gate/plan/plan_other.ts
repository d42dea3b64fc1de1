/** Plans of DDL and of the statements that are neither queries nor changes. */
import { vtError } from "../../shared/error/errors.ts";
import type { Select, TableName } from "../../shared/sql/ast.ts";
import type {
  CallStatement,
  Ddl,
  Do,
  Flush,
  LoadData,
  Statement,
  TableMaintenance,
} from "../../shared/sql/ast_statement.ts";
import { callsOf, subqueriesOf, tablesOf } from "../../shared/sql/walk.ts";
import { analyseQuery } from "./analyse.ts";
import { Analysis, unsupported } from "./block.ts";
import { resolveTable } from "./resolve.ts";
import { isSystemSchema, type PlanContext, type StatementText } from "./context.ts";
import type { Plan, Primitive, QueryTemplate, Routing } from "./plan.ts";
import { distinctPins, tablesUsed } from "./plan_query.ts";
import { LOCK_FUNCTIONS, rewriteStatement, unqualified } from "./rewrite.ts";
import { type Edit, templateOf } from "./template.ts";

/** CREATE, ALTER, DROP, TRUNCATE, RENAME: to all shards of one keyspace. */
export function planDdl(ddl: Ddl, text: StatementText, context: PlanContext): Plan {
  if (context.tabletType !== "primary") throw vtError("VT09002", "ddl");
  if (ddl.object === "database") {
    throw unsupported(`${ddl.action} database: keyspaces are made by vtctl CreateKeyspace`);
  }
  if (ddl.object === "vschema" || ddl.object === "vitess_migration") {
    throw unsupported(`ALTER ${ddl.object.toUpperCase()}: use vtctl ApplyVSchema`);
  }
  const named = ddl.name === undefined || BELONG_TO_TABLES.has(ddl.object) ? [] : [ddl.name];
  const names = [...ddl.tables, ...ddl.mentioned, ...named];
  const keyspace = keyspaceOf(names, ddl.action === "create", context);
  const { sharded } = context.vschema.keyspace(keyspace);
  const several = sharded && context.destination !== "one";
  if (several) checkSharded(ddl);
  const edits = [...new Set(names)].flatMap(unqualified);
  for (const query of subqueriesOf(ddl)) edits.push(...queryEdits(query, keyspace, context, names));
  const query = templateOf(text, edits);
  const tables = ddl.tables.map(({ name }) => name.text);
  const root: Primitive = context.destination === "none"
    ? { op: "Ddl", keyspace, query, tables }
    : { op: "Update", routing: routing("ByDestination", keyspace), query, tables };
  return {
    ...BASE,
    statement: "ddl",
    why: several ? "DDL goes to all shards" : `DDL on keyspace ${keyspace}`,
    root,
    tablesUsed: ddl.tables.map(({ name }) => `${keyspace}.${name.text}`).sort(),
    reserves: ddl.temporary,
  };
}

/** Their names have no keyspace of their own. */
const BELONG_TO_TABLES: ReadonlySet<string> = new Set(["index", "trigger"]);

function checkSharded(ddl: Ddl): void {
  const what = `${ddl.action} ${ddl.object}`.toUpperCase();
  if (ddl.temporary) throw unsupported("temporary tables in a sharded keyspace");
  if (ddl.object === "procedure" || ddl.object === "function" || ddl.object === "package") {
    throw unsupported(`${what} is not supported on sharded keyspaces`);
  }
  if (ddl.query !== undefined) {
    throw unsupported(`${what} ... SELECT on a sharded keyspace`);
  }
}

/** Names in the SELECT of a view or a new table. */
function queryEdits(
  query: Select | Parameters<typeof analyseQuery>[1],
  keyspace: string,
  context: PlanContext,
  known: readonly TableName[],
): readonly Edit[] {
  const analysis = new Analysis(context);
  analyseQuery(analysis, query);
  for (const { table } of analysis.instances) {
    if (table === undefined || table.keyspace === keyspace) continue;
    throw unsupported("Select query does not belong to the same keyspace as the view statement");
  }
  return tablesOf(query).filter((name) => !known.includes(name)).flatMap(unqualified);
}

/** The one keyspace of all names. VT09005 when there is none, VT12001 when there are several. */
function keyspaceOf(
  names: readonly TableName[],
  creates: boolean,
  context: PlanContext,
): string {
  const keyspaces = new Set<string>();
  for (const name of names) {
    const qualifier = name.qualifier?.text;
    if (isSystemSchema(qualifier ?? context.keyspace)) {
      throw unsupported("DDL on the server's tables");
    }
    if (qualifier !== undefined) keyspaces.add(qualifier);
    else if (context.keyspace !== "") keyspaces.add(context.keyspace);
    else if (creates) throw vtError("VT09005");
    else keyspaces.add(resolveTable(context, name).keyspace);
  }
  const [only, ...others] = keyspaces;
  if (others.length > 0) {
    throw unsupported(
      "Tables or Views specified in the query do not belong to the same destination",
    );
  }
  if (only !== undefined) return only;
  if (context.keyspace === "") throw vtError("VT09005");
  return context.keyspace;
}

const BASE = {
  returnsRows: false,
  tier: 1,
  pins: [],
  needsPrimary: true,
  reserves: false,
} as const;

function routing(opcode: Routing["opcode"], keyspace: string): Routing {
  return { opcode, keyspace, vindex: undefined, values: [], comparison: undefined };
}

function route(where: Routing, query: QueryTemplate, tables: readonly string[]): Primitive {
  return { op: "Route", routing: where, query, tables, orderBy: [], hiddenColumns: 0 };
}

export function planCall(call: CallStatement, text: StatementText, context: PlanContext): Plan {
  const keyspace = call.schema?.text ?? selected(context);
  if (context.destination !== "one" && context.vschema.keyspace(keyspace).sharded) {
    throw unsupported("CALL is not supported for sharded keyspace; select one shard with USE");
  }
  const { schema } = call;
  const edits: Edit[] = schema === undefined
    ? []
    : [{ start: schema.start, end: call.name.start, by: [] }];
  const where = routing(context.destination === "one" ? "ByDestination" : "Unsharded", keyspace);
  return {
    ...BASE,
    statement: "other",
    returnsRows: true,
    why: "a procedure runs on one mysqld",
    root: route(where, templateOf(text, edits), []),
    tablesUsed: [],
  };
}

function selected(context: PlanContext): string {
  if (context.keyspace === "") throw vtError("VT09005");
  return context.keyspace;
}

/** ANALYZE and its kin: every shard reports. */
export function planMaintenance(
  statement: TableMaintenance,
  text: StatementText,
  context: PlanContext,
): Plan {
  const keyspace = keyspaceOf(statement.tables, false, context);
  const { sharded } = context.vschema.keyspace(keyspace);
  const opcode = context.destination !== "none"
    ? "ByDestination"
    : sharded
    ? "Scatter"
    : "Unsharded";
  const query = templateOf(text, statement.tables.flatMap(unqualified));
  const tables = statement.tables.map(({ name }) => name.text);
  return {
    ...BASE,
    statement: "other",
    returnsRows: true,
    why: "each shard has its part of the table",
    root: route(routing(opcode, keyspace), query, tables),
    tablesUsed: tables.map((table) => `${keyspace}.${table}`).sort(),
  };
}

export function planFlush(flush: Flush, text: StatementText, context: PlanContext): Plan {
  const keyspace = keyspaceOf(flush.tables, false, context);
  if (/lock|export/.test(flush.what)) {
    throw unsupported(
      `FLUSH ${flush.what.toUpperCase()}: the lock would stay on a pooled connection`,
    );
  }
  const query = templateOf(text, flush.tables.flatMap(unqualified));
  const tables = flush.tables.map(({ name }) => name.text);
  return {
    ...BASE,
    statement: "other",
    why: "FLUSH goes to all shards",
    root: { op: "Ddl", keyspace, query, tables },
    tablesUsed: tables.map((table) => `${keyspace}.${table}`).sort(),
  };
}

/** DO expr: evaluated and forgotten. */
export function planDo(statement: Do, text: StatementText, context: PlanContext): Plan {
  if (subqueriesOf(statement).length > 0) throw unsupported("DO with subqueries");
  const analysis = new Analysis(context);
  const rewrite = rewriteStatement(statement, analysis, text);
  const locks = statement.exprs.some((expr) =>
    callsOf(expr).some(({ name }) => LOCK_FUNCTIONS.has(name))
  );
  const { vschema } = context;
  const own = !locks && vschema.hasKeyspace(context.keyspace) ? context.keyspace : undefined;
  const keyspace = own ?? vschema.anyKeyspace();
  if (keyspace === undefined) throw vtError("VT14004", "a statement without tables");
  const query = templateOf(text, rewrite.edits);
  return {
    ...BASE,
    statement: "other",
    why: "no table",
    root: { op: "Update", routing: routing("Reference", keyspace), query, tables: [] },
    tablesUsed: tablesUsed(analysis),
    pins: distinctPins(rewrite.pins),
    needsPrimary: false,
    reserves: locks,
  };
}

export function planLoadData(load: LoadData, text: StatementText, context: PlanContext): Plan {
  if (load.local) throw unsupported("LOAD DATA LOCAL");
  const table = resolveTable(context, load.table);
  if (table.sharded && context.destination !== "one") {
    throw unsupported("LOAD is not supported on sharded keyspace");
  }
  const opcode = context.destination === "one" ? "ByDestination" : "Unsharded";
  const query = templateOf(text, unqualified(load.table));
  return {
    ...BASE,
    statement: "other",
    why: "the file is read by one mysqld",
    root: { op: "Update", routing: routing(opcode, table.keyspace), query, tables: [table.name] },
    tablesUsed: [`${table.keyspace}.${table.name}`],
  };
}

/** VT12001 with a remedy, for what no plan is made of. */
export function refuse(statement: Statement): Error {
  switch (statement.kind) {
    case "access_control":
      return unsupported(
        `${statement.what.toUpperCase()}: users are those of the gate's users file`,
      );
    case "other":
      return unsupported(`${statement.what.toUpperCase()} statements`);
    default:
      return unsupported(`${statement.kind.replaceAll("_", " ").toUpperCase()} here`);
  }
}
