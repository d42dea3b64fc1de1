/** Which tablets a listing shows, and how it copes with cells that can't be read. */
import { vtError } from "../../shared/error/errors.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { printTabletAlias, type TabletAlias, type TabletType } from "../../shared/model/tablet.ts";
import { getTablet, listTablets } from "../../topo/tablets.ts";
import type { CommandContext } from "./context.ts";
import { findCells } from "./lookup.ts";

export interface TabletFilter {
  /** Empty: all. The other conditions don't apply to aliases. */
  readonly aliases: readonly TabletAlias[];
  readonly cells: readonly string[];
  readonly keyspace: string;
  readonly shard: string;
  readonly type: TabletType | undefined;
  /** Fail when a cell can't be read, instead of listing the others. */
  readonly strict: boolean;
}

export const ALL_TABLETS: TabletFilter = {
  aliases: [],
  cells: [],
  keyspace: "",
  shard: "",
  type: undefined,
  strict: true,
};

/** Sorted by alias. */
export async function filterTablets(
  context: CommandContext,
  filter: TabletFilter,
): Promise<readonly TabletRecord[]> {
  if (filter.shard !== "" && filter.keyspace === "") {
    throw vtError("VT22001", "--shard needs --keyspace");
  }
  const tablets = filter.aliases.length > 0
    ? await collect(
      context,
      filter.strict,
      filter.aliases.map((alias) => ({
        name: printTabletAlias(alias),
        read: async () => [await getTablet(context.topo, alias, context)],
      })),
    )
    : await collect(
      context,
      filter.strict,
      (await findCells(context, filter.cells)).map((cell) => ({
        name: `cell ${cell}`,
        read: () => listTablets(context.topo, cell, context),
      })),
    );
  const matching = filter.aliases.length > 0
    ? tablets
    : tablets.filter((tablet) => matches(tablet, filter));
  return [...matching].sort((a, b) =>
    printTabletAlias(a.alias) < printTabletAlias(b.alias) ? -1 : 1
  );
}

interface Source {
  readonly name: string;
  readonly read: () => Promise<readonly TabletRecord[]>;
}

async function collect(
  context: CommandContext,
  strict: boolean,
  sources: readonly Source[],
): Promise<readonly TabletRecord[]> {
  const lists = await Promise.all(sources.map(async ({ name, read }) => {
    try {
      return await read();
    } catch (error) {
      if (strict || context.signal.aborted) throw error;
      context.say(`warning: ${name}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  }));
  return lists.flat();
}

function matches(tablet: TabletRecord, filter: TabletFilter): boolean {
  return (filter.keyspace === "" || tablet.keyspace === filter.keyspace) &&
    (filter.shard === "" || tablet.shard === filter.shard) &&
    (filter.type === undefined || tablet.type === filter.type);
}
