/**
 * Takes a workflow through its life under writing clients, and has faults strike at moments of it.
 * After each the same command is run again until it is through; then every row that was
 * acknowledged must be where traffic goes, on its own shard, a VDiff of the streams that run must be
 * clean, and the tables must have all their keys.
 */
import { checkGone, checkKeys, type Definitions } from "./book_keys.ts";
import { checkBook, checkPlacement, checkReads } from "./book_rows.ts";
import { CommandLoop, Missed, type Ran } from "./command_loop.ts";
import { untilCopied, untilKeysAreBuilt } from "./copy_moments.ts";
import { KEYS, type Moment, printMoment, shareOf } from "./fault_moments.ts";
import { Guestbook, percentile } from "./guestbook.ts";
import type { LocalCluster } from "./local_cluster.ts";
import type { SecondCtld } from "./second_ctld.ts";
import { type Aim, aim, type Fault, printFault } from "./victims.ts";
import { CustomerVisitor } from "./visitors.ts";
import type { Place, WorkflowCase } from "./workflow_case.ts";

export interface FaultRun {
  readonly moment: Moment;
  readonly fault: Fault;
}

export interface Row {
  readonly workflow: string;
  readonly moment: string;
  readonly fault: string;
  /** How often the command was run until it was through; 1: by itself. */
  readonly runs: number;
  /** Longest write while it happened, ms. */
  readonly pauseMs: number;
  /** How long neither side took writes, as the switch says; undefined where none was. */
  readonly stoppedMs: number | undefined;
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  readonly failedReads: number;
  /** Rows of the clients that were found; all that must be there are. */
  readonly found: number;
  /** Rows that VDiff compared; 0 where no streams run any more. */
  readonly compared: number;
  readonly seconds: number;
  /** What went wrong; "" for nothing. */
  readonly trouble: string;
  /** The moment never came: everything was over before. Says nothing of the system. */
  readonly missed: boolean;
}

export interface WorkflowRunOptions {
  readonly cluster: LocalCluster;
  /** Another vtctld beside the cluster's own. */
  readonly second: SecondCtld;
  readonly workflowCase: WorkflowCase;
  readonly runs: readonly FaultRun[];
  /** Rows that are there to be copied. */
  readonly rows: number;
  /** What the tables are like, wherever they are. */
  readonly definitions: Definitions;
  readonly clients: number;
  readonly tag: string;
  /** Completed at its end, also without a fault in that: the rows go to the other side. */
  readonly turn: boolean;
  readonly onRow: (row: Row) => void | Promise<void>;
  /** Told of each command: how long it took, and how it failed. */
  readonly onCommand?: (text: string) => void;
}

const WRITES_AFTER = 120;
const RECOVERY_MS_MAX = 90_000;
/** Between two visits of a client, so that there is CPU left for those that recover. */
const VISIT_PAUSE_MS = 5;

type Then = "source" | "target" | "gone" | "nothing";

/**
 * One workflow with these faults in it, one after the other. Throws behind the first row with trouble:
 * the cluster can't be used any more.
 */
export async function runWorkflow(
  options: WorkflowRunOptions,
): Promise<"completed" | "cancelled"> {
  return await new WorkflowRun(options).run();
}

class WorkflowRun {
  readonly #options: WorkflowRunOptions;
  readonly #commands: CommandLoop;
  readonly #visitor = new CustomerVisitor();
  readonly #book: Guestbook;
  /** What was told with the row before. */
  #before = { refused: 0, unknown: 0, acknowledged: 0, failedReads: 0 };
  #compared = 0;
  #found = 0;

  constructor(options: WorkflowRunOptions) {
    this.#options = options;
    const { cluster, clients, tag } = options;
    this.#commands = new CommandLoop(options);
    this.#book = new Guestbook({
      port: cluster.mysqlPort,
      clients,
      tag,
      visitor: this.#visitor,
      keepOfTen: 2,
      pauseMs: VISIT_PAUSE_MS,
    });
  }

  async run(): Promise<"completed" | "cancelled"> {
    try {
      const end = await this.#life();
      await this.#forget();
      return end;
    } finally {
      await this.#book.stop();
    }
  }

  async #life(): Promise<"completed" | "cancelled"> {
    const { action, create } = this.#options.workflowCase;
    const complete = this.#of("complete");
    if (complete.length > 1) throw new TypeError("a workflow is completed once");
    await this.#book.more(WRITES_AFTER, RECOVERY_MS_MAX);
    for (const run of this.#of("create", "copy", "cancel")) await this.#beginning(run);
    const { runs, turn } = this.#options;
    if (!turn && this.#of("create", "copy", "cancel").length === runs.length) return "cancelled";
    await this.#commands.run(create);
    await this.#copied();
    for (const run of this.#of("catch-up", "vdiff")) await this.#following(run);
    await this.#pairs("switch rdonly", "reverse rdonly", ["--tablet-types=rdonly"]);
    await this.#pairs("switch replica", "reverse replica", ["--tablet-types=replica"]);
    await this.#pairs("switch", "reverse", []);
    const [end] = complete;
    if (!turn) {
      await this.#commands.run(action("cancel"));
      return "cancelled";
    }
    await this.#commands.run(action("switchtraffic"));
    if (end === undefined) {
      await this.#commands.run(action("complete"));
      return "completed";
    }
    await this.#row(
      end,
      (aimed) => this.#commands.run(action("complete"), end.moment, aimed),
      "gone",
    );
    return "completed";
  }

  /** The clients' rows go: those of many workflows would make each check longer. */
  async #forget(): Promise<void> {
    await this.#book.quiet(() => Promise.resolve());
  }

  #of(...phases: readonly Moment["phase"][]): readonly FaultRun[] {
    return this.#options.runs.filter(({ moment }) => phases.includes(moment.phase));
  }

  async #copied(): Promise<Ran> {
    return await this.#commands.run(this.#options.workflowCase.action("status", "--wait"));
  }

  /** Makes the workflow, and cancels it again. */
  async #beginning(run: FaultRun): Promise<void> {
    const { create, action } = this.#options.workflowCase;
    const { moment } = run;
    if (moment.phase === "cancel") return await this.#cancelling(run);
    await this.#row(run, async (aimed) => {
      if (moment.phase === "create") {
        const ran = await this.#commands.run(create, moment, aimed);
        await this.#copied();
        return ran;
      }
      await this.#commands.run(create);
      await this.#copying(moment);
      aimed.strike();
      return await this.#copied();
    }, "source");
    await this.#commands.run(action("cancel"));
  }

  async #cancelling(run: FaultRun): Promise<void> {
    const { create, action } = this.#options.workflowCase;
    const cancel = action("cancel");
    const { moment } = run;
    if (moment.at !== KEYS) {
      await this.#commands.run(create);
      await this.#copied();
      await this.#row(run, (aimed) => this.#commands.run(cancel, moment, aimed), "nothing");
      return;
    }
    await this.#row(run, async (aimed) => {
      await this.#commands.run(create);
      let ran: Ran;
      try {
        await this.#copying(moment);
        aimed.strike();
      } finally {
        ran = await this.#commands.run(cancel);
      }
      return ran;
    }, "nothing");
  }

  async #copying(moment: Moment): Promise<void> {
    const { workflowCase, cluster, rows } = this.#options;
    if (moment.at === KEYS) return await untilKeysAreBuilt(cluster, workflowCase);
    // Two tables of so many rows each.
    await untilCopied(cluster, workflowCase, shareOf(moment) * rows * 2);
  }

  async #following(run: FaultRun): Promise<void> {
    const { workflowCase } = this.#options;
    await this.#row(run, async (aimed) => {
      if (run.moment.phase === "vdiff") {
        return await this.#commands.run(["VDiff", workflowCase.vdiff], run.moment, aimed);
      }
      aimed.strike();
      await this.#book.more(WRITES_AFTER, RECOVERY_MS_MAX);
      return await this.#copied();
    }, "source");
  }

  /** There and back until all of both have been. */
  async #pairs(
    there: Moment["phase"],
    back: Moment["phase"],
    more: readonly string[],
  ): Promise<void> {
    const { action } = this.#options.workflowCase;
    const queues: readonly [FaultRun[], FaultRun[]] = [[...this.#of(there)], [...this.#of(back)]];
    const commands = [action("switchtraffic", ...more), action("reversetraffic", ...more)] as const;
    while (queues[0].length + queues[1].length > 0) {
      for (const way of [0, 1] as const) {
        const run = queues[way].shift();
        if (run === undefined) {
          await this.#commands.run(commands[way]);
          continue;
        }
        const work = (aimed: Aim) => this.#commands.run(commands[way], run.moment, aimed);
        const readsOnly = more.length > 0;
        await this.#row(run, work, way === 0 && !readsOnly ? "target" : "source");
      }
    }
  }

  /** Does it with the fault, checks everything, and tells. */
  async #row(run: FaultRun, work: (aimed: Aim) => Promise<Ran>, then: Then): Promise<void> {
    const { cluster, workflowCase, onRow } = this.#options;
    const aimed = await aim(cluster, run.fault, workflowCase);
    const fromMs = performance.now();
    let ran: Ran = { runs: 0, stoppedMs: undefined };
    let trouble = "";
    let missed = false;
    try {
      ran = await work(aimed);
    } catch (error) {
      missed = error instanceof Missed;
      trouble = messageOf(error);
    }
    await aimed.over();
    if (trouble === "" || missed) trouble = await this.#troubleNow(run, then) || trouble;
    const total = { ...this.#book.totals, failedReads: this.#book.failedReads };
    const before = this.#before;
    this.#before = total;
    await onRow({
      workflow: workflowCase.name,
      moment: printMoment(run.moment),
      fault: printFault(run.fault),
      ...ran,
      pauseMs: Math.round(percentile(this.#book.latencies, 100, fromMs)),
      acknowledged: total.acknowledged - before.acknowledged,
      refused: total.refused - before.refused,
      unknown: total.unknown - before.unknown,
      failedReads: total.failedReads - before.failedReads,
      found: this.#found,
      compared: this.#compared,
      seconds: Math.round((performance.now() - fromMs) / 100) / 10,
      trouble,
      missed,
    });
    if (trouble !== "" && !missed) throw new Error(`${printMoment(run.moment)}: ${trouble}`);
  }

  /** What is wrong; "" for nothing. */
  async #troubleNow({ moment }: FaultRun, then: Then): Promise<string> {
    const { cluster, workflowCase } = this.#options;
    const { source, target, vdiff, vdiffBack } = workflowCase;
    this.#compared = 0;
    this.#found = 0;
    try {
      await this.#book.more(WRITES_AFTER, RECOVERY_MS_MAX);
      const serving: Place = then === "source" || then === "nothing" ? source : target;
      if (then === "source" || then === "target") {
        const stream = then === "source" ? vdiff : vdiffBack;
        this.#compared = await this.#commands.vdiff(stream);
      }
      await this.#book.quiet(async () => {
        const book = { visitor: this.#visitor, tag: this.#book.tag };
        const { customers, orders } = await checkBook(
          cluster,
          book,
          serving.shards,
          serving.keyspace,
        );
        this.#found = customers + orders;
        if (serving.shards.length > 1) await checkPlacement(cluster, serving.shards);
        await this.#checkKeys(then);
        const type = /^(?:switch|reverse) (rdonly|replica)$/.exec(moment.phase)?.[1];
        if (type !== undefined) await checkReads(cluster, source.keyspace, type);
      }, { forget: false });
      return "";
    } catch (error) {
      return messageOf(error);
    }
  }

  /** Of the tables that stay, on either side. */
  async #checkKeys(then: Then): Promise<void> {
    const { cluster, workflowCase: { source, target }, definitions } = this.#options;
    if (then !== "gone") await checkKeys(cluster, source, definitions);
    if (then === "nothing") await checkGone(cluster, target);
    else await checkKeys(cluster, target, definitions);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error
    ? error.message.replaceAll(/\s+/g, " ").slice(0, 800)
    : String(error);
}
