/** What a comparison found: counts, and a few of the rows that differ. */
import type { Field, Row } from "../../shared/binlog/change.ts";
import type { RowSample, VDiffReport } from "../../shared/rpc/vdiff.ts";

export const EMPTY_REPORT: VDiffReport = {
  processedRows: 0,
  matchingRows: 0,
  mismatchedRows: 0,
  extraRowsSource: 0,
  extraRowsTarget: 0,
  mismatchedSample: [],
  extraSourceSample: [],
  extraTargetSample: [],
};

export interface SampleOptions {
  readonly fields: readonly Field[];
  /** Places of the key's columns in a row. */
  readonly key: readonly number[];
  readonly onlyPks: boolean;
  /** Of each kind. */
  readonly samplesMax: number;
  /** Characters of a column; 0 for all. */
  readonly charsMax: number;
}

export function hasMismatch(report: VDiffReport): boolean {
  return report.mismatchedRows > 0 || report.extraRowsSource > 0 || report.extraRowsTarget > 0;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A row for people: texts as they are, other bytes as "0x...". */
export function sampleRow(row: Row, options: SampleOptions): RowSample {
  const { fields, key, onlyPks, charsMax } = options;
  const shown = onlyPks && key.length > 0 ? key : fields.map((_, i) => i);
  return Object.fromEntries(
    shown.map((place) => [fields[place]?.name ?? "", printValue(row[place] ?? null, charsMax)]),
  );
}

function printValue(value: Uint8Array | null, charsMax: number): string | null {
  if (value === null) return null;
  const text = isText(value) ? UTF8.decode(value) : `0x${value.toHex()}`;
  return charsMax === 0 || text.length <= charsMax ? text : `${text.slice(0, charsMax)}...`;
}

function isText(value: Uint8Array): boolean {
  // Control characters but tab and line ends: bytes that happen to be UTF-8 are no text.
  if (value.some((byte) => byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13)) return false;
  try {
    UTF8.decode(value);
    return true;
  } catch {
    // A fatal decoder throws exactly when the bytes are not UTF-8.
    return false;
  }
}

/** Gathers what chunk after chunk gives. */
export class ReportBuilder {
  readonly #options: SampleOptions;
  #report: VDiffReport;

  constructor(report: VDiffReport, options: SampleOptions) {
    this.#report = report;
    this.#options = options;
  }

  get report(): VDiffReport {
    return this.#report;
  }

  addMatching(rows: number): void {
    const { processedRows, matchingRows } = this.#report;
    this.#report = {
      ...this.#report,
      processedRows: processedRows + rows,
      matchingRows: matchingRows + rows,
    };
  }

  addMismatch(source: Row, target: Row): void {
    const before = this.#report;
    this.#report = {
      ...before,
      processedRows: before.processedRows + 1,
      mismatchedRows: before.mismatchedRows + 1,
      mismatchedSample: this.#with(before.mismatchedSample, () => ({
        source: sampleRow(source, this.#options),
        target: sampleRow(target, this.#options),
      })),
    };
  }

  addExtraSource(row: Row): void {
    const before = this.#report;
    this.#report = {
      ...before,
      processedRows: before.processedRows + 1,
      extraRowsSource: before.extraRowsSource + 1,
      extraSourceSample: this.#with(
        before.extraSourceSample,
        () => sampleRow(row, this.#options),
      ),
    };
  }

  addExtraTarget(row: Row): void {
    const before = this.#report;
    this.#report = {
      ...before,
      processedRows: before.processedRows + 1,
      extraRowsTarget: before.extraRowsTarget + 1,
      extraTargetSample: this.#with(
        before.extraTargetSample,
        () => sampleRow(row, this.#options),
      ),
    };
  }

  #with<T>(samples: readonly T[], make: () => T): readonly T[] {
    return samples.length < this.#options.samplesMax ? [...samples, make()] : samples;
  }
}
