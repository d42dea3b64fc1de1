/**
 * Runs one stream from its row in _vt.vreplication: copies, follows, tries again after failures,
 * and stops with a message where trying again would be of no use.
 *
 *     Init ──▶ Copying ──▶ Running ──▶ Stopped (stop_pos, DDL, stop_after_copy)
 *       └── with a position ──▲  └────▶ Error  (never by itself back)
 */
import { computedRule, sourceRules } from "../../shared/filter/computed.ts";
import { settingsOf, type StreamSettings } from "../../shared/flags/stream_flags.ts";
import { parseRule } from "../../shared/filter/rule.ts";
import { VtError, vtError } from "../../shared/error/errors.ts";
import type { StreamItem } from "../../shared/binlog/change.ts";
import { positionContains } from "../../shared/binlog/position.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { FilterRule, StreamState, StreamStatus } from "../../shared/rpc/vreplication.ts";
import { quote } from "../mysqld/statement.ts";
import { Applier, type Progress } from "./applier.ts";
import { classify } from "./classify.ts";
import { copyTables } from "./copier.ts";
import { DeferredKeys } from "./deferred_keys.ts";
import { play } from "./player.ts";
import { type WriteLogin, WriteSession } from "./session.ts";
import { claimStream, joinStream } from "./stream_lock.ts";
import { readTabletTypes, type Source, type SourceWish } from "../../shared/host/source_picker.ts";
import { FROZEN, type StreamRows } from "./stream_rows.ts";
import { TargetTables } from "./target_tables.ts";

export interface ControllerOptions {
  readonly id: number;
  readonly login: WriteLogin;
  readonly rows: StreamRows;
  readonly pick: (wish: SourceWish, call: Call) => Promise<Source>;
  readonly throttle: (id: number, call: Call) => Promise<void>;
  /** Where the stream's row says nothing else. */
  readonly settings: StreamSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly onProgress: () => void;
}

interface Call {
  readonly signal: AbortSignal;
}

const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 5000;

/** The stream has ended as it should. Thrown where that shows deep inside. */
class StreamEnd extends Error {
  readonly state: StreamState;

  constructor(state: StreamState, message: string) {
    super(message);
    this.state = state;
  }
}

export class Controller {
  readonly #options: ControllerOptions;
  readonly #log: Log;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #avoid = new Set<string>();
  /** Sources whose binlogs don't go back as far as the stream. */
  readonly #tooYoung = new Set<string>();
  #progress: Progress | undefined;
  #sourceName: string | undefined;
  #over = false;
  #lastMessage = "";

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#log = options.log.with({ stream: options.id });
    this.#running = this.#run(this.#stop.signal).finally(() => {
      this.#over = true;
      options.onProgress();
    });
  }

  get id(): number {
    return this.#options.id;
  }

  /** What is committed; undefined before anything was. */
  get progress(): Progress | undefined {
    return this.#progress;
  }

  /** Alias of the tablet that it reads from now. */
  get source(): string | undefined {
    return this.#sourceName;
  }

  /** It was told to end. */
  get aborted(): boolean {
    return this.#stop.signal.aborted;
  }

  /** It stopped or failed for good, and its row says why. */
  get over(): boolean {
    return this.#over;
  }

  /** Lets it end; see `stop`. */
  abort(): void {
    this.#stop.abort(new DOMException("The stream was stopped", "AbortError"));
  }

  /** Ends it where it stands. mysqld may be at what it was sent still: see settle.ts. */
  async stop(): Promise<void> {
    this.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let pauseMs = PAUSE_MS_MIN;
    while (!signal.aborted) {
      const before = this.#progress;
      try {
        const end = await this.#attempt({ signal });
        if (end !== undefined) await this.#end(end, { signal });
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (await this.#failed(error, { signal })) return;
      }
      // What got on for a while begins anew.
      pauseMs = this.#progress === before ? Math.min(PAUSE_MS_MAX, pauseMs * 2) : PAUSE_MS_MIN;
      // The signal ends the pause and the loop.
      await this.#options.clock.sleep(pauseMs, { signal }).catch(() => {});
    }
  }

  async #end({ state, message }: StreamEnd, call: Call): Promise<void> {
    this.#log.info("stream ended", { state, message });
    await this.#options.rows.setState(this.id, state, message, call);
  }

  /** True when it is over. */
  async #failed(error: unknown, call: Call): Promise<boolean> {
    const verdict = classify(error);
    const isOver = verdict.is === "stop" && !this.#mayReadElsewhere(error);
    if (this.#sourceName !== undefined) this.#avoid.add(this.#sourceName);
    this.#sourceName = undefined;
    try {
      if (isOver) {
        this.#log.error("stream failed", { error: verdict.message });
        await this.#options.rows.setState(this.id, "Error", verdict.message, call);
        return true;
      }
      this.#log.warn("stream interrupted", { error: verdict.message });
      if (verdict.message !== this.#lastMessage) {
        await this.#options.rows.setMessage(this.id, verdict.message, call);
        await this.#options.rows.log(this.id, "Error", "", verdict.message, call);
      }
      this.#lastMessage = verdict.message;
    } catch (inner) {
      // mysqld is away: it is what the stream failed of, or it comes back with the next try.
      this.#log.debug("the stream's row could not be written", { error: String(inner) });
    }
    return false;
  }

  /** The binlogs of one tablet are gone, but others may have theirs; each is asked once. */
  #mayReadElsewhere(error: unknown): boolean {
    const source = this.#sourceName;
    if (!(error instanceof VtError) || error.id !== "VT26005" || source === undefined) return false;
    if (this.#tooYoung.has(source)) return false;
    this.#tooYoung.add(source);
    return true;
  }

  /** Undefined when its row says that it shall not run. */
  async #attempt(call: Call): Promise<StreamEnd | undefined> {
    const { rows, login, pick } = this.#options;
    using session = await WriteSession.open(login, call);
    await claimStream(session, this.id, call);
    const row = await rows.find(this.id, call);
    if (row === undefined || !isActive(row)) return undefined;
    const ended = new AbortController();
    using source = await pick({
      from: row.source,
      cells: row.cells.split(",").map((cell) => cell.trim()).filter((cell) => cell !== ""),
      types: readTabletTypes(row.tabletTypes),
      avoid: this.#avoid,
    }, call);
    this.#sourceName = source.name;
    const either = AbortSignal.any([call.signal, source.lost, ended.signal]);
    try {
      const run = new Attempt(this.#options, row, session, source, (progress) => {
        this.#progress = progress;
        this.#avoid.clear();
        this.#tooYoung.clear();
        this.#lastMessage = "";
        this.#options.onProgress();
      });
      this.#log.info("stream runs", { source: source.name, position: row.position });
      return await run.run({ signal: either }, call);
    } finally {
      ended.abort();
    }
  }
}

/** A row that says that its stream shall run. */
export function isActive({ state, message }: StreamStatus): boolean {
  return (state === "Init" || state === "Copying" || state === "Running") && message !== FROZEN;
}

/** One run of a stream, with one session and one source, until either breaks. */
class Attempt {
  readonly #options: ControllerOptions;
  readonly #row: StreamStatus;
  readonly #session: WriteSession;
  readonly #source: Source;
  readonly #log: Log;
  readonly #onProgress: (progress: Progress) => void;

  constructor(
    options: ControllerOptions,
    row: StreamStatus,
    session: WriteSession,
    source: Source,
    onProgress: (progress: Progress) => void,
  ) {
    this.#options = options;
    this.#row = row;
    this.#session = session;
    this.#source = source;
    this.#log = options.log.with({ stream: row.id });
    this.#onProgress = onProgress;
  }

  /** `lasting` does not end with the source. */
  async run(call: Call, lasting: Call): Promise<StreamEnd> {
    try {
      return await this.#run(call, lasting);
    } catch (error) {
      if (error instanceof StreamEnd) return error;
      throw error;
    }
  }

  async #run(call: Call, lasting: Call): Promise<StreamEnd> {
    const { rows } = this.#options;
    const { id, source, state, position, copyState } = this.#row;
    using tables = this.#tablesOf(this.#session, call);
    const copied = await this.#copy(tables, call, lasting);
    if (copied instanceof StreamEnd) return copied;
    // A stream that was started in the midst of its copy has Running in the row that it began from.
    if (state !== "Running" || position === "" || copyState.length > 0) {
      if (source.stopAfterCopy) return new StreamEnd("Stopped", "Stopped after copy.");
      await rows.setState(id, "Running", "", call);
    }
    return await this.#follow(tables, copied, call);
  }

  #tablesOf(session: WriteSession, call: Call): TargetTables {
    const { login } = this.#options;
    const { id: streamId, source } = this.#row;
    return new TargetTables({ streamId, session, login, rules: source.filter.rules }, call);
  }

  /** The position behind the copy. */
  async #copy(tables: TargetTables, call: Call, lasting: Call): Promise<string | StreamEnd> {
    const { rows, clock, throttle, login, settings } = this.#options;
    const { id, position, state, source, options } = this.#row;
    let { copyState } = this.#row;
    if (position === "" && copyState.length === 0) {
      copyState = await this.#begin(tables, call);
      if (copyState.length === 0) return new StreamEnd("Stopped", "There is nothing to replicate");
    }
    if (copyState.length === 0) return position;
    if (state !== "Copying") await rows.setState(id, "Copying", "", call);
    const { vreplicationParallelTables, vreplicationCopyPhaseDuration } = settingsOf(
      settings,
      options,
    );
    const after = await copyTables(
      {
        streamId: id,
        session: this.#session,
        openWriter: (place, opening) => openWriter(login, id, place, opening),
        tablesOf: (session, working) => this.#tablesOf(session, working),
        tablesAtOnce: vreplicationParallelTables,
        snapshotMsMax: vreplicationCopyPhaseDuration,
        source: this.#source.streams,
        target: source,
        rules: sourceRules(source.filter.rules),
        clock,
        log: this.#log,
        throttle: (throttled) => throttle(id, throttled),
        keys: new DeferredKeys({ streamId: id, database: login.database, log: this.#log }),
        mayDeferKeys: mayDeferKeys(this.#row),
        lasting,
        say: (message, saying) => this.#say(message, saying),
        applier: (from, wants) => this.#applier(tables, from, wants, call),
      },
      copyState.map(({ table, lastPk }) => ({ table, lastPk, rule: this.#sourceRule(table) })),
      position,
      call,
    );
    await rows.log(
      id,
      "Ended Copy Phase",
      "Copying",
      `Copy phase completed at gtid ${after}`,
      call,
    );
    return after;
  }

  /** In the stream's row, and what it says in its log, too. */
  async #say(message: string, call: Call): Promise<void> {
    const { rows } = this.#options;
    await rows.setMessage(this.#row.id, message, call);
    if (message !== "") await rows.log(this.#row.id, "Message", "Copying", message, call);
  }

  /** Notes which tables are to be copied: those here that a rule speaks of. */
  async #begin(tables: TargetTables, call: Call): Promise<StreamStatus["copyState"]> {
    const { id, source } = this.#row;
    const names = (await tables.names()).filter((name) =>
      findRule(source.filter.rules, name) !== undefined
    );
    if (names.length === 0) return [];
    const values = names.map((name) => `(${id}, ${quote(name)})`).join(", ");
    await this.#session.run(
      `INSERT INTO _vt.copy_state (vrepl_id, table_name) VALUES ${values}`,
      call,
    );
    await this.#options.rows.log(
      id,
      "Started Copy Phase",
      "Copying",
      `Copy phase started for ${names.length} table(s)`,
      call,
    );
    return names.map((table) => ({ table, lastPk: "" }));
  }

  /** What the source is asked for. */
  #sourceRule(table: string): FilterRule {
    const rule = findRule(this.#row.source.filter.rules, table);
    if (rule === undefined) {
      throw vtError("VT27007", `no rule of stream ${this.#row.id} speaks of ${table}`);
    }
    return computedRule(rule)?.source ?? rule;
  }

  async #follow(tables: TargetTables, position: string, call: Call): Promise<StreamEnd> {
    const { stopPosition, source } = this.#row;
    const until = stopPosition === "" ? undefined : stopPosition;
    if (until !== undefined && positionContains(position, until)) return reached(until);
    const applier = this.#applier(tables, position, () => true, call);
    await play({
      source: this.#source.streams,
      target: source,
      rules: sourceRules(source.filter.rules),
      applier,
      until,
    }, call);
    return reached(until ?? "");
  }

  #applier(
    tables: TargetTables,
    position: string,
    wants: (table: string) => boolean,
    call: Call,
  ): Applier {
    return new Applier({
      streamId: this.#row.id,
      session: this.#session,
      tables,
      clock: this.#options.clock,
      position,
      wants,
      onDdl: (item) => this.#ddl(item, call),
      onProgress: this.#onProgress,
    });
  }

  async #ddl(item: Extract<StreamItem, { readonly kind: "ddl" }>, call: Call): Promise<void> {
    const { id, source } = this.#row;
    const concerns = item.tables.some((table) => reads(source.filter.rules, table));
    const action = concerns ? source.onDdl : "IGNORE";
    if (action === "EXEC" || action === "EXEC_IGNORE") await this.#execute(item.sql, action, call);
    await this.#session.run(
      `UPDATE _vt.vreplication SET pos = ${quote(item.position)}, ` +
        `time_updated = UNIX_TIMESTAMP() WHERE id = ${id}`,
      call,
    );
    // The position is behind it: whoever starts the stream again has dealt with it.
    if (action === "STOP") throw new StreamEnd("Stopped", `Stopped at DDL ${item.sql}`);
  }

  async #execute(sql: string, action: "EXEC" | "EXEC_IGNORE", call: Call): Promise<void> {
    const { rows } = this.#options;
    try {
      await this.#session.run(sql, call);
    } catch (error) {
      if (action === "EXEC" || call.signal.aborted) throw error;
      const message = error instanceof Error ? error.message : String(error);
      this.#log.warn("DDL of the source was ignored", { error: message });
      await rows.log(this.#row.id, "Message", "Running", `DDL ignored: ${message}`, call);
    }
  }
}

/** A change of the source's schema that is made here, too, must not meet a table without its keys. */
function mayDeferKeys({ deferSecondaryKeys, source: { onDdl } }: StreamStatus): boolean {
  return deferSecondaryKeys && (onDdl === "IGNORE" || onDdl === "STOP");
}

/** A session that writes rows of a table. */
async function openWriter(
  login: WriteLogin,
  streamId: number,
  place: number,
  call: Call,
): Promise<WriteSession> {
  const session = await WriteSession.open(login, call);
  try {
    await joinStream(session, streamId, place, call);
    return session;
  } catch (error) {
    session[Symbol.dispose]();
    throw error;
  }
}

function reached(position: string): StreamEnd {
  return new StreamEnd("Stopped", `Reached stopping position ${position}`);
}

/** True when rows of a table of the source may pass. */
function reads(rules: readonly FilterRule[], table: string): boolean {
  const first = rules.map(parseRule).find(({ matches }) => matches(table));
  return first !== undefined && first.kind !== "exclude";
}

/** The first rule that speaks of a table of the target; one that excludes it ends the search. */
export function findRule(rules: readonly FilterRule[], table: string): FilterRule | undefined {
  for (const rule of rules) {
    const parsed = parseRule(rule);
    const found = parsed.kind === "select" ? parsed.target === table : parsed.matches(table);
    if (!found) continue;
    return parsed.kind === "exclude" ? undefined : { match: table, filter: rule.filter };
  }
  return undefined;
}
