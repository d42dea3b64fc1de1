/** Results of the matrix: a line of JSON for each run, and the table that is made of them. */
import { KINDS, parseRun, type PlannedRun, printRun } from "./fault_list.ts";
import type { Row } from "./fault_runs.ts";
import { PHASES } from "./fault_moments.ts";
import { printFault } from "./victims.ts";

export interface Result extends Row {
  /** As printRun prints it. */
  readonly run: string;
  readonly commit: string;
}

export async function readResults(file: string): Promise<readonly Result[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.split("\n").filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Result);
}

export async function addResult(
  file: string,
  run: PlannedRun,
  commit: string,
  row: Row,
): Promise<void> {
  const result: Result = { run: printRun(run), commit, ...row };
  await Deno.writeTextFile(file, JSON.stringify(result) + "\n", { append: true });
}

export function printRow(row: Row): string {
  const outcome = row.missed
    ? `MISSED: ${row.trouble}`
    : row.trouble !== ""
    ? `FAILED: ${row.trouble}`
    : row.runs <= 1
    ? "by itself"
    : `run ${row.runs} times`;
  const stopped = row.stoppedMs === undefined ? "" : ` (stopped ${row.stoppedMs})`;
  return `${row.workflow.padEnd(12)} ${row.fault.padEnd(22)} ${row.moment.padEnd(46)} ` +
    `${outcome.padEnd(11)} pause ${row.pauseMs} ms${stopped}, acknowledged ${row.acknowledged}, ` +
    `found ${row.found}, refused ${row.refused}, unknown ${row.unknown}, ` +
    `failed reads ${row.failedReads}, compared ${row.compared}, ${row.seconds} s`;
}

interface Cell {
  readonly runs: number;
  readonly again: number;
  readonly pauseMs: number;
}

/**
 * Markdown: a line for each server, kind and phase, a column for each of these faults. A cell has
 * the number of runs, of those whose command was run more than once, and the longest write.
 */
export function printTable(results: readonly Result[], faults: readonly string[]): string {
  const lines = new Map<string, Map<string, Cell>>();
  for (const result of results) {
    const { server, kind, moment, fault } = parseRun(result.run);
    const name = printFault(fault);
    if (result.missed || result.trouble !== "" || !faults.includes(name)) continue;
    const key = `| ${server} | ${kind} | ${moment.phase} `;
    const line = lines.get(key) ?? new Map<string, Cell>();
    lines.set(key, line);
    const cell = line.get(name) ?? { runs: 0, again: 0, pauseMs: 0 };
    line.set(name, {
      runs: cell.runs + 1,
      again: cell.again + (result.runs > 1 ? 1 : 0),
      pauseMs: Math.max(cell.pauseMs, result.pauseMs),
    });
  }
  const head = `| server | kind | phase | ${faults.join(" | ")} |\n` +
    `| --- | --- | --- | ${faults.map(() => "---").join(" | ")} |\n`;
  const order = (key: string) => {
    const [, server, kind, phase] = key.split("|").map((word) => word.trim());
    return [
      server === "mysql" ? 1 : 0,
      KINDS.findIndex((one) => one === kind),
      PHASES.findIndex((one) => one === phase),
    ].reduce((all, digit) => all * 100 + digit, 0);
  };
  return head + [...lines].toSorted(([a], [b]) => order(a) - order(b))
    .map(([key, cells]) =>
      `${key}| ${faults.map((one) => printCell(cells.get(one))).join(" | ")} |\n`
    )
    .join("");
}

/** "12, 3 again, 1.3 s". */
function printCell(cell: Cell | undefined): string {
  if (cell === undefined) return "";
  const again = cell.again === 0 ? "" : `, ${cell.again} again`;
  return `${cell.runs}${again}, ${(cell.pauseMs / 1000).toFixed(1)} s`;
}
