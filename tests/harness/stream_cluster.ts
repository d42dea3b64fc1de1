/**
 * Real tablets of a source shard and of target shards, with streams between them: for tests of
 * what happens to rows when any of them dies.
 */
import type { TabletAdmin } from "../../shared/rpc/tablet_admin.ts";
import type { FilterRule, StreamStatus } from "../../shared/rpc/vreplication.ts";
import { Dba } from "../../tablet/mysqld/dba.ts";
import type { Topology } from "../../topo/topology.ts";
import { type Etcd, startEtcd } from "./etcd.ts";
import type { TestServer } from "./mysqld.ts";
import { openTestTopology, TestTablet } from "./tablet.ts";
import { tempDir } from "./temp_dir.ts";
import { waitFor } from "./wait.ts";

const NEVER = { signal: new AbortController().signal };

export interface StreamClusterOptions {
  readonly server?: TestServer;
  /** Default: the same as `server`. */
  readonly targetServer?: TestServer;
  /** Of the target keyspace. Default "-". */
  readonly shards?: readonly string[];
  /** Tablets of the source shard; the first becomes its primary. Default 1. */
  readonly sources?: number;
  /** A replica of the first target. Default false. */
  readonly replica?: boolean;
}

/** Keyspace "commerce", one shard, to keyspace "customer". */
export class StreamCluster implements AsyncDisposable {
  readonly sources: readonly TestTablet[];
  readonly targets: readonly TestTablet[];
  readonly shards: readonly string[];
  readonly topo: Topology;
  /** Of the first target, when it was asked for. */
  readonly replica: TestTablet | undefined;
  readonly #scope: AsyncDisposableStack;

  private constructor(
    scope: AsyncDisposableStack,
    topo: Topology,
    sources: readonly TestTablet[],
    targets: readonly TestTablet[],
    replica: TestTablet | undefined,
    shards: readonly string[],
  ) {
    this.#scope = scope;
    this.topo = topo;
    this.replica = replica;
    this.sources = sources;
    this.targets = targets;
    this.shards = shards;
  }

  static async start(options: StreamClusterOptions = {}): Promise<StreamCluster> {
    const { server = "mariadb", shards = ["-"] } = options;
    await using scope = new AsyncDisposableStack();
    const etcd: Etcd = scope.use(await startEtcd());
    const topo = scope.use(await openTestTopology(etcd));
    const folder = scope.use(await tempDir("streams")).path;
    const sources = Array.from(
      { length: options.sources ?? 1 },
      (_, i) =>
        scope.use(new TestTablet({ etcd, uid: 100 + i, server, folder, keyspace: "commerce" })),
    );
    const targetServer = options.targetServer ?? server;
    const targets = shards.map((shard, i) =>
      scope.use(
        new TestTablet({
          etcd,
          uid: 200 + i,
          server: targetServer,
          folder,
          keyspace: "customer",
          shard,
        }),
      )
    );
    const [shard = "-"] = shards;
    const replica = options.replica === true
      ? scope.use(
        new TestTablet({
          etcd,
          uid: 300,
          server: targetServer,
          folder,
          keyspace: "customer",
          shard,
        }),
      )
      : undefined;
    const all = [...sources, ...targets, replica].filter((tablet) => tablet !== undefined);
    await Promise.all(all.map((tablet) => tablet.start()));
    const primaries = [sources[0], ...targets].filter((tablet) => tablet !== undefined);
    await Promise.all(primaries.map((tablet) => tablet.rpc("InitPrimary", { semiSync: false })));
    return new StreamCluster(scope.move(), topo, sources, targets, replica, shards);
  }

  get source(): TestTablet {
    const [first] = this.sources;
    if (first === undefined) throw new RangeError("There is no source");
    return first;
  }

  /** Runs a statement as an administrator in the tablet's database. */
  async sql(
    tablet: TestTablet,
    statement: string,
    sqlMode?: string,
  ): Promise<readonly (readonly (string | null)[])[]> {
    await using dba = new Dba({
      address: { socketPath: tablet.socketPath },
      user: "vt_dba",
      password: "",
    });
    const database = this.sources.includes(tablet) ? "vt_commerce" : "vt_customer";
    return await dba.session(async (session) => {
      await session.query(`USE ${database}`, NEVER);
      if (sqlMode !== undefined) await session.query(`SET sql_mode = '${sqlMode}'`, NEVER);
      return (await session.query(statement, NEVER)).rows;
    }, NEVER);
  }

  /** On the source and on all targets. */
  async sqlEverywhere(statement: string): Promise<void> {
    for (const tablet of [this.source, ...this.targets]) await this.sql(tablet, statement);
  }

  /** Makes a stream to each target; `rules` gets its shard. The ids, in order of the targets. */
  async createStreams(
    rules: (shard: string) => readonly FilterRule[],
    more: Partial<TabletAdmin["CreateStream"]["request"]> = {},
  ): Promise<readonly number[]> {
    return await Promise.all(this.targets.map(async (target, i) => {
      const { id } = await target.rpc("CreateStream", {
        workflow: "w",
        workflowType: "move_tables",
        source: {
          keyspace: "commerce",
          shard: "-",
          filter: { rules: rules(this.shards[i] ?? "-") },
          onDdl: "IGNORE",
          stopAfterCopy: false,
        },
        position: "",
        state: "Init",
        cells: "",
        tabletTypes: "",
        deferSecondaryKeys: true,
        options: "",
        ...more,
      });
      return id;
    }));
  }

  /** The first target. */
  get target(): TestTablet {
    const [first] = this.targets;
    if (first === undefined) throw new RangeError("There is no target");
    return first;
  }

  /** The only stream of a workflow on a target. */
  async stream(target: TestTablet, workflow = "w"): Promise<StreamStatus> {
    const { streams } = await target.rpc("ReadStreams", { workflow });
    const [stream] = streams;
    if (stream === undefined) throw new RangeError("There is no stream");
    return stream;
  }

  async untilState(state: string): Promise<void> {
    for (const target of this.targets) {
      let last: StreamStatus | undefined;
      try {
        await waitFor(`${target.name} to be ${state}`, async () => {
          last = await this.stream(target);
          return last.state === state || last.state === "Error";
        }, { timeoutMs: 60_000 });
        if (last?.state !== state) throw new Error("It will not be");
      } catch (error) {
        throw new Error(`It is ${last?.state}: ${last?.message}`, { cause: error });
      }
    }
  }

  /** Until all targets have what the source has now. */
  async untilCaughtUp(timeoutMs = 60_000, workflow = "w"): Promise<void> {
    const { position } = await this.source.rpc("DrainTables", {
      tables: [],
      graceMs: 10_000,
      timeoutMs: 10_000,
    });
    for (const target of this.targets) {
      await waitFor(`${target.name} to reach ${position}`, async () => {
        const { id } = await this.stream(target, workflow);
        return await target.rpc("WaitForStream", { id, position, timeoutMs: 10_000 });
      }, { timeoutMs });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#scope[Symbol.asyncDispose]();
  }
}
