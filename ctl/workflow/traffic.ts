/** Where reads and writes go, in Vitess's words (go/vt/vtctl/workflow/state.go). */
import { READ_TYPES, type ReadType, type WorkflowFacts } from "./facts.ts";
import { servedBy } from "./routing.ts";
import { serves } from "./serving.ts";

interface SwitchedCells {
  readonly switched: readonly string[];
  readonly notSwitched: readonly string[];
}

export interface Traffic extends Readonly<Record<ReadType, SwitchedCells>> {
  readonly writesSwitched: boolean;
}

type Facts = Pick<
  WorkflowFacts,
  | "kind"
  | "sourceKeyspace"
  | "targetKeyspace"
  | "tables"
  | "routingRules"
  | "srvKeyspaces"
  | "targets"
>;

export function readTraffic(facts: Facts): Traffic {
  const cells = [...facts.srvKeyspaces.keys()].sort();
  if (facts.kind !== "reshard") {
    const served = servedBy(facts.routingRules, facts);
    const all = (type: ReadType): SwitchedCells =>
      served[type] === "target"
        ? { switched: cells, notSwitched: [] }
        : { switched: [], notSwitched: cells };
    return {
      replica: all("replica"),
      rdonly: all("rdonly"),
      writesSwitched: served.primary === "target",
    };
  }
  const targets = facts.targets.map(({ shard }) => shard);
  const byCell = (type: ReadType): SwitchedCells => {
    const isSwitched = (cell: string): boolean => {
      const srv = facts.srvKeyspaces.get(cell);
      return srv !== undefined && serves(srv, type, targets);
    };
    return {
      switched: cells.filter(isSwitched),
      notSwitched: cells.filter((cell) => !isSwitched(cell)),
    };
  };
  return {
    replica: byCell("replica"),
    rdonly: byCell("rdonly"),
    writesSwitched: facts.targets.length > 0 &&
      facts.targets.every(({ isPrimaryServing }) => isPrimaryServing),
  };
}

/** "Reads Not Switched. Writes Not Switched". */
export function printTraffic(traffic: Traffic): string {
  return [...printReads(traffic), printWrites(traffic)].join(". ");
}

function printWrites({ writesSwitched }: Traffic): string {
  return writesSwitched ? "Writes Switched" : "Writes Not Switched";
}

const NAMES: Readonly<Record<ReadType, string>> = { replica: "Replica", rdonly: "Rdonly" };

function printReads(traffic: Traffic): readonly string[] {
  if (READ_TYPES.every((type) => isAll(traffic[type]))) return ["All Reads Switched"];
  if (READ_TYPES.every((type) => traffic[type].switched.length === 0)) {
    return ["Reads Not Switched"];
  }
  return ["Reads partially switched", ...READ_TYPES.map((type) => printType(type, traffic[type]))];
}

function printType(type: ReadType, cells: SwitchedCells): string {
  if (isAll(cells)) return `All ${NAMES[type]} Reads Switched`;
  if (cells.switched.length === 0) return `${NAMES[type]} not switched`;
  return `${NAMES[type]} switched in cells: ${cells.switched.join(",")}`;
}

function isAll({ switched, notSwitched }: SwitchedCells): boolean {
  return notSwitched.length === 0 && switched.length > 0;
}

/** Everything goes to the target. */
export function isAllSwitched(traffic: Traffic): boolean {
  return traffic.writesSwitched && READ_TYPES.every((type) => isAll(traffic[type]));
}

export function isNothingSwitched(traffic: Traffic): boolean {
  return !traffic.writesSwitched &&
    READ_TYPES.every((type) => traffic[type].switched.length === 0);
}
