/**
 * SET. The items of one statement take effect together or not at all: values are found first, the
 * connection's settings are tried on a mysqld, and only then does the session change.
 */
import { vtError } from "../../shared/error/errors.ts";
import type { SetItem, SetStatement } from "../../shared/sql/ast_statement.ts";
import { checkClientCharset } from "../session/charset.ts";
import { gateVariableEvent } from "../session/gate_variables.ts";
import { actionsOf, type SetAction, unquoted, type ValueText } from "../session/set_actions.ts";
import { settingsText } from "../session/settings.ts";
import { modesOf } from "../session/sql_mode.ts";
import { type SessionEvent, type SessionState, step } from "../session/state.ts";
import { MYSQL_ONLY, printAssignment } from "../session/variables.ts";
import { collationById } from "../../shared/mysql/collations.ts";
import type { LocalRun } from "./local_run.ts";
import { anyShard } from "./any_shard.ts";
import { valueLiteral } from "./value_literal.ts";
import { bytesOf } from "../engine/template.ts";

export async function runSet(statement: SetStatement, run: LocalRun): Promise<void> {
  const events = await eventsOf(statement.items, run);
  const { session, transactions } = run.parts;
  await checkSettings(session.state, events, run);
  if (turnsAutocommitOn(session.state, events)) {
    await transactions.commit({ signal: run.signal });
  }
  session.applyAll(events);
  await transactions.changeConnections(assignmentsOf(events), { signal: run.signal });
  session.outcome.rowCount = 0n;
  run.ok();
}

/** MariaDB's SET STATEMENT ... FOR. */
export function runSetFor(): never {
  throw vtError("VT12001", "SET STATEMENT ... FOR");
}

async function eventsOf(items: readonly SetItem[], run: LocalRun): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  // Later items see what earlier ones have set.
  let { state } = run.parts.session;
  for (const item of items) {
    for (const action of actionsOf(run.text.sql, item, state)) {
      const event = await eventOf(action, run);
      if (event === undefined) continue;
      events.push(event);
      state = step(state, event);
    }
  }
  return events;
}

/** Undefined: nothing changes. */
async function eventOf(action: SetAction, run: LocalRun): Promise<SessionEvent | undefined> {
  switch (action.do) {
    case "user_variable":
      return { on: "user_variable", name: action.name, sql: await literalOf(action.value, run) };
    case "setting":
      return await settingEvent(action.name, action.value, run);
    case "remember": {
      const sql = action.value === undefined ? undefined : await literalOf(action.value, run);
      return { on: "remember", name: action.name, sql };
    }
    case "gate":
      return gateVariableEvent(action.name, {
        literal: true,
        sql: await literalOf(action.value, run),
      });
    case "collation":
      return { on: "collation", collation: action.collation };
    case "next_transaction":
      return { on: "next_transaction", characteristics: action.characteristics };
  }
}

async function settingEvent(
  name: string,
  value: ValueText | undefined,
  run: LocalRun,
): Promise<SessionEvent | undefined> {
  if (MYSQL_ONLY.has(name)) return undefined;
  if (value === undefined) return { on: "setting", name, sql: undefined };
  const sql = await literalOf(value, run);
  if (name === "sql_mode") modesOf(sql);
  if (name === "character_set_client" || name === "character_set_connection") {
    checkClientCharset(unquoted(sql));
  }
  return { on: "setting", name, sql };
}

/** The value as a literal; expressions are evaluated on a mysqld. */
async function literalOf(value: ValueText, run: LocalRun): Promise<string> {
  if (value.literal) return value.sql;
  const fetched = await run.pipeline.fetch(`select ${value.sql}`, run.signal);
  const [row] = fetched.values;
  const [column] = fetched.columnDefinitions;
  const [cell] = row ?? [];
  if (column === undefined || cell === undefined) throw vtError("VT13001", "SET without a value");
  const { noBackslashEscapes } = run.parts.session.options;
  return valueLiteral(cell, column, { noBackslashEscapes });
}

/** Settings that some mysqld has taken: reconnecting clients set the same ones over and over. */
const known = new WeakMap<object, Set<string>>();
const KNOWN_MAX = 1000;

/** Tries changed settings on a mysqld, whose error (1193, 1231) is the client's. */
async function checkSettings(
  state: SessionState,
  events: readonly SessionEvent[],
  run: LocalRun,
): Promise<void> {
  if (!events.some((event) => event.on === "setting")) return;
  const next = events.reduce(step, state);
  const settings = settingsText(next.settings, undefined);
  const { gate, session } = run.parts;
  const tried = known.get(gate) ?? new Set();
  known.set(gate, tried);
  if (settings === "" || tried.has(settings)) return;
  const where = anyShard(gate.catalog(), state.target);
  await run.parts.shards.tryProfile(
    { ...where, sql: bytesOf("do 0"), parameters: undefined, tables: [] },
    { ...session.profile, settings },
    { signal: run.signal },
  );
  if (tried.size >= KNOWN_MAX) tried.clear();
  tried.add(settings);
}

/** What connections that the session holds already have to be told. */
function assignmentsOf(events: readonly SessionEvent[]): string {
  return events.flatMap((event) => {
    if (event.on === "setting") return [printAssignment(event.name, event.sql ?? "DEFAULT")];
    if (event.on !== "collation") return [];
    const collation = collationById(event.collation);
    if (collation === undefined) return [];
    return [`names ${collation.characterSet} collate ${collation.name}`];
  }).join(", ");
}

function turnsAutocommitOn(state: SessionState, events: readonly SessionEvent[]): boolean {
  return !state.autocommit &&
    events.some((event) => event.on === "autocommit" && event.value);
}
