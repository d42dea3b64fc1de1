/**
 * Other workflows that take tables from the keyspace that a move takes its from. Only one can get
 * their writes: the other would stand still from then on, and say nothing of it.
 */
import { vtError } from "../../shared/error/errors.ts";
import type { RoutingRules } from "../../shared/model/records.ts";
import type { OtherStream } from "./checks.ts";
import { isReverse, KIND_NAMES, nameOf, reverseName, type ShardFacts } from "./facts.ts";
import { type MovedTables, thirdName } from "./routing.ts";

export interface Surroundings {
  /** Streams of all keyspaces, without the new workflow's own. */
  readonly streams: readonly OtherStream[];
  readonly rules: RoutingRules;
  readonly sources: readonly ShardFacts[];
}

/** VT22001 for a name that the way back of another workflow would have. */
export function checkNewName(workflow: string): void {
  if (!isReverse(workflow)) return;
  throw vtError(
    "VT22001",
    `${workflow} is the name of the streams that bring the rows of ${
      reverseName(workflow)
    } back after its switch; choose one that doesn't end in _reverse`,
  );
}

/**
 * VT22002 when another workflow takes, or has taken, some of the tables from the source; VT22004
 * when the streams of both that bring rows back would have one name there.
 */
export function checkRivals(
  workflow: string,
  moved: MovedTables,
  { streams, rules, sources }: Surroundings,
): void {
  const { sourceKeyspace } = moved;
  const rivals = streams.filter(({ stream: { source, workflowType } }) =>
    source.keyspace === sourceKeyspace && workflowType !== "materialize"
  );
  for (const rival of rivals) {
    checkName(workflow, sourceKeyspace, rival);
    const shared = sharedTables(rival, moved.tables);
    if (shared.length > 0) throw vtError("VT22002", describe(rival, shared, sourceKeyspace));
  }
  checkRouted(moved, rules);
  const denied = deniedTables(sources, moved.tables);
  if (denied === undefined) return;
  throw vtError(
    "VT22002",
    `${denied}, so it is served elsewhere since another workflow's switch: move it from there (GetRoutingRules), or open it with SetShardTabletControl --remove if it is to be served here`,
  );
}

function checkName(workflow: string, sourceKeyspace: string, { stream, keyspace }: OtherStream) {
  if (stream.workflow !== workflow) return;
  throw vtError(
    "VT22004",
    `workflow ${workflow} of keyspace ${keyspace} takes rows from ${sourceKeyspace}, too, and both would bring them back by streams named ${
      reverseName(workflow)
    }; choose another name`,
  );
}

/** Those among `tables` that the stream has: a rule that is a pattern may mean any of them. */
export function sharedTables(
  { stream }: Pick<OtherStream, "stream">,
  tables: readonly string[],
): readonly string[] {
  const { rules } = stream.source.filter;
  return tables.filter((table) =>
    rules.some(({ match }) => match === table || match.startsWith("/"))
  );
}

function describe(rival: OtherStream, shared: readonly string[], from: string): string {
  const { workflow, workflowType } = rival.stream;
  const kind = KIND_NAMES[workflowType === "reshard" ? "reshard" : "move_tables"];
  return `workflow ${workflow} on ${nameOf(rival)} takes ${
    shared.join(", ")
  } from ${from} already, and only one can get the writes; complete or cancel it first (${kind} --workflow ${workflow} --target-keyspace ${rival.keyspace} status tells how far it is)`;
}

function checkRouted(moved: MovedTables, rules: RoutingRules): void {
  for (const table of moved.tables) {
    const third = thirdName(rules, table, moved);
    if (third === undefined) continue;
    throw vtError(
      "VT22002",
      `routing rules of ${table} name ${third}, so another workflow moves it there or has moved it; GetRoutingRules shows them, Workflow --keyspace ${
        third.slice(0, third.indexOf("."))
      } show tells how far it is: complete or cancel it first, or where none is left, remove them with ApplyRoutingRules`,
    );
  }
}

/** "table t is refused by commerce/-": the first that a primary's record denies. */
export function deniedTables(
  sources: readonly ShardFacts[],
  tables: readonly string[],
): string | undefined {
  for (const source of sources) {
    const denied = source.tabletControls.flatMap((control) => control.deniedTables)
      .find((table) => tables.includes(table));
    if (denied !== undefined) return `table ${denied} is refused by ${nameOf(source)}`;
  }
  return undefined;
}
