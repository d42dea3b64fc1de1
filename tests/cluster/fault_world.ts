/**
 * A cluster whose workflows go there and back: each that is completed ends where the next one
 * begins, so that one cluster serves many runs.
 */
import { type Definitions, readDefinitions } from "./book_keys.ts";
import { clusterYaml, equalShards, type KeyspaceShape } from "./cluster_yaml.ts";
import type { Kind } from "./fault_list.ts";
import { type LocalCluster, startLocalCluster } from "./local_cluster.ts";
import { moveTablesCase, reshardCase, type WorkflowCase } from "./workflow_case.ts";

/** Whose two sides they are. */
export const WORLD_KINDS = ["move", "1-2", "2-4"] as const;
export type WorldKind = (typeof WORLD_KINDS)[number];

export interface WorldOptions {
  readonly kind: WorldKind;
  readonly dataDir: string;
  /** undefined means from PATH. */
  readonly mysqld: string | undefined;
  readonly rows: number;
  /** Each shard has a rdonly tablet. */
  readonly rdonly: boolean;
}

const EXAMPLES = new URL("../../examples/", import.meta.url);
/** Rows of one INSERT. */
const BATCH = 2000;
/**
 * So wide that of 200,000 rows a quarter is clearly more than the 4 MB from which on a copy goes
 * without secondary keys (docs/decisions/0016).
 */
const TEXT_WIDTH = 100;
const SECONDARY_KEYS = [
  "alter table customer add key email (email)",
  "alter table corder add key customer_id (customer_id), add key sku (sku)",
].join(";");

export class FaultWorld {
  readonly #options: WorldOptions;
  #runs = 0;
  /** 0: rows are where they were at first. */
  #side: 0 | 1 = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  /** What a workflow that begins now is. */
  get kind(): Kind {
    const { kind } = this.#options;
    if (kind === "move") return kind;
    const [first, second] = kind === "1-2" ? ["1->2", "2->1"] as const : ["2->4", "4->2"] as const;
    return this.#side === 0 ? first : second;
  }

  /** The rows have gone to the other side. */
  turn(): void {
    this.#side = this.#side === 0 ? 1 : 0;
  }

  /** Counts of shards of the two sides. */
  get #parts(): readonly [number, number] {
    return this.#options.kind === "1-2" ? [1, 2] : [2, 4];
  }

  async #file(keyspaces: readonly KeyspaceShape[]): Promise<string> {
    const file = `${this.#options.dataDir}/cluster_${this.#runs}.yaml`;
    await Deno.writeTextFile(file, await clusterYaml(keyspaces));
    return file;
  }

  #shape(parts: readonly number[]): readonly KeyspaceShape[] {
    const { kind } = this.#options;
    const rdonly = this.#options.rdonly ? 1 : 0;
    const isMove = kind === "move";
    const commerce = {
      name: "commerce",
      parts: [1],
      replicas: isMove ? 2 : 1,
      rdonly: isMove ? rdonly : 0,
    };
    return [commerce, { name: "customer", parts, replicas: kind === "2-4" ? 1 : 2, rdonly }];
  }

  async start(): Promise<LocalCluster> {
    const { kind, dataDir, mysqld, rows } = this.#options;
    const file = await this.#file(this.#shape(kind === "move" ? [1] : [this.#parts[0]]));
    const cluster = await startLocalCluster({
      file,
      dataDir: `${dataDir}/cluster`,
      ...(mysqld === undefined ? {} : { mysqld }),
    });
    try {
      if (kind === "move") await tablesToMove(cluster);
      else await tablesToSplit(cluster);
      await fill(cluster, rows);
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Of its tables, where rows are at first. */
  async definitions(cluster: LocalCluster): Promise<Definitions> {
    const { kind } = this.#options;
    return await readDefinitions(
      cluster,
      kind === "move"
        ? { keyspace: "commerce", shards: ["-"] }
        : { keyspace: "customer", shards: equalShards(this.#parts[0]) },
    );
  }

  /** The other side's shards are there, empty; the case from this side to it. */
  async next(cluster: LocalCluster): Promise<WorkflowCase> {
    const run = this.#runs++;
    const back = this.#side === 1;
    if (this.#options.kind === "move") {
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
    const dir = `${this.#options.dataDir}/cluster`;
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
}

async function tablesToMove(cluster: LocalCluster): Promise<void> {
  const schema = await example("create_commerce_schema.sql");
  await cluster.vtctl("ApplySchema", "--sql", schema, "commerce");
  const vschema = await example("vschema_commerce_initial.json");
  await cluster.vtctl("ApplySchema", "--sql", SECONDARY_KEYS, "commerce");
  await cluster.vtctl("ApplyVSchema", "--vschema", vschema, "commerce");
}

async function tablesToSplit(cluster: LocalCluster): Promise<void> {
  for (
    const [keyspace, schema, vschema] of [
      ["commerce", "commerce_schema.sql", "vschema_commerce_seq.json"],
      ["customer", "customer_schema.sql", "vschema_customer_sharded.json"],
    ] as const
  ) {
    await cluster.vtctl("ApplySchema", "--sql", await example(schema), keyspace);
    await cluster.vtctl("ApplyVSchema", "--vschema", await example(vschema), keyspace);
  }
  await cluster.vtctl("ApplySchema", "--sql", SECONDARY_KEYS, "customer");
  for (const sequence of ["customer_seq", "order_seq"]) {
    const sql = `insert into commerce.${sequence}(id, next_id, cache) values(0, 10000000, 1000)`;
    const { code, stderr } = await cluster.mysql(["-e", sql]);
    if (code !== 0) throw new Error(`${sql}: ${stderr}`);
  }
}

async function example(file: string): Promise<string> {
  return await Deno.readTextFile(new URL(file, EXAMPLES));
}

async function fill(cluster: LocalCluster, rows: number): Promise<void> {
  for (let first = 1; first <= rows; first += BATCH) {
    const ids = Array.from({ length: Math.min(BATCH, rows - first + 1) }, (_, i) => first + i);
    const text = (id: number) => `filler${id}`.padEnd(TEXT_WIDTH, ".");
    const customers = ids.map((id) => `(${id},'${text(id)}')`).join(",");
    const orders = ids.map((id) => `(${id},${id},'${text(id)}',${id})`).join(",");
    const { code, stderr } = await cluster.mysql(
      [],
      `insert into customer(customer_id,email) values ${customers};\n` +
        `insert into corder(order_id,customer_id,sku,price) values ${orders};\n`,
    );
    if (code !== 0) throw new Error(stderr);
  }
}
