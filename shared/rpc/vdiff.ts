/**
 * VDiff: whether the rows on a workflow's target are those of its source. It runs on the primary
 * of each target shard, which keeps its state in _vt.vdiff and _vt.vdiff_table, and asks tablets
 * of the source shards for digests and rows.
 */
import type { Field } from "../binlog/change.ts";
import type { FilterRule } from "./vreplication.ts";

/** Vitess's names (go/vt/vttablet/tabletmanager/vdiff). */
export type VDiffState = "pending" | "started" | "stopped" | "completed" | "error" | "unknown";
export const VDIFF_STATES: readonly VDiffState[] = [
  "pending",
  "started",
  "stopped",
  "completed",
  "error",
  "unknown",
];

export interface VDiffOptions {
  /** Empty: all of the workflow. */
  readonly tables: readonly string[];
  /** Types of source tablets to read from, in order of preference: "replica,rdonly,primary". */
  readonly tabletTypes: string;
  /** Comma separated; "" for any. */
  readonly sourceCells: string;
  /** How long a stream may take to reach the source's snapshot. */
  readonly waitMs: number;
  /** Rows to compare of each table; 0 for all. */
  readonly rowsMax: number;
  /** Differing rows of each kind that a report shows. */
  readonly samplesMax: number;
  /** Samples show primary keys alone. */
  readonly onlyPks: boolean;
  /** Characters of a column in a sample; 0 for all. */
  readonly sampleCharsMax: number;
  /** A snapshot is held for so long at most, then a new one is taken; 0: no limit. */
  readonly snapshotMsMax: number;
  /** Goes on by itself after what passes: a lost connection, a tablet that restarts. */
  readonly autoRetry: boolean;
}

/** Column -> its value as text; null is NULL. */
export type RowSample = Readonly<Record<string, string | null>>;

export interface VDiffReport {
  readonly processedRows: number;
  readonly matchingRows: number;
  readonly mismatchedRows: number;
  readonly extraRowsSource: number;
  readonly extraRowsTarget: number;
  readonly mismatchedSample: readonly {
    readonly source: RowSample;
    readonly target: RowSample;
  }[];
  readonly extraSourceSample: readonly RowSample[];
  readonly extraTargetSample: readonly RowSample[];
}

export interface VDiffTableStatus {
  readonly table: string;
  readonly state: VDiffState;
  /** As the server estimates them. */
  readonly tableRows: number;
  readonly report: VDiffReport;
  /** Times are texts, "2026-01-31 12:00:00" in UTC, and "" for never. */
  readonly updatedAt: string;
}

export interface VDiffStatus {
  readonly uuid: string;
  readonly workflow: string;
  readonly keyspace: string;
  readonly shard: string;
  readonly state: VDiffState;
  readonly lastError: string;
  readonly createdAt: string;
  readonly startedAt: string;
  readonly completedAt: string;
  readonly tables: readonly VDiffTableStatus[];
}

/** A place in a table: the values of the key's columns, in base64. */
export type RowKey = readonly string[];

/** Rows with a key above `after`, up to and with `upTo`; null is no bound. */
export interface KeySpan {
  readonly after: RowKey | null;
  readonly upTo: RowKey | null;
}

/** Of a set of rows, in whatever order: the sums of two 32-bit hashes of each. */
export interface RowDigest {
  readonly rows: number;
  readonly low: number;
  readonly high: number;
}

export interface VDiffAdmin {
  /** On the primary of a target shard: begins, or goes on with one of that name. */
  VDiffCreate: {
    readonly request: {
      readonly uuid: string;
      readonly workflow: string;
      readonly options: VDiffOptions;
      /** Without it, it stays pending until VDiffResume. */
      readonly start: boolean;
    };
    readonly response: Record<never, never>;
  };
  /** Of a workflow, newest first; uuid "" for all. */
  VDiffShow: {
    readonly request: { readonly workflow: string; readonly uuid: string };
    readonly response: { readonly vdiffs: readonly VDiffStatus[] };
  };
  /** Answers when it compares no more. */
  VDiffStop: {
    readonly request: { readonly workflow: string; readonly uuid: string };
    readonly response: Record<never, never>;
  };
  /** Goes on behind the last chunk that was compared. */
  VDiffResume: {
    readonly request: { readonly workflow: string; readonly uuid: string };
    readonly response: Record<never, never>;
  };
  /** uuid "" for all of the workflow. */
  VDiffDelete: {
    readonly request: { readonly workflow: string; readonly uuid: string };
    readonly response: { readonly deleted: number };
  };
  /**
   * On a tablet of a source shard: a snapshot of a table, held until VDiffClose or until nobody
   * asks for a while. Taken once the tablet has everything of `position`.
   */
  VDiffOpen: {
    readonly request: {
      readonly rule: FilterRule;
      readonly table: string;
      readonly position: string;
      readonly timeoutMs: number;
    };
    readonly response: {
      readonly session: string;
      /** Of the snapshot. */
      readonly position: string;
      /** What the rule makes of the table, in order. */
      readonly fields: readonly Field[];
    };
  };
  /** The digest of the rows of a span that the rule lets through. */
  VDiffDigest: {
    readonly request: SourceRead;
    readonly response: RowDigest;
  };
  /** The rows themselves, in no order; `next` goes on where a limit ended it, null at the end. */
  VDiffRows: {
    readonly request: SourceRead;
    readonly response: {
      /** Values in base64; null is NULL. */
      readonly rows: readonly (readonly (string | null)[])[];
      readonly next: RowKey | null;
    };
  };
  VDiffClose: {
    readonly request: { readonly session: string };
    readonly response: Record<never, never>;
  };
}

/** A column of a key. */
export interface SourceKeyColumn {
  /** Behind the rule. */
  readonly name: string;
  /** By the bytes of its text in UTF-8, since the two sides' collations differ. */
  readonly byCode: boolean;
}

export interface SourceRead {
  readonly session: string;
  /** Empty for a table without a key, and then spans have no bounds. */
  readonly key: readonly SourceKeyColumn[];
  readonly span: KeySpan;
  /** Texts in UTF-8, since the two sides' character sets differ. */
  readonly utf8: boolean;
  /** Places of JSON documents that one of the sides keeps as texts. */
  readonly json: readonly number[];
  /** For a table without a key: only rows whose hash falls into this part. */
  readonly part: { readonly index: number; readonly of: number } | null;
}
