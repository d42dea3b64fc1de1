/**
 * The matrix of faults: each process killed in each phase of MoveTables and Reshard, under eight
 * writing clients. Prints the table of runs; the exit code says whether all came out right.
 *
 *     deno run -A tests/cluster/reshard_faults.ts --all
 *     deno run -A tests/cluster/reshard_faults.ts --kinds move,1-2 --victims "vtctld,source mysqld" --steps "Creating journals"
 */
import { parseArgs } from "node:util";
import { clusterYaml, type KeyspaceShape } from "./cluster_yaml.ts";
import { type Phase, type Row, runFaults, SWITCH_STEPS } from "./fault_runs.ts";
import { type LocalCluster, startLocalCluster } from "./local_cluster.ts";
import { type Victim, VICTIMS } from "./victims.ts";
import { moveTablesCase, reshardCase, type WorkflowCase } from "./workflow_case.ts";

export type Kind = "move" | "1-2" | "2-4";
export const KINDS: readonly Kind[] = ["move", "1-2", "2-4"];

export interface MatrixOptions {
  readonly kind: Kind;
  readonly victims: readonly Victim[];
  readonly phases: readonly Phase[];
  /** Both directions: 1->2 and 2->1, 2->4 and 4->2. */
  readonly bothWays: boolean;
  readonly clients: number;
  /** Rows that are there to be copied. */
  readonly rows: number;
  readonly onRow: (row: Row) => void;
  readonly onCommand?: (text: string) => void;
}

const EXAMPLES = new URL("../../examples/", import.meta.url);
/** Rows of one INSERT. */
const BATCH = 2000;

/** Each phase that there is. */
export function allPhases(): readonly Phase[] {
  return [
    { in: "copy" },
    { in: "catch-up" },
    ...SWITCH_STEPS.map((step): Phase => ({ in: "switch", step })),
    ...SWITCH_STEPS.map((step): Phase => ({ in: "reverse", step })),
    { in: "complete" },
  ];
}

/** Throws behind the first row with a fault. */
export async function runMatrix(options: MatrixOptions): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "vtmatrix" });
  try {
    const world = new World(options.kind, dataDir);
    await using cluster = await world.start(options.rows);
    const rounds = options.bothWays ? 2 : 1;
    let run = 0;
    for (let round = 0; round < rounds; round++) {
      for (const victim of options.victims) {
        await runFaults({
          ...options,
          cluster,
          victim,
          workflowCase: await world.next(cluster),
          tag: `r${run++}c`,
        });
      }
      // An odd number of victims: the next round has each go the other way.
      if (options.victims.length % 2 === 0 && rounds > 1) await world.skip(cluster);
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

/** A cluster whose workflows go there and back: each ends where the next one begins. */
export class World {
  readonly #kind: Kind;
  readonly #dataDir: string;
  /** Another than the one on PATH. */
  readonly #mysqld: string | undefined;
  #runs = 0;
  /** 0: rows are where they were at first. */
  #side = 0;

  constructor(kind: Kind, dataDir: string, mysqld?: string) {
    this.#kind = kind;
    this.#dataDir = dataDir;
    this.#mysqld = mysqld;
  }

  /** Counts of shards, or names of keyspaces, of the two sides. */
  get #parts(): readonly [number, number] {
    return this.#kind === "1-2" ? [1, 2] : [2, 4];
  }

  async #file(keyspaces: readonly KeyspaceShape[]): Promise<string> {
    const file = `${this.#dataDir}/cluster_${this.#runs}_${keyspaces.length}.yaml`;
    await Deno.writeTextFile(file, await clusterYaml(keyspaces));
    return file;
  }

  #shape(parts: readonly number[]): readonly KeyspaceShape[] {
    const commerce = { name: "commerce", parts: [1], replicas: this.#kind === "move" ? 2 : 1 };
    const replicas = this.#kind === "2-4" ? 1 : 2;
    return [commerce, { name: "customer", parts, replicas }];
  }

  async start(rows: number): Promise<LocalCluster> {
    const parts = this.#kind === "move" ? [1] : [this.#parts[0]];
    const dataDir = `${this.#dataDir}/cluster`;
    const file = await this.#file(this.#shape(parts));
    const mysqld = this.#mysqld === undefined ? {} : { mysqld: this.#mysqld };
    const cluster = await startLocalCluster({ file, dataDir, ...mysqld });
    try {
      if (this.#kind === "move") await this.#tablesToMove(cluster);
      else await this.#tablesToSplit(cluster);
      await fill(cluster, rows);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  async #tablesToMove(cluster: LocalCluster): Promise<void> {
    await cluster.vtctl(
      "ApplySchema",
      "--sql",
      await example("create_commerce_schema.sql"),
      "commerce",
    );
    const vschema = await example("vschema_commerce_initial.json");
    await cluster.vtctl("ApplyVSchema", "--vschema", vschema, "commerce");
  }

  async #tablesToSplit(cluster: LocalCluster): Promise<void> {
    for (
      const [keyspace, schema, vschema] of [
        ["commerce", "commerce_schema.sql", "vschema_commerce_seq.json"],
        ["customer", "customer_schema.sql", "vschema_customer_sharded.json"],
      ] as const
    ) {
      await cluster.vtctl("ApplySchema", "--sql", await example(schema), keyspace);
      await cluster.vtctl("ApplyVSchema", "--vschema", await example(vschema), keyspace);
    }
    for (const sequence of ["customer_seq", "order_seq"]) {
      const sql = `insert into commerce.${sequence}(id, next_id, cache) values(0, 10000000, 1000)`;
      const { code, stderr } = await cluster.mysql(["-e", sql]);
      if (code !== 0) throw new Error(`${sql}: ${stderr}`);
    }
  }

  /** The other side's shards are there, empty; the case from this side to it. */
  async next(cluster: LocalCluster): Promise<WorkflowCase> {
    const run = this.#runs++;
    const back = this.#side === 1;
    this.#side = 1 - this.#side;
    if (this.#kind === "move") {
      return back
        ? moveTablesCase(run, "customer", "commerce")
        : moveTablesCase(run, "commerce", "customer");
    }
    const [first, second] = this.#parts;
    const [from, to] = back ? [second, first] : [first, second];
    // What an earlier workflow has completed away goes with its data, and comes back empty.
    await cluster.vtctl("apply", "-f", await this.#file(this.#shape([from])));
    await this.#removeLeftovers();
    await cluster.vtctl("apply", "-f", await this.#file(this.#shape([first, second])));
    return reshardCase(run, from, to);
  }

  /**
   * Data of tablets that the topology no longer knew when they were turned down: apply leaves it,
   * and says so.
   */
  async #removeLeftovers(): Promise<void> {
    const dir = `${this.#dataDir}/cluster`;
    const state = JSON.parse(await Deno.readTextFile(`${dir}/cluster.json`)) as {
      readonly tablets: Readonly<Record<string, unknown>>;
    };
    for await (const { name } of Deno.readDir(`${dir}/tablets`)) {
      const known = Object.hasOwn(state.tablets, name);
      if (/-\d{10}$/.test(name) && !known) {
        await Deno.remove(`${dir}/tablets/${name}`, { recursive: true });
      }
    }
  }

  /** Goes the next way without faults. */
  async skip(cluster: LocalCluster): Promise<void> {
    const { action, create } = await this.next(cluster);
    await cluster.vtctl(...create, "--wait");
    await cluster.vtctl(...action("switchtraffic"));
    await cluster.vtctl(...action("complete"));
  }
}

async function example(file: string): Promise<string> {
  return await Deno.readTextFile(new URL(file, EXAMPLES));
}

async function fill(cluster: LocalCluster, rows: number): Promise<void> {
  for (let first = 1; first <= rows; first += BATCH) {
    const ids = Array.from({ length: Math.min(BATCH, rows - first + 1) }, (_, i) => first + i);
    const customers = ids.map((id) => `(${id},'filler${id}')`).join(",");
    const orders = ids.map((id) => `(${id},${id},'filler',${id})`).join(",");
    const { code, stderr } = await cluster.mysql(
      [],
      `insert into customer(customer_id,email) values ${customers};\n` +
        `insert into corder(order_id,customer_id,sku,price) values ${orders};\n`,
    );
    if (code !== 0) throw new Error(stderr);
  }
}

export function printRow(row: Row): string {
  const outcome = row.fault !== ""
    ? `FAILED: ${row.fault}`
    : row.runs === 1
    ? "by itself"
    : `run ${row.runs} times`;
  return `${row.workflow.padEnd(12)} ${row.victim.padEnd(13)} ${row.phase.padEnd(60)} ` +
    `${outcome.padEnd(12)} pause ${
      String(row.pauseMs).padStart(6)
    } ms, acknowledged ${row.acknowledged}, ` +
    `refused ${row.refused}, unknown ${row.unknown}`;
}

function phasesOf(only: readonly string[]): readonly Phase[] {
  if (only.length === 0) return allPhases();
  return allPhases().filter((phase) =>
    only.some((word) => ("step" in phase ? `${phase.in}: ${phase.step}` : phase.in).includes(word))
  );
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      all: { type: "boolean", default: false },
      kinds: { type: "string", default: KINDS.join(",") },
      victims: { type: "string", default: VICTIMS.join(",") },
      steps: { type: "string", default: "" },
      rows: { type: "string", default: "30000" },
      clients: { type: "string", default: "8" },
      verbose: { type: "boolean", default: false },
      "one-way": { type: "boolean", default: false },
    },
  });
  const words = (text: string) => text.split(",").map((word) => word.trim()).filter(Boolean);
  const write = (line: string) => {
    Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
  };
  let failed = 0;
  for (const kind of KINDS.filter((one) => words(values.kinds).includes(one))) {
    try {
      await runMatrix({
        kind,
        victims: VICTIMS.filter((victim) => words(values.victims).includes(victim)),
        phases: phasesOf(values.all ? [] : words(values.steps)),
        bothWays: kind !== "move" && !values["one-way"],
        clients: Number(values.clients),
        rows: Number(values.rows),
        onRow: (row) => write(printRow(row)),
        ...(values.verbose ? { onCommand: (text: string) => write(`  ${text}`) } : {}),
      });
    } catch (error) {
      failed++;
      write(`${kind}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  return failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
