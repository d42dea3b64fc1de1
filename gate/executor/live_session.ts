/**
 * The one mutable thing about a session: which state it is in now, and what follows from that
 * state and is needed for each statement (computed once a change, not once a statement).
 */
import {
  CLIENT_DEPRECATE_EOF,
  CLIENT_FOUND_ROWS,
  CLIENT_IGNORE_SPACE,
} from "../../shared/mysql/capabilities.ts";
import type { ConnectionProfile, ServerWarning } from "../../shared/rpc/query_service.ts";
import type { SqlOptions } from "../../shared/sql/options.ts";
import type { ClientInfo } from "../session/client.ts";
import { settingsOf } from "../session/settings.ts";
import { IGNORING_SPACE, sqlOptionsOf } from "../session/sql_mode.ts";
import { initialState, type SessionEvent, type SessionState, step } from "../session/state.ts";
import { printSessionTarget } from "../session/target.ts";
import { statusFlagsOf } from "./status.ts";

/** What the last statement left behind: FOUND_ROWS(), ROW_COUNT(), LAST_INSERT_ID(), warnings. */
export interface Outcome {
  foundRows: bigint;
  rowCount: bigint;
  lastInsertId: bigint;
  warnings: readonly ServerWarning[];
}

interface Derived {
  readonly profile: ConnectionProfile;
  readonly options: SqlOptions;
  readonly planContext: string;
  readonly statusFlags: number;
  readonly noAutoValueOnZero: boolean;
}

export class LiveSession {
  readonly client: ClientInfo;
  readonly outcome: Outcome = { foundRows: 0n, rowCount: 0n, lastInsertId: 0n, warnings: [] };
  #state: SessionState;
  #derived: Derived | undefined;

  constructor(client: ClientInfo) {
    this.client = client;
    this.#state = freshState(client);
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Throws what the client is told when the event isn't allowed now; nothing changes then. */
  apply(event: SessionEvent): void {
    this.#state = step(this.#state, event);
    this.#derived = undefined;
  }

  /** Several events that happen together or not at all. */
  applyAll(events: readonly SessionEvent[]): void {
    this.#state = events.reduce(step, this.#state);
    this.#derived = undefined;
  }

  /** COM_RESET_CONNECTION: as after the login, without the login's database. */
  reset(): void {
    const { target } = this.#state;
    this.#state = { ...freshState(this.client), target };
    this.#derived = undefined;
    this.outcome.lastInsertId = 0n;
    this.outcome.warnings = [];
  }

  get profile(): ConnectionProfile {
    return this.#now().profile;
  }

  get options(): SqlOptions {
    return this.#now().options;
  }

  /** Plans fit for sessions with the same text here, and for no others. */
  get planContext(): string {
    return this.#now().planContext;
  }

  get statusFlags(): number {
    return this.#now().statusFlags;
  }

  /** sql_mode NO_AUTO_VALUE_ON_ZERO. */
  get noAutoValueOnZero(): boolean {
    return this.#now().noAutoValueOnZero;
  }

  get deprecateEof(): boolean {
    return (this.client.capabilities & CLIENT_DEPRECATE_EOF) !== 0;
  }

  #now(): Derived {
    return this.#derived ??= derive(this.#state, this.client);
  }
}

function freshState(client: ClientInfo): SessionState {
  const { capabilities, collation } = client;
  const state = initialState(collation, (capabilities & CLIENT_FOUND_ROWS) !== 0);
  if ((capabilities & CLIENT_IGNORE_SPACE) === 0) return state;
  return { ...state, settings: new Map([["sql_mode", IGNORING_SPACE]]) };
}

function derive(state: SessionState, client: ClientInfo): Derived {
  const capabilities = (client.capabilities & CLIENT_DEPRECATE_EOF) |
    (state.clientFoundRows ? CLIENT_FOUND_ROWS : 0);
  const options = sqlOptionsOf(state);
  return {
    profile: { capabilities, collation: state.collation, settings: settingsOf(state) },
    options,
    planContext: `${printSessionTarget(state.target)}\0${state.target.tabletType}\0` +
      `${state.collation}\0${state.settings.get("sql_mode") ?? ""}\0` +
      [...state.remembered.keys()].join(),
    statusFlags: statusFlagsOf(state),
    noAutoValueOnZero: /NO_AUTO_VALUE_ON_ZERO/i.test(state.settings.get("sql_mode") ?? ""),
  };
}
