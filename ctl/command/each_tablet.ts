import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias } from "../../shared/model/tablet.ts";
import type { CommandContext } from "./context.ts";

/** Tablets asked at once, so that a keyspace of hundreds doesn't open hundreds of sockets. */
const CONCURRENCY_MAX = 16;

export interface TabletFailure {
  readonly tablet: string;
  readonly error: string;
}

/**
 * Does the same on many tablets, a few at a time, and gives what went wrong; only the caller's
 * leaving ends it early.
 */
export async function eachTablet(
  context: CommandContext,
  tablets: readonly TabletRecord[],
  act: (tablet: TabletRecord) => Promise<unknown>,
): Promise<readonly TabletFailure[]> {
  const failures: TabletFailure[] = [];
  const queue = [...tablets];
  const work = async (): Promise<void> => {
    for (let tablet = queue.shift(); tablet !== undefined; tablet = queue.shift()) {
      try {
        await act(tablet);
      } catch (error) {
        context.signal.throwIfAborted();
        failures.push({
          tablet: printTabletAlias(tablet.alias),
          error: error instanceof Error ? error.message : String(error),
        });
      }
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY_MAX }, work));
  return failures.sort((a, b) => (a.tablet < b.tablet ? -1 : 1));
}

/** Tells the caller what went wrong on tablets that the command can do without. */
export function sayFailures(context: CommandContext, failures: readonly TabletFailure[]): void {
  for (const { tablet, error } of failures) context.say(`warning: ${tablet}: ${error}`);
}
