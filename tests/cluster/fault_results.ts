/** Results of the matrix: a line of JSON for each run, and the table that is made of them. */
import { KINDS, parseRun, type PlannedRun, printRun } from "./fault_list.ts";
import type { Row } from "./fault_runs.ts";
import { KEYS, type Moment, PHASES } from "./fault_moments.ts";
import { type Fault, VICTIMS } from "./victims.ts";

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

/** Columns of the two tables, by what struck. */
const KILLED = [...VICTIMS.slice(0, 7), "a replica", "two at once"] as const;
const OTHERS = [
  "tablet stalled",
  "mysqld stalled",
  "vtctld stalled",
  "etcd stalled",
  "vtctld replaced",
  "cut off",
  "nothing",
] as const;

/** Lines of a kind: its phases, those apart in which keys are built. */
const LINES = PHASES.flatMap((phase) => [phase, lineOf({ phase, at: KEYS })]);

function lineOf({ phase, at }: Moment): string {
  return at === KEYS ? `${phase}, keys` : phase;
}

function columnOf(fault: Fault): string {
  switch (fault.do) {
    case "none":
      return "nothing";
    case "replace":
      return "vtctld replaced";
    case "cut":
      return "cut off";
    case "stall":
      return `${fault.victims[0]?.split(" ").at(-1)} stalled`;
    case "kill": {
      const [victim, more] = fault.victims;
      if (more !== undefined) return "two at once";
      return victim?.endsWith("replica") === true ? "a replica" : victim ?? "";
    }
  }
}

/**
 * Markdown: tables of kills and of the rest, with a line for each server, kind and phase. A cell has
 * the number of runs, of those whose command was run more than once, and the longest write.
 */
export function printTables(results: readonly Result[]): string {
  const lines = new Map<string, Map<string, Cell>>();
  for (const result of results) {
    if (result.missed || result.trouble !== "") continue;
    const { server, kind, moment, fault } = parseRun(result.run);
    const key = `| ${server} | ${kind} | ${lineOf(moment)} `;
    const line = lines.get(key) ?? new Map<string, Cell>();
    lines.set(key, line);
    const column = columnOf(fault);
    const cell = line.get(column) ?? { runs: 0, again: 0, pauseMs: 0 };
    line.set(column, {
      runs: cell.runs + 1,
      again: cell.again + (result.runs > 1 ? 1 : 0),
      pauseMs: Math.max(cell.pauseMs, result.pauseMs),
    });
  }
  const sorted = [...lines].toSorted(([a], [b]) => placeOf(a) - placeOf(b));
  return [KILLED, OTHERS].map((columns) => printTable(sorted, columns)).join("\n");
}

function printTable(
  lines: readonly (readonly [string, ReadonlyMap<string, Cell>])[],
  columns: readonly string[],
): string {
  const head = `| server | kind | phase | ${columns.join(" | ")} |\n` +
    `| --- | --- | --- | ${columns.map(() => "---").join(" | ")} |\n`;
  return head + lines.filter(([, cells]) => columns.some((column) => cells.has(column)))
    .map(([key, cells]) =>
      `${key}| ${columns.map((column) => printCell(cells.get(column))).join(" | ")} |\n`
    ).join("");
}

/** The order of the lines: that of servers, kinds and phases. */
function placeOf(key: string): number {
  const [, server, kind, line] = key.split("|").map((word) => word.trim());
  return (server === "mysql" ? 10_000 : 0) +
    100 * KINDS.findIndex((one) => one === kind) + LINES.findIndex((one) => one === line);
}

/** "12, 3 again, 1.3 s". */
function printCell(cell: Cell | undefined): string {
  if (cell === undefined) return "";
  const again = cell.again === 0 ? "" : `, ${cell.again} again`;
  return `${cell.runs}${again}, ${(cell.pauseMs / 1000).toFixed(1)} s`;
}
