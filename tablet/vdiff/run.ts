/** One VDiff from its row to its end: its tables, each at a point of its own. */
import type { FilterRule, StreamStatus } from "../../shared/rpc/vreplication.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import { VtError, vtError } from "../../shared/error/errors.ts";
import { MysqlError } from "../../shared/error/mysql_error.ts";
import { type ComputedRule, computedRule } from "../../shared/filter/computed.ts";
import type { Clock } from "../../shared/io/clock.ts";
import { sameShard } from "../../shared/key/range.ts";
import { findRule } from "../vreplication/controller.ts";
import type { Turns } from "../vreplication/turns.ts";
import type { StreamLogin } from "../stream/dump.ts";
import { type StreamControl, takePoint } from "./point.ts";
import { ReportBuilder } from "./report.ts";
import { type OpenedSource, openSource } from "./source_client.ts";
import { diffTable } from "./table_diff.ts";
import { matchSides, type TableSides } from "./table_sides.ts";
import { TableSnapshot } from "./table_snapshot.ts";
import { gatherWanted, madeColumns, wantedStatements } from "./wanted_rows.ts";
import type { StoredTable, StoredVDiff, VDiffRows } from "./vdiff_rows.ts";

export interface RunOptions {
  readonly rows: VDiffRows;
  readonly streams: StreamControl;
  readonly login: StreamLogin;
  /** The keyspace's, as mysqld calls it: vt_KEYSPACE unless the tablet is told another. */
  readonly database: string;
  /** All base tables of the database. */
  readonly listTables: (call: Call) => Promise<readonly string[]>;
  /** All tablets of the topology. */
  readonly tablets: (call: Call) => Promise<readonly TabletRecord[]>;
  readonly clock: Clock;
  /** Points are taken one at a time: they stop the same streams. */
  readonly turns: Turns;
}

interface Call {
  readonly signal: AbortSignal;
}

/** Each holds a connection here and one on each source. */
const TABLES_AT_ONCE = 2;
/** Failures one behind the other, without a chunk between them. */
const RETRIES_MAX = 20;
const RETRY_PAUSE_MS_MAX = 5000;

const ER_TABLE_DEF_CHANGED = 1412;

/** Resolves when all tables are compared, whatever was found. */
export async function runVDiff(options: RunOptions, vdiff: StoredVDiff, call: Call): Promise<void> {
  const { rows } = options;
  const tables = await tablesOf(options, vdiff, call);
  await rows.addTables(vdiff.id, tables, call);
  const queue = [...await rows.tables(vdiff.id, call)].filter(({ state }) => state !== "completed");
  const failed = new AbortController();
  const signal = AbortSignal.any([call.signal, failed.signal]);
  const work = async (): Promise<void> => {
    for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
      await new TableRun(options, vdiff, table).run({ signal });
    }
  };
  const outcomes = await Promise.allSettled(
    Array.from({ length: TABLES_AT_ONCE }, () =>
      work().catch((error) => {
        failed.abort(error);
        throw error;
      })),
  );
  call.signal.throwIfAborted();
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") throw failed.signal.reason ?? outcome.reason;
  }
  await rows.setState(vdiff.id, "completed", "", call);
}

/** Tables that streams of the workflow bring. VT22003 for a table that they don't. */
async function tablesOf(
  { streams, listTables }: RunOptions,
  { workflow, options }: StoredVDiff,
  call: Call,
): Promise<readonly string[]> {
  const running = await streams.readStreams(workflow, call);
  const all = (await listTables(call)).filter((table) =>
    running.some((stream) => brings(stream, table))
  );
  const unknown = options.tables.find((table) => !all.includes(table));
  if (unknown !== undefined) {
    throw vtError(
      "VT22003",
      `workflow ${workflow} brings no table ${unknown}; it brings ${all.join(", ")}`,
    );
  }
  return options.tables.length === 0 ? all : options.tables;
}

function brings({ source }: StreamStatus, table: string): boolean {
  return findRule(source.filter.rules, table) !== undefined;
}

/** Compares one table, at as many points as it takes. */
class TableRun {
  readonly #options: RunOptions;
  readonly #vdiff: StoredVDiff;
  #table: StoredTable;
  #failures = 0;

  constructor(options: RunOptions, vdiff: StoredVDiff, table: StoredTable) {
    this.#options = options;
    this.#vdiff = vdiff;
    this.#table = table;
  }

  async run(call: Call): Promise<void> {
    const { rows } = this.#options;
    const { id } = this.#vdiff;
    const { table } = this.#table;
    try {
      while (!await this.#attempt(call));
    } catch (error) {
      if (!call.signal.aborted) await rows.setTableState(id, table, "error", undefined, call);
      throw error;
    }
  }

  /** True when the table is done. */
  async #attempt(call: Call): Promise<boolean> {
    try {
      return await this.#compare(call);
    } catch (error) {
      call.signal.throwIfAborted();
      const { options, id } = this.#vdiff;
      if (!options.autoRetry || !mayPass(error) || ++this.#failures > RETRIES_MAX) throw error;
      const message = `${this.#table.table}: ${error instanceof Error ? error.message : error}`;
      await this.#options.rows.log(id, `Retrying: ${message}`, call).catch(() => {
        // A mysqld that is away can't take it either; the next try tells.
        call.signal.throwIfAborted();
      });
      const pauseMs = Math.min(RETRY_PAUSE_MS_MAX, 100 * 2 ** this.#failures);
      await this.#options.clock.sleep(pauseMs, call);
      return false;
    }
  }

  async #compare(call: Call): Promise<boolean> {
    const { rows, clock, login, database, streams, turns } = this.#options;
    const { id, options, workflow } = this.#vdiff;
    const { table } = this.#table;
    await using scope = new AsyncDisposableStack();
    let computed: ComputedRule | undefined;
    const { sources, target } = await turns.run(() =>
      takePoint<OpenedSource, TableSnapshot>({
        streams,
        workflow,
        concerns: (stream) => brings(stream, table),
        openSource: (stream, inner) => {
          computed = computedRule(this.#rule(stream));
          return this.#openSource(stream, inner);
        },
        positionOf: ({ position }) => position,
        closeSource: async (source) => await source[Symbol.asyncDispose](),
        openTarget: (inner) =>
          TableSnapshot.open(
            { login, database, table },
            inner,
            computed === undefined ? [] : wantedStatements(computed, { database, table }),
          ),
        closeTarget: (opened) => opened[Symbol.dispose](),
        waitMs: options.waitMs,
        clock,
      }, call)
    );
    for (const source of sources) scope.use(source);
    scope.use(target);
    await rows.setTableState(id, table, "started", await target.estimateRows(call), call);
    const sides = sidesOf(table, sources, target, computed !== undefined);
    const readers = computed === undefined
      ? sources.map(({ reader }) => reader)
      : [await gatherWanted(computed, sources, target, sides, call)];
    const report = new ReportBuilder(this.#table.report, {
      fields: sides.fields,
      key: sides.keyPlaces,
      onlyPks: options.onlyPks,
      samplesMax: options.samplesMax,
      charsMax: options.sampleCharsMax,
    });
    const startedMs = clock.monotonicMs();
    return await diffTable(
      {
        sides,
        target,
        sources: readers,
        report,
        rowsMax: options.rowsMax,
        onChunk: async (lastPk) => {
          this.#table = { ...this.#table, lastPk, report: report.report };
          this.#failures = 0;
          await rows.saveProgress(id, table, lastPk, report.report, call);
          const { snapshotMsMax } = options;
          return snapshotMsMax === 0 || clock.monotonicMs() - startedMs < snapshotMsMax;
        },
      },
      this.#table.lastPk,
      call,
    );
  }

  #rule({ source }: StreamStatus): FilterRule {
    const rule = findRule(source.filter.rules, this.#table.table);
    if (rule === undefined) throw new TypeError("only streams that bring the table are asked");
    return rule;
  }

  /** On the first tablet of the shard, in order of preference, that can. */
  async #openSource(stream: StreamStatus, call: Call): Promise<OpenedSource> {
    const { options } = this.#vdiff;
    const { table } = this.#table;
    const { source } = stream;
    const rule = this.#rule(stream);
    const cells = options.sourceCells === "" ? [] : options.sourceCells.split(",");
    const types = options.tabletTypes.split(",");
    const tablets = (await this.#options.tablets(call))
      .filter((tablet) =>
        isOf(tablet, source) && types.includes(tablet.type) &&
        (cells.length === 0 || cells.includes(tablet.alias.cell))
      )
      .toSorted((a, b) => types.indexOf(a.type) - types.indexOf(b.type));
    let failure: unknown;
    for (const tablet of tablets) {
      try {
        return await openSource(tablet, {
          rule,
          table,
          position: stream.position,
          timeoutMs: options.waitMs,
        }, call);
      } catch (error) {
        call.signal.throwIfAborted();
        if (!mayPass(error)) throw error;
        failure = error;
      }
    }
    const shard = `${source.keyspace}/${source.shard}`;
    const tried = tablets.map(({ alias }) => printTabletAlias(alias)).join(", ");
    const cause = failure instanceof Error ? `; ${tried}: ${failure.message}` : "";
    throw vtError("VT27005", shard, `${options.tabletTypes}${cause}`);
  }
}

function isOf(
  tablet: TabletRecord,
  place: { readonly keyspace: string; readonly shard: string },
): boolean {
  if (tablet.keyspace !== place.keyspace) return false;
  if (tablet.shard === place.shard) return true;
  try {
    return sameShard(tablet.shard, place.shard);
  } catch (error) {
    // A shard whose name is a word.
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** VT27002 when the sources bring different columns. */
function sidesOf(
  table: string,
  sources: readonly OpenedSource[],
  target: TableSnapshot,
  isMade: boolean,
): TableSides {
  const [first, ...others] = sources;
  if (first === undefined) throw new TypeError("a point has a source");
  const names = first.fields.map(({ name }) => name).join();
  const other = others.find(({ fields }) => fields.map(({ name }) => name).join() !== names);
  if (other !== undefined) {
    throw vtError("VT27002", table, `same columns on ${first.alias} and ${other.alias}`);
  }
  const fields = isMade ? madeColumns(table, first.fields, target) : first.fields;
  return matchSides(table, fields, target.columns);
}

/** True when another try may do better: somebody was away, or the table was altered meanwhile. */
function mayPass(error: unknown): boolean {
  if (error instanceof MysqlError) {
    return error.status === "unavailable" || error.errno === ER_TABLE_DEF_CHANGED;
  }
  return error instanceof VtError &&
    ["unavailable", "aborted", "deadline_exceeded"].includes(error.status);
}
