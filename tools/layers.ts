/** Who may import whom, and which units stay pure. The longest matching prefix wins. */
interface Unit {
  readonly uses: readonly string[];
  /** No clock, no randomness, no I/O: the same input always gives the same output. */
  readonly pure?: true;
}

const SHARED = [
  "shared/error",
  "shared/io",
  "shared/value",
  "shared/key",
  "shared/mysql",
  "shared/sql",
  "shared/vindex",
  "shared/vschema",
  "shared/binlog",
  "shared/filter",
  "shared/model",
  "shared/flags",
  "shared/rpc",
] as const;

export const UNITS: Readonly<Record<string, Unit>> = {
  // Layer 0: facts and pure functions. Each may use only what stands above it.
  "shared/error": { uses: [], pure: true },
  "shared/io": { uses: ["shared/error"], pure: true },
  "shared/value": { uses: ["shared/error"], pure: true },
  "shared/key": { uses: ["shared/error"], pure: true },
  "shared/mysql": { uses: ["shared/error", "shared/value"], pure: true },
  "shared/sql": { uses: ["shared/error", "shared/value"], pure: true },
  "shared/vindex": { uses: ["shared/error", "shared/value", "shared/key"], pure: true },
  "shared/vschema": {
    uses: ["shared/error", "shared/value", "shared/key", "shared/vindex", "shared/sql"],
    pure: true,
  },
  "shared/binlog": {
    uses: ["shared/error", "shared/value", "shared/mysql", "shared/sql"],
    pure: true,
  },
  "shared/filter": {
    uses: [
      "shared/error",
      "shared/value",
      "shared/key",
      "shared/mysql",
      "shared/sql",
      "shared/vindex",
      "shared/vschema",
      "shared/binlog",
    ],
    pure: true,
  },
  "shared/model": { uses: ["shared/error", "shared/key", "shared/vschema"], pure: true },
  "shared/flags": { uses: ["shared/error"], pure: true },
  "shared/rpc": {
    uses: [
      "shared/error",
      "shared/io",
      "shared/value",
      "shared/key",
      "shared/mysql",
      "shared/binlog",
      "shared/model",
    ],
    pure: true,
  },
  // Layer 1: the one place where shared code meets Deno.
  "shared/host": {
    uses: [
      "shared/error",
      "shared/io",
      "shared/value",
      "shared/key",
      "shared/binlog",
      "shared/model",
      "shared/flags",
      "shared/rpc",
    ],
  },
  // Layer 2: the topology.
  "topo": { uses: [...SHARED, "shared/host"] },
  // Layer 3: three programs that never import each other. Their pure cores come first.
  "gate/plan": { uses: [...SHARED], pure: true },
  "gate/session": { uses: [...SHARED, "gate/plan"], pure: true },
  "gate/engine": { uses: [...SHARED, "shared/host", "gate/plan", "gate/session"] },
  "gate": {
    uses: [...SHARED, "shared/host", "topo", "gate/plan", "gate/session", "gate/engine"],
  },
  "tablet/serve": { uses: [...SHARED], pure: true },
  "tablet": { uses: [...SHARED, "shared/host", "topo", "tablet/serve"] },
  "ctl/workflow": { uses: [...SHARED], pure: true },
  "ctl/reparent": { uses: [...SHARED], pure: true },
  "ctl": { uses: [...SHARED, "shared/host", "topo", "ctl/workflow", "ctl/reparent"] },
  // Outside the programs.
  "tools": { uses: [] },
  "tests": {
    uses: [
      ...SHARED,
      "shared/host",
      "topo",
      "gate/plan",
      "gate/session",
      "gate/engine",
      "gate",
      "tablet/serve",
      "tablet",
      "ctl/workflow",
      "ctl/reparent",
      "ctl",
      "tools",
    ],
  },
};

/** The unit a repository-relative path belongs to. */
export function unitOf(path: string): string | undefined {
  let best: string | undefined;
  for (const unit of Object.keys(UNITS)) {
    if (path.startsWith(unit + "/") && unit.length > (best?.length ?? 0)) best = unit;
  }
  return best;
}

/** True when a file of unit `from` may import a file of unit `target`. */
export function mayImport(from: string, target: string): boolean {
  return from === target || UNITS[from]?.uses.includes(target) === true;
}
