/** A progress as one line with a bar, and how long the rest will take. */
import type { Progress } from "./progress.ts";

/** An earlier look, from which the speed is reckoned. */
export interface EarlierLook {
  readonly percent: number;
  readonly secondsAgo: number;
}

const BAR_COLUMNS = 20;

/**
 * "[#######.............]  37.4% copying, ETA 12s, lag 0s, 374 of 1000 rows, 12.1 of 29.3 MB"; without
 * what is not known, or no longer asked. A terminal of 80 columns shows what matters first.
 */
export function printProgressLine(progress: Progress, earlier: EarlierLook): string {
  const filled = Math.floor(progress.percent / 100 * BAR_COLUMNS);
  const bar = "#".repeat(filled) + ".".repeat(BAR_COLUMNS - filled);
  const { rowsCopied, rowsTotal, bytesCopied, bytesTotal, state } = progress;
  const eta = etaSeconds(progress, earlier);
  const parts = [
    state,
    ...(eta === undefined ? [] : [`ETA ${printSeconds(eta)}`]),
    `lag ${progress.lagSeconds}s`,
    `${rowsCopied} of ${rowsTotal} rows`,
    ...(bytesTotal > 0 ? [printBytes(bytesCopied, bytesTotal)] : []),
  ];
  return `[${bar}] ${progress.percent.toFixed(1).padStart(5)}% ${parts.join(", ")}`;
}

const SECONDS_MIN = 1;
const PERCENT_MIN = 0.1;

/** As fast as since the earlier look; undefined where that says nothing yet. */
export function etaSeconds(progress: Progress, earlier: EarlierLook): number | undefined {
  const gained = progress.percent - earlier.percent;
  if (progress.state !== "copying" || earlier.secondsAgo < SECONDS_MIN || gained < PERCENT_MIN) {
    return undefined;
  }
  return Math.round(earlier.secondsAgo * (100 - progress.percent) / gained);
}

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Both in the unit of the whole. */
function printBytes(part: number, whole: number): string {
  const place = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, whole)) / 3));
  const print = (bytes: number): string => (bytes / 1000 ** place).toFixed(place === 0 ? 0 : 1);
  return `${print(part)} of ${print(whole)} ${UNITS[place] ?? ""}`;
}

function printSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}m${seconds % 60}s`
    : `${Math.floor(minutes / 60)}h${minutes % 60}m`;
}
