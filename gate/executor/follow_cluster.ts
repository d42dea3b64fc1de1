/** Keeps the cluster view in step with the topology and the tablets' schemas. */
import type { Log } from "../../shared/io/log.ts";
import type { QueryService } from "../../shared/rpc/query_service.ts";
import type { TaskGroup } from "../../shared/host/task_group.ts";
import type { Topology } from "../../topo/topology.ts";
import { watchSrvKeyspace, watchSrvVSchema } from "../../topo/watches.ts";
import type { KnownTablet } from "./catalog.ts";
import type { ClusterView } from "./cluster_view.ts";

export interface FollowOptions {
  readonly topo: Topology;
  readonly cell: string;
  readonly view: ClusterView;
  readonly tasks: TaskGroup;
  readonly log: Log;
}

/** Follows SrvVSchema, and SrvKeyspace of each keyspace in it, until the signal. */
export async function followTopology(
  options: FollowOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { topo, cell, view, tasks } = options;
  const followed = new Map<string, AbortController>();
  for await (const record of watchSrvVSchema(topo, cell, { signal })) {
    const names = new Set(Object.keys(record?.keyspaces ?? {}));
    for (const [name, stop] of followed) {
      if (names.has(name)) continue;
      stop.abort();
      followed.delete(name);
      view.setKeyspace(name, undefined);
      view.forgetTables(name);
    }
    for (const name of names) {
      if (followed.has(name)) continue;
      const stop = new AbortController();
      followed.set(name, stop);
      tasks.start(`follow keyspace ${name}`, (ended) => {
        const call = { signal: AbortSignal.any([ended, stop.signal]) };
        return followKeyspace(options, name, call);
      });
    }
    view.setVSchema(record);
  }
}

async function followKeyspace(
  { topo, cell, view }: FollowOptions,
  keyspace: string,
  call: { readonly signal: AbortSignal },
): Promise<void> {
  for await (const record of watchSrvKeyspace(topo, cell, keyspace, call)) {
    if (!call.signal.aborted) view.setKeyspace(keyspace, record);
  }
}

/** Reads the tables of a keyspace again whenever the primary of its first shard has new ones. */
export class SchemaFollower {
  readonly #options: Pick<FollowOptions, "view" | "tasks" | "log">;
  readonly #tablets: QueryService;
  /** What was read last, by keyspace: "alias version". */
  readonly #read = new Map<string, string>();
  readonly #reading = new Set<string>();

  constructor(options: Pick<FollowOptions, "view" | "tasks" | "log">, tablets: QueryService) {
    this.#options = options;
    this.#tablets = tablets;
  }

  /** Call after each change of the tablets' health or of the catalog. */
  check(): void {
    const { catalog } = this.#options.view;
    for (const keyspace of catalog.keyspaces) {
      const [first] = catalog.shards(keyspace, "primary");
      const primary = catalog.tablets.find(({ health: { target, serving } }) =>
        serving && target.tabletType === "primary" && target.keyspace === keyspace &&
        target.shard === first?.name
      );
      if (primary === undefined) continue;
      const { alias, schemaVersion } = primary.health;
      const version = `${alias.cell}-${alias.uid} ${schemaVersion}`;
      if (this.#read.get(keyspace) === version || this.#reading.has(keyspace)) continue;
      this.#reading.add(keyspace);
      this.#options.tasks.start(
        `read schema of ${keyspace}`,
        (signal) => this.#readKeyspace(keyspace, primary, version, signal),
      );
    }
  }

  async #readKeyspace(
    keyspace: string,
    { health, database }: KnownTablet,
    version: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { view, log } = this.#options;
    try {
      const target = { keyspace, shard: health.target.shard, tabletType: "primary" } as const;
      const tables = await this.#tablets.schema(target, { signal });
      this.#read.set(keyspace, version);
      view.setTables(keyspace, tables, database);
      log.info("schema read", { keyspace, tables: tables.length });
    } catch (error) {
      // The next health report asks again; until then the last schema stays.
      if (signal.aborted) return;
      const text = error instanceof Error ? error.message : String(error);
      log.warn("schema not read", { keyspace, error: text });
    } finally {
      this.#reading.delete(keyspace);
    }
  }
}
