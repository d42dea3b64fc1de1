/**
 * The streams of a tablet. They run while it is its shard's primary: each is a row of
 * _vt.vreplication, so they go on by themselves after any death of tablet or mysqld, and on
 * another tablet after a reparent.
 */
import { vtError } from "../../shared/error/errors.ts";
import { positionContains } from "../../shared/binlog/position.ts";
import type { StreamSettings } from "../../shared/flags/stream_flags.ts";
import { sleep } from "../../shared/host/clock.ts";
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import { settleAll } from "../../shared/io/settle_all.ts";
import type { QueryRows } from "../../shared/rpc/tablet_admin.ts";
import {
  BUILDING_KEYS,
  type NewStream,
  type StreamStatus,
  type VReplicationAdmin,
} from "../../shared/rpc/vreplication.ts";
import { Dba } from "../mysqld/dba.ts";
import { Controller, isActive } from "./controller.ts";
import { runExec } from "./exec.ts";
import { KeyMender } from "./key_mender.ts";
import type { WriteLogin } from "./session.ts";
import { settleStream } from "./settle.ts";
import type { Source, SourceWish } from "../../shared/host/source_picker.ts";
import { FROZEN, noStream, StreamRows } from "./stream_rows.ts";
import { Turns } from "./turns.ts";
import { writeJournal } from "./journal.ts";

export interface EngineOptions {
  /** Writes _vt and rows; a server that is read-only refuses it. */
  readonly login: WriteLogin;
  readonly pick: (wish: SourceWish, call: Call) => Promise<Source>;
  /** Waits while a copy must not go faster. `onWait` gets the reason. */
  readonly throttle: (call: Call, onWait: (reason: string) => Promise<void>) => Promise<void>;
  readonly settings: StreamSettings;
  readonly clock: Clock;
  readonly log: Log;
}

interface Call {
  readonly signal: AbortSignal;
}

/** Until the rows can be read after a promotion. */
const START_PAUSE_MS = 500;

type Updated = VReplicationAdmin["UpdateStream"]["response"];

export class VReplicationEngine implements AsyncDisposable {
  readonly #options: EngineOptions;
  readonly #dba: Dba;
  readonly #rows: StreamRows;
  readonly #mender: KeyMender;
  readonly #turns = new Turns();
  readonly #stop = new AbortController();
  readonly #controllers = new Map<number, Controller>();
  readonly #waiters = new Set<() => void>();
  #primary = false;
  #following: Promise<void> = Promise.resolve();

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#dba = new Dba(options.login);
    this.#rows = new StreamRows(this.#dba, options.login.database);
    this.#mender = new KeyMender(options);
  }

  /** Streams that run now, by id: for people. */
  get status(): Readonly<Record<string, string>> {
    const streams = Object.fromEntries([...this.#controllers.values()].map((controller) => {
      const source = controller.source ?? "no source yet";
      const position = controller.progress?.position ?? "nothing applied yet";
      return [`stream ${controller.id}`, controller.over ? "ended" : `${source}, ${position}`];
    }));
    const mended = this.#mender.at;
    return mended === undefined ? streams : { ...streams, "deleted streams": `building ${mended}` };
  }

  /** Told whenever the tablet's role may have changed: only a primary that takes writes runs streams. */
  setPrimary(primary: boolean): void {
    if (primary === this.#primary) return;
    this.#primary = primary;
    // At once: what is under way must not hold up a demotion.
    if (!primary) this.#abortAll();
    this.#following = this.#following.then(() => this.#follow(primary));
  }

  #abortAll(): void {
    for (const controller of this.#controllers.values()) controller.abort();
    this.#mender.abort();
  }

  /** Until it is done, or no longer wanted. */
  async #follow(primary: boolean): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && this.#primary === primary) {
      try {
        await this.#turns.run(() => primary ? this.#startAll({ signal }) : this.#stopAll());
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#options.log.warn("streams could not be started or stopped", { error: String(error) });
        // The signal ends the pause and the loop.
        await sleep(START_PAUSE_MS, { signal }).catch(() => {});
      }
    }
  }

  async #startAll(call: Call): Promise<void> {
    // They were to end when this tablet stepped down, which it didn't, or not for long.
    const ending = [...this.#controllers.values()].filter(({ aborted }) => aborted);
    await Promise.all(ending.map((controller) => controller.stop()));
    if (this.#mender.aborted) await this.#mender.stop();
    for (const stream of await this.#rows.list("", call)) this.#start(stream);
    this.#mend();
  }

  /** Keys that streams have left. */
  #mend(): void {
    if (this.#primary && !this.#stop.signal.aborted) this.#mender.start();
  }

  /**
   * Runs a change of rows whose streams it stops. When it comes to nothing, because mysqld or whoever
   * asks has gone away, they run on as their rows say: as soon as these can be read.
   */
  async #stopping<T>(change: () => Promise<T>): Promise<T> {
    try {
      return await this.#turns.run(change);
    } catch (error) {
      this.#following = this.#following.then(() => this.#follow(true));
      throw error;
    }
  }

  /** All are stopped when one can't be, too; then its error. */
  async #stopAll(): Promise<void> {
    const streams = [...this.#controllers.keys()].map((id) => () => this.#stopOne(id));
    await settleAll([...streams, () => this.#mender.stop()], (stop) => stop());
  }

  #start(stream: StreamStatus): void {
    if (!this.#primary || !isActive(stream) || this.#stop.signal.aborted) return;
    if (this.#controllers.get(stream.id)?.over === false) return;
    const { login, pick, clock, log, throttle, settings } = this.#options;
    this.#controllers.set(
      stream.id,
      new Controller({
        id: stream.id,
        login,
        rows: this.#rows,
        pick,
        settings,
        clock,
        log,
        throttle: (id, call) =>
          throttle(call, (reason) => this.#rows.setThrottled(id, "vcopier", reason, call)),
        onProgress: () => this.#wake(),
      }),
    );
  }

  /**
   * Nothing is applied any more when this resolves, nor by whoever ran the stream before this
   * program. VT27012, VT20014: that isn't known yet.
   */
  async #stopOne(id: number): Promise<void> {
    const controller = this.#controllers.get(id);
    try {
      await controller?.stop();
      await settleStream(this.#options.login, id, this.#options.log);
      this.#controllers.delete(id);
    } finally {
      this.#wake();
    }
  }

  #wake(): void {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    for (const wake of waiters) wake();
  }

  /** VT22002 on a tablet that isn't its shard's primary. */
  #checkPrimary(): void {
    if (!this.#primary) {
      throw vtError(
        "VT22002",
        "streams run on the primary of their shard, which this tablet isn't",
      );
    }
  }

  /** The id of the stream; one of the same workflow and source shard that is there is left alone. */
  async createStream(stream: NewStream, call: Call): Promise<number> {
    this.#checkPrimary();
    return await this.#turns.run(async () => {
      const there = (await this.#rows.list(stream.workflow, call)).find(({ source }) =>
        source.keyspace === stream.source.keyspace && source.shard === stream.source.shard
      );
      const id = there?.id ?? await this.#rows.insert(stream, call);
      const row = there ?? await this.#rows.find(id, call);
      if (row !== undefined) this.#start(row);
      return id;
    });
  }

  async readStreams(workflow: string, call: Call): Promise<readonly StreamStatus[]> {
    return await this.#rows.list(workflow, call);
  }

  /**
   * `onlyIf`: looked at in the same turn, so that nobody's change is written over; VT27008 when it
   * says no.
   */
  async updateStream(
    change: VReplicationAdmin["UpdateStream"]["request"],
    call: Call,
    onlyIf: (stream: StreamStatus) => boolean = () => true,
  ): Promise<Updated> {
    this.#checkPrimary();
    return await this.#stopping(async () => {
      const before = await this.#rows.find(change.id, call);
      if (before === undefined) throw noStream(change.id);
      if (!onlyIf(before)) throw vtError("VT27008", change.id, before.state, before.message);
      // Whatever it says: one that was sent before the switch may come after it.
      if (change.state === "Running" && before.message === FROZEN) {
        throw vtError(
          "VT27007",
          `stream ${change.id} is frozen: its writes were switched away; ` +
            "ReverseTraffic thaws it, Complete removes it",
        );
      }
      await this.#stopOne(change.id);
      const message = change.message ?? (isOutdated(before, change.state) ? "" : undefined);
      await this.#rows.update(message === undefined ? change : { ...change, message }, call);
      const row = await this.#rows.find(change.id, call);
      if (row === undefined) throw noStream(change.id);
      this.#start(row);
      return { state: row.state, position: row.position };
    });
  }

  /** How many there were. */
  async deleteStreams(workflow: string, call: Call): Promise<number> {
    this.#checkPrimary();
    return await this.#stopping(async () => {
      const streams = await this.#rows.list(workflow, call);
      for (const { id } of streams) await this.#stopOne(id);
      await this.#rows.delete(streams.map(({ id }) => id), call);
      this.#mend();
      return streams.length;
    });
  }

  /** See VReplicationAdmin. */
  async writeJournal(
    journal: VReplicationAdmin["WriteJournal"]["request"],
    call: Call,
  ): Promise<void> {
    this.#checkPrimary();
    await this.#stopping(async () => {
      const { workflow } = journal;
      const before = workflow === "" ? [] : await this.#rows.list(workflow, call);
      for (const { id } of before) await this.#stopOne(id);
      await writeJournal(this.#dba, this.#options.login.database, journal, call);
    });
  }

  /** See VReplicationAdmin. VT27001 when the stream ended before. */
  async waitForStream(
    id: number,
    position: string,
    timeoutMs: number,
    call: Call,
  ): Promise<string> {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([call.signal, timeout]);
    try {
      for (;;) {
        const reached = await this.#reached(id, position, { signal });
        if (reached !== undefined) return reached;
        await this.#progress(signal);
      }
    } catch (error) {
      call.signal.throwIfAborted();
      if (timeout.aborted) throw vtError("VT20014", `stream ${id} up to ${position}`);
      throw error;
    }
  }

  /** Its position when that is far enough; throws when it gets no further. */
  async #reached(id: number, wanted: string, call: Call): Promise<string | undefined> {
    const controller = this.#controllers.get(id);
    const known = controller?.progress?.position;
    if (known !== undefined && positionContains(known, wanted)) return known;
    if (controller?.over === false && known !== undefined) return undefined;
    const row = await this.#rows.find(id, call);
    if (row === undefined) throw noStream(id);
    const { position, state, message } = row;
    if (position !== "" && positionContains(position, wanted)) return position;
    if (!isActive(row)) throw vtError("VT27001", id, state, message);
    return undefined;
  }

  /** Resolves when some stream got on, and now and then. */
  async #progress(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = () => woken.abort();
    this.#waiters.add(wake);
    const either = AbortSignal.any([signal, woken.signal]);
    // Ends by the waiter, too, which is no failure.
    await sleep(START_PAUSE_MS, { signal: either }).catch(() => {});
    this.#waiters.delete(wake);
    signal.throwIfAborted();
  }

  /** Streams pause while a statement changes their rows. */
  async exec(sql: string, call: Call): Promise<QueryRows> {
    return await runExec(sql, {
      read: (statement) => this.#dba.query(statement, call),
      write: (statement) => {
        this.#checkPrimary();
        return this.#stopping(async () => {
          await this.#stopAll();
          const result = await this.#dba.query(statement, call);
          await this.#rows.deleteOrphans(call);
          await this.#startAll({ signal: this.#stop.signal });
          return result;
        });
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DOMException("The tablet shuts down", "AbortError"));
    this.#primary = false;
    this.#abortAll();
    await this.#following;
    try {
      await this.#stopAll();
    } catch (error) {
      // Whoever runs the streams next waits for the end of what this program sent.
      this.#options.log.warn("streams were left", { error: String(error) });
    }
    await this.#dba[Symbol.asyncDispose]();
  }
}

/** What a stream's message says is not so any more when it is to be in that state. */
function isOutdated({ message }: StreamStatus, state: "Running" | "Stopped" | undefined): boolean {
  return state === "Running" || (state === "Stopped" && message.startsWith(BUILDING_KEYS));
}
