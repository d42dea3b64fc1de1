import { golden } from "../../tests/golden/golden.ts";
import { parseSql } from "../../shared/sql/parser.ts";
import { gateVariableEvent } from "./gate_variables.ts";
import { actionsOf, type SetAction } from "./set_actions.ts";
import { settingsOf } from "./settings.ts";
import { sqlOptionsOf } from "./sql_mode.ts";
import { initialState, type SessionEvent, type SessionState, step } from "./state.ts";
import { parseTarget, printSessionTarget } from "./target.ts";

const RUN: Readonly<Record<string, (input: string) => string>> = {
  target: (input) => {
    const target = parseTarget(input);
    const destination = target.destination?.kind ?? "none";
    return `${printSessionTarget(target)} type=${target.tabletType} destination=${destination}`;
  },
  set: (input) => runSets(input).join("\n"),
  transcript: (input) => runTranscript(input).join("\n"),
};

golden(new URL("testdata/", import.meta.url), (c) => {
  const run = RUN[c.command];
  if (run === undefined) throw new Error(`unknown command ${c.command}`);
  return run(c.input);
});

/** Each line is a SET statement; the session goes from one to the next. */
function runSets(input: string): string[] {
  let state = initialState(45, false);
  const out: string[] = [];
  for (const sql of input.split("\n")) {
    const statement = parseSql(sql, sqlOptionsOf(state));
    if (statement.kind !== "set") throw new Error(`not a SET: ${sql}`);
    for (const item of statement.items) {
      for (const action of actionsOf(sql, item, state)) {
        out.push(describe(action));
        const event = eventOf(action);
        if (event !== undefined) state = step(state, event);
      }
    }
  }
  return [...out, `settings: ${settingsOf(state)}`];
}

function describe(action: SetAction): string {
  switch (action.do) {
    case "collation":
      return `collation ${action.collation}`;
    case "next_transaction":
      return `next transaction ${JSON.stringify(action.characteristics)}`;
    default: {
      const { value } = action;
      const shown = value === undefined ? "DEFAULT" : `${value.literal ? "" : "eval "}${value.sql}`;
      return `${action.do} ${action.name} = ${shown}`;
    }
  }
}

/** What literal values come to; expressions need a mysqld. */
function eventOf(action: SetAction): SessionEvent | undefined {
  switch (action.do) {
    case "collation":
      return { on: "collation", collation: action.collation };
    case "next_transaction":
      return { on: "next_transaction", characteristics: action.characteristics };
    case "gate":
      return gateVariableEvent(action.name, action.value);
    case "user_variable":
      return { on: "user_variable", name: action.name, sql: action.value.sql };
    case "setting":
      return { on: "setting", name: action.name, sql: action.value?.sql };
    case "remember":
      return { on: "remember", name: action.name, sql: action.value?.sql };
  }
}

const PRIMARY = { keyspace: "customer", tabletType: "primary" } as const;
const TABLET = { cell: "zone1", uid: 100 };

const EVENTS: Readonly<Record<string, (argument: string) => SessionEvent>> = {
  use: (text) => ({ on: "target", target: parseTarget(text) }),
  begin: (text) => ({ on: "begin", begin: text === "" ? "begin" : text, implicit: false }),
  join: (shard) => ({
    on: "shard_joined",
    connection: { target: { ...PRIMARY, shard }, tablet: TABLET, transactionId: 1 },
  }),
  savepoint: (name) => ({ on: "savepoint", name }),
  release: (name) => ({ on: "savepoint_released", name }),
  rollback_to: (name) => ({ on: "rolled_back_to", name }),
  fail: (cause) => ({ on: "transaction_failed", cause, deadlock: false }),
  end: () => ({ on: "transaction_ended" }),
  isolation: (isolation) => ({
    on: "next_transaction",
    characteristics: { isolation, access: undefined },
  }),
};

/** Each line is an event; what the session is after it. Errors leave it as it was. */
function runTranscript(input: string): string[] {
  let state = initialState(45, false);
  return input.split("\n").map((line) => {
    const [name = "", ...rest] = line.split(" ");
    try {
      const event = EVENTS[name]?.(rest.join(" "));
      if (event === undefined) throw new Error(`unknown event ${name}`);
      state = step(state, event);
      return `${line} -> ${describeState(state)}`;
    } catch (error) {
      return `${line} -> ${error instanceof Error ? error.message : String(error)}`;
    }
  });
}

function describeState(state: SessionState): string {
  const { transaction } = state;
  const where = printSessionTarget(state.target);
  const shards = transaction.at === "none"
    ? ""
    : ` [${transaction.shards.map(({ target }) => target.shard).join(" ")}]`;
  const savepoints = transaction.at === "open" && transaction.savepoints.length > 0
    ? ` savepoints ${transaction.savepoints.join(",")}`
    : "";
  return `${where} ${transaction.at}${shards}${savepoints} settings=${settingsOf(state)}`.trim();
}
