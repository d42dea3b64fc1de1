/**
 * A small model of a cluster for tests of vtctld's commands: a topology in memory, and tablets that
 * have streams, journals and tables by name. Nothing runs, and a stream is where it is asked to be.
 */
import { vtError } from "../../shared/error/errors.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import type { TabletRecord } from "../../shared/model/records.ts";
import { parseTabletAlias, printTabletAlias } from "../../shared/model/tablet.ts";
import type { QueryRows, TabletAdmin, TabletAdminMethod } from "../../shared/rpc/tablet_admin.ts";
import type { NewStream, StreamStatus } from "../../shared/rpc/vreplication.ts";
import { createCell } from "../../topo/cells.ts";
import { DEFAULT_KEYSPACE } from "../../topo/keyspaces.ts";
import { MemoryStore } from "../../topo/memory/store.ts";
import { MemoryTree } from "../../topo/memory/tree.ts";
import { registerTablet } from "../../topo/registration.ts";
import { setShardPrimary } from "../../topo/shards.ts";
import { rebuildKeyspaceGraph } from "../../topo/srv_keyspaces.ts";
import { rebuildVSchemaGraph } from "../../topo/srv_vschemas.ts";
import type { Store } from "../../topo/store.ts";
import { Topology } from "../../topo/topology.ts";
import type { CommandContext } from "../../ctl/command/context.ts";
import type { TabletCall, TabletClient } from "../../ctl/command/tablet_client.ts";
import type { SwitchOptions } from "../../ctl/command/workflow/switch_traffic.ts";
import { stampStream } from "../../ctl/workflow/journal.ts";
import { planStreams } from "../../ctl/workflow/streams.ts";
import { readDocument } from "../../ctl/workflow/vschema_change.ts";
import { saveVSchema } from "../../topo/vschemas.ts";
import type { TestMysqld } from "./mysqld.ts";
import { newStatus } from "./workflow_world.ts";

const CALL = { signal: new AbortController().signal };
const POSITION = "0-1-5";

/** All traffic, as `switchtraffic` does it without flags. */
export const SWITCH_ALL: SwitchOptions = {
  types: ["replica", "rdonly", "primary"],
  cells: [],
  timeoutMs: 1000,
  lagMaxMs: 30_000,
  reverse: true,
  reverseStopped: false,
  initSequences: false,
  dryRun: false,
};

interface ModelTablet {
  readonly alias: string;
  readonly streams: Map<number, StreamStatus>;
  readonly journals: Set<string>;
  readonly tables: Set<string>;
}

type Handlers = {
  readonly [Method in TabletAdminMethod]?: (
    tablet: ModelTablet,
    request: TabletAdmin[Method]["request"],
  ) => TabletAdmin[Method]["response"] | Promise<TabletAdmin[Method]["response"]>;
};

export class ModelTablets implements TabletClient {
  /** "zone1-0000000100 ReadStreams", in the order that they came. */
  readonly calls: string[] = [];
  /** Calls under way, and the most there were at a time. */
  open = 0;
  openMax = 0;
  /** Aliases of those that don't answer. */
  readonly away = new Set<string>();
  /** Answers the statements of administrators in the model's place. */
  fetch: ((sql: string, alias: string) => Promise<QueryRows> | QueryRows) | undefined;
  readonly #tablets = new Map<string, ModelTablet>();
  #nextId = 1;

  tablet(alias: string): ModelTablet {
    const known = this.#tablets.get(alias);
    if (known !== undefined) return known;
    const made = {
      alias,
      streams: new Map(),
      journals: new Set<string>(),
      tables: new Set<string>(),
    };
    this.#tablets.set(alias, made);
    return made;
  }

  async call<Method extends TabletAdminMethod>(
    { alias }: TabletRecord,
    method: Method,
    request: TabletAdmin[Method]["request"],
    { signal }: TabletCall,
  ): Promise<TabletAdmin[Method]["response"]> {
    signal.throwIfAborted();
    const name = printTabletAlias(alias);
    this.calls.push(`${name} ${method}`);
    this.openMax = Math.max(this.openMax, ++this.open);
    try {
      // An answer takes its time.
      await HOST_CLOCK.sleep(0, { signal });
      if (this.away.has(name)) throw vtError("VT22005", name, "it doesn't answer");
      const handler: Handlers[Method] = this.#handlers[method];
      if (handler === undefined) throw vtError("VT22005", name, `the model has no ${method}`);
      return await handler(this.tablet(name), request);
    } finally {
      this.open--;
    }
  }

  /** A stream that has copied all rows, unless `stream` says otherwise. */
  addStream(alias: string, stream: NewStream, change: Partial<StreamStatus> = {}): number {
    const id = this.#nextId++;
    const status = newStatus(id, stampStream(stream, crypto.randomUUID()));
    const now = Math.floor(Date.now() / 1000);
    this.tablet(alias).streams.set(id, {
      ...status,
      position: `MariaDB/${POSITION}`,
      state: "Running",
      timeUpdated: now,
      transactionTimestamp: now,
      ...change,
    });
    return id;
  }

  #insert(tablet: ModelTablet, stream: NewStream): number {
    const id = this.#nextId++;
    tablet.streams.set(id, newStatus(id, stream));
    return id;
  }

  readonly #handlers: Handlers = {
    RefreshState: () => ({}),
    Fence: () => ({}),
    PrimaryPosition: () => ({ position: POSITION }),
    DrainTables: () => ({ position: POSITION }),
    ResetSequences: () => ({}),
    ReadStreams: ({ streams }, { workflow }) => ({
      streams: [...streams.values()].filter((one) => workflow === "" || one.workflow === workflow),
    }),
    CreateStream: (tablet, stream) => ({ id: this.#insert(tablet, stream) }),
    UpdateStream: ({ streams }, { id, state, message }) => {
      const before = streams.get(id);
      if (before === undefined) throw vtError("VT22003", `stream ${id} is not there`);
      const after = { ...before, state: state ?? before.state, message: message ?? before.message };
      streams.set(id, after);
      return { state: after.state, position: after.position };
    },
    DeleteStreams: ({ streams }, { workflow }) => {
      const gone = [...streams.values()].filter((one) => one.workflow === workflow);
      for (const { id } of gone) streams.delete(id);
      return { deleted: gone.length };
    },
    WaitForStream: (_, { position }) => ({ position }),
    WriteJournal: (tablet, { id, workflow, streams }) => {
      if (tablet.journals.has(id)) return {};
      tablet.journals.add(id);
      for (const one of [...tablet.streams.values()]) {
        if (one.workflow === workflow) tablet.streams.delete(one.id);
      }
      for (const stream of streams) this.#insert(tablet, stream);
      return {};
    },
    GetSchema: ({ tables }) => ({
      databaseSchema: "",
      tableDefinitions: [...tables].map((name) => ({
        name,
        schema: `CREATE TABLE \`${name}\` (\`id\` bigint NOT NULL, PRIMARY KEY (\`id\`))`,
        columns: [],
        primaryKeyColumns: ["id"],
        uniqueKeys: [["id"]],
        type: "BASE TABLE",
        dataLength: "0",
        rowCount: "0",
      })),
    }),
    ApplySchema: ({ tables }, { statements }) => {
      for (const statement of statements) {
        const [, dropped] = /^DROP TABLE IF EXISTS `(\w+)`$/.exec(statement) ?? [];
        if (dropped !== undefined) tables.delete(dropped);
      }
      return {};
    },
    ExecuteFetchAsDba: ({ alias, tables, journals }, { sql }) => {
      if (this.fetch !== undefined) return this.fetch(sql, alias);
      const [, id] = /FROM _vt\.resharding_journal WHERE id = (\d+)/.exec(sql) ?? [];
      if (id !== undefined) return rows(journals.has(id) ? [[id]] : []);
      if (!sql.includes("information_schema.tables")) return rows([]);
      return rows(
        [...tables].filter((name) => sql.includes(`'${name}'`)).map((name) => [name, "BASE TABLE"]),
      );
    },
  };
}

export function rows(found: readonly (readonly string[])[]): QueryRows {
  return { columns: [], rows: found, affectedRows: 0, lastInsertId: "0" };
}

export interface ModelCluster extends AsyncDisposable {
  readonly topo: Topology;
  readonly tablets: ModelTablets;
  /** What commands work with; `said`: what they tell their caller. */
  readonly context: CommandContext;
  readonly said: readonly string[];
  /** Writes to the topology that vtctld comes to before it dies: all later ones fail. */
  writesLeft: number;
}

/** A statement on a mysqld, for `fetch`: on a connection of its own, as a tablet does it. */
export function onServer(
  { root }: Pick<TestMysqld, "root">,
  database: string,
): (sql: string) => Promise<QueryRows> {
  return async (sql) =>
    await root.session(async (session) => {
      await session.query(`USE ${database}`, CALL);
      return await session.query(sql, CALL);
    }, CALL);
}

/** One cell, zone1, and a primary for each of these: "zone1-100" -> "commerce/-". */
export async function openModelCluster(
  primaries: Readonly<Record<string, string>>,
): Promise<ModelCluster> {
  const life = { writesLeft: Infinity };
  const tree = new MemoryTree();
  const topo = new Topology({
    global: mortal(new MemoryStore(tree, "/vitess/global"), life),
    openCell: ({ root }) => mortal(new MemoryStore(tree, root), life),
    clock: HOST_CLOCK,
    log: SILENT_LOG,
    holder: { hostName: "localhost", userName: "vitess", process: "" },
  });
  await createCell(topo, "zone1", { serverAddress: "", root: "/vitess/zone1" }, CALL);
  const keyspaces = new Set<string>();
  for (const [name, place] of Object.entries(primaries)) {
    const [keyspace = "", shard = ""] = place.split("/");
    keyspaces.add(keyspace);
    await addPrimary(topo, name, keyspace, shard);
  }
  for (const keyspace of keyspaces) await rebuildKeyspaceGraph(topo, keyspace, CALL);
  await rebuildVSchemaGraph(topo, CALL);
  const tablets = new ModelTablets();
  const said: string[] = [];
  return Object.assign(life, {
    topo,
    tablets,
    said,
    context: {
      topo,
      tablets,
      supervisor: undefined,
      clock: HOST_CLOCK,
      log: SILENT_LOG,
      signal: CALL.signal,
      say: (line: string) => void said.push(line),
      output: () => Promise.resolve(),
    },
    [Symbol.asyncDispose]: () => topo[Symbol.asyncDispose](),
  });
}

/** The store, until there are no writes left. */
function mortal(store: Store, life: { writesLeft: number }): Store {
  const write =
    <Args extends readonly unknown[], T>(work: (...args: Args) => Promise<T>) =>
    (...args: Args): Promise<T> =>
      life.writesLeft-- > 0 ? work(...args) : Promise.reject(new Error("vtctld has died"));
  return {
    get: (...args) => store.get(...args),
    list: (...args) => store.list(...args),
    create: write((...args) => store.create(...args)),
    put: write((...args) => store.put(...args)),
    delete: write((...args) => store.delete(...args)),
    watch: (...args) => store.watch(...args),
    lock: (...args) => store.lock(...args),
    tryLock: (...args) => store.tryLock(...args),
    evict: (...args) => store.evict(...args),
    campaign: (...args) => store.campaign(...args),
    leader: (...args) => store.leader(...args),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

/** Makes its keyspace and its shard, too, where they are not there. */
export async function addPrimary(
  topo: Topology,
  name: string,
  keyspace: string,
  shard: string,
): Promise<void> {
  const alias = parseTabletAlias(name);
  const termStartTime = "2022-03-09T09:34:58Z";
  await registerTablet(
    topo,
    {
      alias,
      hostname: "127.0.0.1",
      portMap: { vt: 15000, grpc: 16000 },
      keyspace,
      shard,
      type: "primary",
      dbNameOverride: "",
      tags: {},
      mysqlHostname: "127.0.0.1",
      mysqlPort: 17000,
      primaryTermStartTime: termStartTime,
    },
    DEFAULT_KEYSPACE,
    CALL,
  );
  await setShardPrimary(topo, keyspace, shard, { alias, termStartTime }, CALL);
}

/** A reshard of customer/- (zone1-100) to -80 (zone1-200) and 80- (zone1-300) that has copied all. */
export async function openReshard(
  workflow: string,
  tables: readonly string[] = ["customer", "corder"],
): Promise<ModelCluster> {
  const cluster = await openModelCluster({
    "zone1-100": "customer/-",
    "zone1-200": "customer/-80",
    "zone1-300": "customer/80-",
  });
  const hashed = { column_vindexes: [{ column: "customer_id", name: "hash" }] };
  const vschema = {
    sharded: true,
    vindexes: { hash: { type: "hash" } },
    tables: Object.fromEntries(tables.map((table) => [table, hashed])),
  };
  await saveVSchema(cluster.topo, "customer", vschema, CALL);
  const sharded = { keyspace: "customer", document: readDocument(vschema) };
  const targets = { "-80": "zone1-0000000200", "80-": "zone1-0000000300" };
  const streams = planStreams({
    sources: [{ keyspace: "customer", shard: "-" }],
    targets: Object.keys(targets).map((shard) => ({ keyspace: "customer", shard })),
    tables,
    source: sharded,
    target: sharded,
  }, {
    workflow,
    workflowType: "reshard",
    cells: "",
    tabletTypes: "replica,primary",
    onDdl: "IGNORE",
    stopAfterCopy: false,
    state: "Stopped",
    deferSecondaryKeys: false,
    options: "{}",
  });
  for (const { at, stream } of streams) {
    cluster.tablets.addStream(targets[at.shard === "-80" ? "-80" : "80-"], stream);
  }
  for (const alias of ["zone1-0000000100", ...Object.values(targets)]) {
    for (const table of tables) cluster.tablets.tablet(alias).tables.add(table);
  }
  return cluster;
}
