/**
 * Knows the tablet's tables and notices when they change: after DDL that came through this tablet,
 * when told to look (ReloadSchema), and by itself now and then (DDL from elsewhere, replication).
 */
import type { Clock } from "../../shared/io/clock.ts";
import type { Log } from "../../shared/io/log.ts";
import type { TableSchema } from "../../shared/rpc/query_service.ts";
import { readSchema, type Rows } from "./read_schema.ts";

export interface SchemaTrackerOptions {
  readonly rows: Rows;
  readonly clock: Clock;
  readonly log: Log;
  /** Between two looks at least; a look that takes long makes them rarer. */
  readonly checkMs: number;
  /** The version grew. */
  readonly onChange: (version: number) => void;
}

/** Looking may cost at most this share of a core. */
const CHECK_SHARE = 0.01;

export class SchemaTracker {
  readonly #options: SchemaTrackerOptions;
  #tables: readonly TableSchema[] | undefined;
  #printed = "";
  #version = 0;
  #loading: Promise<void> | undefined;
  /** The running look began before somebody asked for one. */
  #again = false;

  constructor(options: SchemaTrackerOptions) {
    this.#options = options;
  }

  /** Grows with each change; 0 before the first look. */
  get version(): number {
    return this.#version;
  }

  /** The tables as of the last look. */
  async tables(): Promise<readonly TableSchema[]> {
    if (this.#tables === undefined) await this.reload();
    return this.#tables ?? [];
  }

  /** Looks now. Resolves when a look that began after this call is done. */
  async reload(): Promise<void> {
    if (this.#loading !== undefined) {
      this.#again = true;
      return await this.#loading;
    }
    this.#loading = this.#load();
    try {
      await this.#loading;
    } finally {
      this.#loading = undefined;
    }
  }

  async #load(): Promise<void> {
    do {
      this.#again = false;
      const tables = await readSchema(this.#options.rows);
      const printed = JSON.stringify(tables);
      this.#tables = tables;
      if (printed === this.#printed) continue;
      this.#printed = printed;
      this.#version++;
      this.#options.onChange(this.#version);
    } while (this.#again);
  }

  /** Looks now and then until the signal aborts; while mysqld is away it waits. */
  async watch(signal: AbortSignal): Promise<void> {
    const { clock, checkMs, log } = this.#options;
    while (!signal.aborted) {
      const started = clock.monotonicMs();
      try {
        await this.reload();
      } catch (error) {
        log.debug("schema could not be read", { error: String(error) });
      }
      const took = clock.monotonicMs() - started;
      await clock.sleep(Math.max(checkMs, took / CHECK_SHARE), { signal }).catch(() => {});
    }
  }
}
