/** Snapshots that this tablet holds for the VDiffs of target shards. */
import type { Field, Row } from "../../shared/binlog/change.ts";
import { parsePosition, positionContains } from "../../shared/binlog/position.ts";
import { vtError } from "../../shared/error/errors.ts";
import { type ComputedRule, computedRule } from "../../shared/filter/computed.ts";
import type { FilterContext } from "../../shared/filter/keyspace_id.ts";
import { parseRule } from "../../shared/filter/rule.ts";
import { StreamFilter } from "../../shared/filter/stream_filter.ts";
import type { TablePlan } from "../../shared/filter/table_plan.ts";
import type { RowDigest, SourceKeyColumn, SourceRead, VDiffAdmin } from "../../shared/rpc/vdiff.ts";
import type { Server } from "../mysqld/replication.ts";
import { waitForPosition } from "../mysqld/replication.ts";
import type { StreamLogin } from "../stream/dump.ts";
import { type Key, type KeyColumn, keyFormOf, type Span } from "./key_order.ts";
import { openMadeRows } from "./made_rows.ts";
import type { PagedQuery } from "./paged_query.ts";
import { type ReadOptions, type RowView, TableSnapshot } from "./table_snapshot.ts";
import { withJson } from "./json_text.ts";

export interface SourceSessionsOptions {
  readonly server: Server;
  readonly login: StreamLogin;
  /** The keyspace's, as mysqld calls it: vt_KEYSPACE unless the tablet is told another. */
  readonly database: string;
  /** Of this keyspace's VSchema. */
  readonly context: (call: Call) => Promise<FilterContext>;
}

interface Call {
  readonly signal: AbortSignal;
}

/** A snapshot that nobody asks for so long belongs to a VDiff that died. */
const IDLE_MS_MAX = 60_000;
/** Each holds a connection, and keeps mysqld from purging old row versions. */
const SESSIONS_MAX = 100;
/** Of one answer. */
const ROWS_MAX = 5000;
const BYTES_MAX = 8 * 1024 * 1024;

interface Session {
  readonly snapshot: TableSnapshot;
  readonly view: RowView;
  readonly columns: readonly string[];
  /** Of the table, by the name behind the rule. */
  readonly sourceOf: ReadonlyMap<string, Field>;
  /** Of a rule with expressions: what they give, from the first row to the last. */
  readonly made: PagedQuery | undefined;
  /** Ends what runs in it. */
  readonly ended: AbortController;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class SourceSessions implements Disposable {
  readonly #options: SourceSessionsOptions;
  readonly #sessions = new Map<string, Session>();

  constructor(options: SourceSessionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  async open(
    request: VDiffAdmin["VDiffOpen"]["request"],
    call: Call,
  ): Promise<VDiffAdmin["VDiffOpen"]["response"]> {
    if (this.#sessions.size >= SESSIONS_MAX) {
      throw vtError("VT20008", "VDiff snapshot", SESSIONS_MAX);
    }
    const { server, login, database } = this.#options;
    const { rule, position, timeoutMs } = request;
    if (position !== "") {
      await waitForPosition(server, parsePosition(position).gtid, timeoutMs, call);
    }
    const parsed = parseRule(rule);
    const table = parsed.kind === "select" ? parsed.select.table : request.table;
    const computed = computedRule(rule);
    const filter = new StreamFilter([computed?.placed ?? rule], await this.#options.context(call));
    const snapshot = await TableSnapshot.open({ login, database, table }, call);
    try {
      if (position !== "" && !positionContains(snapshot.position, position)) {
        throw vtError("VT20014", `the source to reach ${position}`);
      }
      const [plan] = filter.plansFor(snapshot.columns.fields);
      if (plan === undefined) throw vtError("VT26007", rule.match, "no row passes");
      const opened = await openSession(snapshot, plan, computed, call);
      const session = crypto.randomUUID();
      this.#sessions.set(session, opened.session);
      this.#rest(session);
      return { session, position: snapshot.position, fields: opened.fields };
    } catch (error) {
      snapshot[Symbol.dispose]();
      throw error;
    }
  }

  /** Not for a rule with expressions, whose rows are asked for. */
  async digest(read: SourceRead, call: Call): Promise<RowDigest> {
    return await this.#use(read, call, ({ snapshot, made }, options) => {
      if (made !== undefined) throw vtError("VT13001", "a digest of rows that are made");
      return snapshot.digest(options, call);
    });
  }

  async rows(read: SourceRead, call: Call): Promise<VDiffAdmin["VDiffRows"]["response"]> {
    const limits = { rowsMax: ROWS_MAX, bytesMax: BYTES_MAX };
    return await this.#use(read, call, async (session, options) => {
      const { snapshot, made } = session;
      if (made !== undefined) {
        const { rows, more } = await made.page(call);
        return { rows: rows.map(encodeRow), next: more ? [] : null };
      }
      const { rows, next } = await snapshot.rows(options, limits, call);
      return {
        rows: rows.map(({ row }) => encodeRow(row)),
        next: next?.map((value) => value.toBase64()) ?? null,
      };
    });
  }

  close(session: string): void {
    const found = this.#sessions.get(session);
    this.#sessions.delete(session);
    clearTimeout(found?.timer);
    found?.ended.abort(new DOMException("VDiff's snapshot was closed", "AbortError"));
    found?.snapshot[Symbol.dispose]();
  }

  async #use<T>(
    read: SourceRead,
    { signal }: Call,
    work: (session: Session, options: ReadOptions) => Promise<T>,
  ): Promise<T> {
    const session = this.#sessions.get(read.session);
    if (session === undefined) {
      throw vtError("VT20009", read.session, "VDiff's snapshot was given up");
    }
    clearTimeout(session.timer);
    signal.throwIfAborted();
    try {
      const answer = await work(session, readOptions(session, read));
      if (this.#sessions.has(read.session)) this.#rest(read.session);
      return answer;
    } catch (error) {
      // What is left of a snapshot after a failure is of no use.
      this.close(read.session);
      throw error;
    }
  }

  #rest(session: string): void {
    const found = this.#sessions.get(session);
    if (found !== undefined) found.timer = setTimeout(() => this.close(session), IDLE_MS_MAX);
  }

  [Symbol.dispose](): void {
    for (const session of [...this.#sessions.keys()]) this.close(session);
  }
}

function encodeRow(row: Row): readonly (string | null)[] {
  return row.map((value) => value?.toBase64() ?? null);
}

async function openSession(
  snapshot: TableSnapshot,
  plan: TablePlan,
  computed: ComputedRule | undefined,
  call: Call,
): Promise<{ readonly session: Session; readonly fields: readonly Field[] }> {
  const { fields } = snapshot.columns.fields;
  const ended = new AbortController();
  const limits = { rowsMax: ROWS_MAX, bytesMax: BYTES_MAX };
  const made = computed === undefined
    ? undefined
    : await openMadeRows(snapshot, computed, plan, limits, ended, call);
  return {
    fields: made?.fields ?? plan.fields.fields,
    session: {
      snapshot,
      view: plan,
      columns: fields.map(({ name }) => name),
      sourceOf: sourcesOf(plan.fields.fields, fields, (row) => plan.project(row)),
      made: made?.query,
      ended,
      timer: undefined,
    },
  };
}

/** A column that passes a rule as it is: the row that goes in tells what comes out where. */
function sourcesOf(
  out: readonly Field[],
  fields: readonly Field[],
  project: (row: Row) => Row,
): ReadonlyMap<string, Field> {
  const marks = fields.map(() => new Uint8Array(1));
  const passed = project(marks);
  const sources = new Map<string, Field>();
  for (const [i, field] of out.entries()) {
    const value = passed[i];
    const source = fields[marks.findIndex((mark) => mark === value)];
    if (source !== undefined) sources.set(field.name, source);
  }
  return sources;
}

function readOptions({ view, columns, sourceOf }: Session, read: SourceRead): ReadOptions {
  const { utf8, part } = read;
  return {
    columns,
    view: withJson(view, read.json),
    utf8,
    part: part ?? undefined,
    span: decodeSpan(read.span),
    key: read.key.map((column) => keyColumnOf(column, sourceOf, utf8)),
  };
}

function keyColumnOf(
  { name, byCode }: SourceKeyColumn,
  sourceOf: ReadonlyMap<string, Field>,
  utf8: boolean,
): KeyColumn {
  const field = sourceOf.get(name);
  if (field === undefined) {
    throw vtError("VT12001", `VDiff by ${name}, which is no column of the source's table`);
  }
  return { name: field.name, form: byCode ? { is: "code" } : keyFormOf(field, utf8) };
}

/** Of a request. */
export function decodeSpan({ after, upTo }: SourceRead["span"]): Span {
  const decode = (key: readonly string[] | null): Key | undefined =>
    key?.map((value) => Uint8Array.fromBase64(value));
  return { after: decode(after), upTo: decode(upTo) };
}
