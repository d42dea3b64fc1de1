/** What `create` does when a workflow of that name is there. */
import { vtError } from "../../../shared/error/errors.ts";
import type { OtherStream } from "../../workflow/checks.ts";
import { compareWorkflow, isUnstarted } from "../../workflow/same_workflow.ts";
import type { PlannedStream } from "../../workflow/streams.ts";
import type { CommandContext } from "../context.ts";

export interface Found {
  /** Nothing is left to do. */
  readonly whole: boolean;
  /** Its streams of the target shards: this workflow's own. */
  readonly own: readonly OtherStream[];
  /** Rows are copied already: what the targets have is theirs. */
  readonly copying: boolean;
}

/** Says what it finds. VT22004 with the difference when it is another than what is asked for. */
export function findKnown(
  context: CommandContext,
  workflow: string,
  planned: readonly PlannedStream[],
  onTargets: readonly OtherStream[],
): Found {
  const own = onTargets.filter(({ stream }) => stream.workflow === workflow);
  const known = compareWorkflow(planned, own);
  const [first] = own;
  if (known.is === "different") {
    throw vtError(
      "VT22004",
      `workflow ${workflow} already exists in keyspace ${first?.keyspace} on tablet ${first?.primary}, and is another: ${known.what}; choose another name, or cancel or complete that one`,
    );
  }
  if (known.is === "same") context.say(`workflow ${workflow} exists already, as it is asked for`);
  if (known.is === "unfinished") {
    context.say(`going on with workflow ${workflow}, which was not created whole`);
  }
  return { whole: known.is === "same", own, copying: own.some((one) => !isUnstarted(one)) };
}
