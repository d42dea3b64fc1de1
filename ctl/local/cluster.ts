/**
 * A cluster on this machine, made to match its spec. `reconcile` starts what is missing, in the
 * order in which things need each other, and turns down what the spec no longer has; it may be cut
 * off anywhere and run again.
 */
import { vtError } from "../../shared/error/errors.ts";
import { TOPO_FLAGS } from "../../shared/flags/common.ts";
import { parseFlags } from "../../shared/flags/parse.ts";
import { replaceFile } from "../../shared/host/replace_file.ts";
import type { Log } from "../../shared/io/log.ts";
import { ensureCell, saveCellsAlias } from "../../topo/cells.ts";
import { DEFAULT_KEYSPACE, ensureKeyspace, updateKeyspace } from "../../topo/keyspaces.ts";
import { openTopology } from "../../topo/open.ts";
import { ensureShard, getShard } from "../../topo/shards.ts";
import { rebuildKeyspaceGraph } from "../../topo/srv_keyspaces.ts";
import { rebuildVSchemaGraph } from "../../topo/srv_vschemas.ts";
import type { Topology } from "../../topo/topology.ts";
import { vschemaPath } from "../../topo/paths.ts";
import { ensureRecord, hasId } from "../../topo/records.ts";
import { getTablet } from "../../topo/tablets.ts";
import { VSCHEMA } from "../../shared/model/record_json.ts";
import { callCommand } from "../cli/client.ts";
import type { ClusterSpec, KeyspaceSpec, ShardSpec } from "./cluster_spec.ts";
import { loadInitialData } from "./initial_data.ts";
import {
  cellRoot,
  type ClusterState,
  etcdAddress,
  gatePorts,
  gatesOf,
  globalRoot,
  INTERNAL_PORTS,
  launchCtld,
  launchEtcd,
  launchGate,
  launchTablet,
  passwordFile,
  type Place,
  type PlacedTablet,
  PUBLIC_PORTS,
  tabletDir,
  tabletsOf,
} from "./layout.ts";
import { readRunningMysqld } from "./mysqld_pid.ts";
import { endProcess } from "./pid_record.ts";
import { assignPorts } from "./ports_plan.ts";
import { type Wait, waitUntil, waitUntilOk } from "./probe.ts";
import { Processes, type ProcessStatus } from "./processes.ts";
import { writeState } from "./state_file.ts";
import { turnDown } from "./turn_down.ts";

/** The alias that the operator registers for all cells of a cluster. */
const CELLS_ALIAS = "planetscale_operator_default";
const DEFAULT_USERS =
  `{"user": [{"UserData": "user", "Password": "", "SourceHost": "localhost"}]}\n`;
const START_TIMEOUT_MS = 60_000;
/** How long a start waits for replicas that are not serving. */
const SERVING_MS_MAX = 10_000;
/** mysqld flushes before it ends. */
const MYSQLD_GRACE_MS = 20_000;
/** A process that died this often while the cluster starts will not come up. */
const RESTARTS_MAX = 5;

export interface ClusterOptions {
  readonly place: Place;
  readonly templateDir: string;
  /** "" means from PATH. */
  readonly mysqld: string;
  readonly state: ClusterState;
  readonly log: Log;
}

export type Progress = (line: string) => void;

export interface Run {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export class Cluster implements AsyncDisposable {
  readonly #options: ClusterOptions;
  readonly #processes: Processes;
  #state: ClusterState;
  #topo: Topology | undefined;
  #spec: ClusterSpec | undefined;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.#state = options.state;
    this.#processes = new Processes(options.place.dataDir, options.log);
  }

  get state(): ClusterState {
    return this.#state;
  }

  status(): readonly ProcessStatus[] {
    return this.#processes.status();
  }

  /** Makes the cluster as `spec` says. Throws at the first thing that fails; what runs goes on running. */
  async reconcile(spec: ClusterSpec, run: Run): Promise<void> {
    const { place } = this.#options;
    const first = spec.cells[0];
    if (first === undefined) throw vtError("VT22001", "a cluster has at least one cell");
    await this.#save(assignPorts(this.#state, place, spec, this.#processes.names));
    await this.#startEtcd(run);
    const topo = await this.#topology(run);
    await this.#records(topo, spec, run);
    // vtctld does what people type; it comes first so that a slow tablet can be looked at.
    this.#processes.start("vtctld", () => launchCtld(place, this.#state, first.name));
    await this.#startGates(spec);
    const tablets = tabletsOf(spec);
    run.progress(this.#whatStarts(spec, tablets));
    for (const tablet of tablets) await this.#startTablet(tablet);
    await this.#waitFor("vtctld", PUBLIC_PORTS.ctld + place.portOffset, "readyz", run);
    await this.#each(tablets, (tablet) => this.#registered(topo, tablet, run));
    await this.#elect(topo, spec, run);
    await this.#each(tablets, (tablet) => this.#tabletIs("readyz", tablet, run));
    const silent = await this.#notServing(topo, tablets, run);
    run.progress(silent.length === 0 ? "tablets serve" : `not serving yet: ${silent.join(", ")}`);
    for (const { name } of spec.keyspaces) {
      await rebuildKeyspaceGraph(topo, name, { ...run, keepMigrating: true });
    }
    await rebuildVSchemaGraph(topo, run);
    for (const keyspace of spec.keyspaces) await this.#initialSchema(keyspace, run);
    await this.#stopSurplusGates(spec);
    await this.#each(
      gatesOf(spec),
      (gate, i) => this.#waitFor(gate.name, gatePorts(place, i).http, "readyz", run),
    );
    await this.#initialData(spec, run);
    await turnDown({
      spec,
      before: this.#spec,
      state: this.#state,
      place,
      topo,
      stop: (name) => this.#processes.stop(name),
      forget: (name) => this.#forgetTablet(name),
      command: (name, ...args) => this.#command(run, name, ...args),
      run,
    });
    this.#spec = spec;
  }

  #whatStarts(spec: ClusterSpec, tablets: readonly PlacedTablet[]): string {
    const fresh = tablets.filter(({ name }) => !this.#processes.names.has(name)).length;
    if (this.#spec !== undefined) return `starting ${fresh} more tablets`;
    const isFirst = Object.keys(this.#options.state.tablets).length === 0;
    return `starting ${fresh} tablets, vtctld and ${gatesOf(spec).length} vtgate` +
      (isFirst ? " (a first start initialises mysqld once)" : "");
  }

  /** Stops everything, gates first and etcd last; the data stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    const names = [...this.#processes.names];
    const tablets = new Set(Object.keys(this.#state.tablets));
    const front = names.filter((name) => name !== "etcd" && !tablets.has(name));
    await Promise.all(front.map((name) => this.#processes.stop(name)));
    await Promise.all(
      names.filter((name) => tablets.has(name)).map((n) => this.#processes.stop(n)),
    );
    await this.#topo?.[Symbol.asyncDispose]();
    await this.#processes.stop("etcd");
  }

  /** A tablet stops its mysqld; one that can't run leaves it to us. */
  async #stopTablet(name: string): Promise<void> {
    await this.#processes.stop(name);
    const mysqld = await readRunningMysqld(tabletDir(this.#options.place, name));
    if (mysqld !== undefined) await endProcess(mysqld, MYSQLD_GRACE_MS);
  }

  async #save(state: ClusterState): Promise<void> {
    this.#state = state;
    await writeState(this.#options.place.dataDir, state);
  }

  async #forgetTablet(name: string): Promise<void> {
    const { [name]: _, ...tablets } = this.#state.tablets;
    await this.#save({ ...this.#state, tablets });
  }

  async #startEtcd(run: Run): Promise<void> {
    const address = etcdAddress(this.#state);
    this.#processes.start("etcd", () => launchEtcd(this.#options.place, this.#state));
    await waitUntilOk({ ...this.#wait("etcd", run), url: `${address}/health` });
    run.progress(`etcd answers at ${address}`);
  }

  async #topology(run: Run): Promise<Topology> {
    if (this.#topo !== undefined) return this.#topo;
    const args = [
      `--topo-address=${etcdAddress(this.#state)}`,
      `--topo-global-root=${globalRoot(this.#state.name)}`,
    ];
    const { values: flags } = parseFlags(TOPO_FLAGS, args);
    this.#topo = await openTopology({ flags, log: this.#options.log });
    run.signal.throwIfAborted();
    return this.#topo;
  }

  async #records(topo: Topology, spec: ClusterSpec, call: Run): Promise<void> {
    const serverAddress = etcdAddress(this.#state);
    for (const cell of spec.cells) {
      const info = { serverAddress, root: cellRoot(spec.name, cell.name) };
      await ensureCell(topo, cell.name, info, call);
    }
    await saveCellsAlias(topo, CELLS_ALIAS, { cells: spec.cells.map((cell) => cell.name) }, call);
    for (const keyspace of spec.keyspaces) {
      const { durabilityPolicy } = keyspace;
      await ensureKeyspace(topo, keyspace.name, { ...DEFAULT_KEYSPACE, durabilityPolicy }, call);
      await updateKeyspace(
        topo,
        keyspace.name,
        (record) =>
          record.durabilityPolicy === durabilityPolicy
            ? undefined
            : { ...record, durabilityPolicy },
        call,
      );
      await ensureRecord(topo.global, vschemaPath(keyspace.name), VSCHEMA, {}, call);
      for (const shard of keyspace.shards) await ensureShard(topo, keyspace.name, shard.name, call);
    }
  }

  async #startGates(spec: ClusterSpec): Promise<void> {
    const { place } = this.#options;
    for (const cell of spec.cells) {
      const file = `${place.dataDir}/users-${cell.name}.json`;
      await replaceFile(file, cell.usersJson ?? DEFAULT_USERS, { mode: 0o600 });
    }
    gatesOf(spec).forEach((gate, i) => {
      this.#processes.start(gate.name, () => launchGate(place, this.#state, gate, i));
    });
  }

  async #stopSurplusGates(spec: ClusterSpec): Promise<void> {
    const wanted = new Set(gatesOf(spec).map((gate) => gate.name));
    for (const name of this.#processes.names) {
      if (/-gate-\d+$/.test(name) && !wanted.has(name)) await this.#processes.stop(name);
    }
  }

  async #startTablet(tablet: PlacedTablet): Promise<void> {
    const { place, templateDir } = this.#options;
    const mysqld = tablet.keyspace.mysqld ?? this.#options.mysqld;
    const { external } = tablet.spec;
    const dir = tabletDir(place, tablet.name);
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    if (tablet.shard.initDbSql !== undefined) {
      // It comes from a Secret, and creates users with their passwords.
      await replaceFile(`${dir}/init_db.sql`, tablet.shard.initDbSql, { mode: 0o600 });
    }
    if (external !== undefined) {
      await replaceFile(passwordFile(dir), external.password, { mode: 0o600 });
    }
    this.#processes.start(tablet.name, () => {
      const launch = launchTablet(place, this.#state, tablet, templateDir);
      return mysqld === "" || external !== undefined
        ? launch
        : { ...launch, args: [...launch.args, `--mysqld=${mysqld}`] };
    });
  }

  /**
   * Gives each shard that has none its first primary: the first replica of the file. Without
   * --force: should etcd have lost its data, a tablet that lacks rows of another is refused.
   */
  async #elect(topo: Topology, spec: ClusterSpec, run: Run): Promise<void> {
    const shards = spec.keyspaces.flatMap((keyspace) =>
      keyspace.shards.map((shard) => [keyspace, shard] as const)
    );
    await this.#each(shards, async ([keyspace, shard]) => {
      const record = await getShard(topo, keyspace.name, shard.name, run);
      if (record.primaryAlias !== undefined) return;
      const primary = firstReplica(spec, keyspace, shard);
      const name = `${keyspace.name}/${shard.name}`;
      if (primary.spec.external !== undefined) {
        await this.#command(run, "TabletExternallyReparented", primary.name);
      } else {
        await this.#command(run, "InitShardPrimary", name, primary.name);
      }
      run.progress(`${name}: ${primary.name} is the primary`);
    });
  }

  async #initialSchema(keyspace: KeyspaceSpec, run: Run): Promise<void> {
    if (this.#state.keyspacesReady.includes(keyspace.name)) return;
    if (keyspace.initialVSchema !== undefined) {
      const vschema = await readNamed(keyspace.initialVSchema);
      await this.#command(run, "ApplyVSchema", `--vschema=${vschema}`, keyspace.name);
    }
    if (keyspace.initialSchema !== undefined) {
      const sql = await readNamed(keyspace.initialSchema);
      await this.#command(run, "ApplySchema", `--sql=${sql}`, keyspace.name);
      run.progress(`${keyspace.name}: schema and VSchema are in`);
    }
    const keyspacesReady = [...this.#state.keyspacesReady, keyspace.name];
    await this.#save({ ...this.#state, keyspacesReady });
  }

  async #initialData(spec: ClusterSpec, run: Run): Promise<void> {
    if (spec.initialData === undefined || this.#state.dataLoaded) return;
    const { mysql: port } = gatePorts(this.#options.place, 0);
    await loadInitialData(port, await readNamed(spec.initialData), run.signal);
    await this.#save({ ...this.#state, dataLoaded: true });
    run.progress("data is in");
  }

  async #command(run: Run, command: string, ...args: string[]): Promise<string> {
    const server = `127.0.0.1:${PUBLIC_PORTS.ctld + this.#options.place.portOffset}`;
    const { signal } = run;
    const end = await callCommand({ server, command, args, onLine: run.progress, signal });
    if (end.error === undefined) return end.text;
    throw vtError("VT22006", `${command} failed: ${end.error.message}`);
  }

  /** Waits until a tablet of this run is in the topology: from then on vtctld finds it. */
  async #registered(topo: Topology, tablet: PlacedTablet, run: Run): Promise<void> {
    await this.#tabletIs("readyz", tablet, run);
    const port = this.#state.tablets[tablet.name]?.http;
    await waitUntil(this.#wait(tablet.name, run), async () => {
      try {
        const { portMap, tabletShutdownTime } = await getTablet(topo, tablet.alias, run);
        if (portMap.vt === port && tabletShutdownTime === undefined) return undefined;
      } catch (error) {
        if (!hasId(error, "VT21001")) throw error; // Not yet there.
      }
      return "not registered in the topology yet";
    });
  }

  /**
   * The tablets of serving shards that take no queries after a moment: replicas need one to connect
   * to their primary, and one that lags far behind is no reason not to start.
   */
  async #notServing(
    topo: Topology,
    tablets: readonly PlacedTablet[],
    run: Run,
  ): Promise<readonly string[]> {
    const silent: string[] = [];
    await this.#each(tablets, async (tablet) => {
      const { keyspace, shard, name } = tablet;
      const { isPrimaryServing } = await getShard(topo, keyspace.name, shard.name, run);
      if (!isPrimaryServing) return;
      const url = `http://127.0.0.1:${this.#state.tablets[name]?.http}/debug/health`;
      try {
        await waitUntilOk({ ...this.#wait(name, run), timeoutMs: SERVING_MS_MAX, url });
      } catch (error) {
        if (!hasId(error, "VT22006")) throw error;
        silent.push(name);
      }
    });
    return silent.sort();
  }

  #tabletIs(path: "healthz" | "readyz", tablet: PlacedTablet, run: Run): Promise<void> {
    return this.#waitFor(tablet.name, this.#state.tablets[tablet.name]?.http ?? 0, path, run);
  }

  #waitFor(name: string, port: number, path: "healthz" | "readyz", run: Run): Promise<void> {
    return waitUntilOk({ ...this.#wait(name, run), url: `http://127.0.0.1:${port}/${path}` });
  }

  #wait(name: string, run: Run): Wait {
    return {
      what: name,
      timeoutMs: START_TIMEOUT_MS,
      signal: run.signal,
      logFile: `${this.#options.place.dataDir}/logs/${name}.log`,
      hopeless: () => {
        const restarts = this.#processes.restartsOf(name);
        return restarts >= RESTARTS_MAX ? `it died ${restarts} times` : undefined;
      },
    };
  }

  async #each<T>(
    items: readonly T[],
    body: (item: T, index: number) => Promise<void>,
  ): Promise<void> {
    await Promise.all(items.map(body));
  }
}

function firstReplica(spec: ClusterSpec, keyspace: KeyspaceSpec, shard: ShardSpec): PlacedTablet {
  const found = tabletsOf(spec).find((tablet) =>
    tablet.keyspace === keyspace && tablet.shard === shard && tablet.spec.electable
  );
  if (found === undefined) {
    throw vtError("VT22001", `${keyspace.name}/${shard.name} has no replica`);
  }
  return found;
}

async function readNamed(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw vtError("VT22001", `${path}, which the cluster file names, can't be read: ${cause}`);
  }
}

/** The address that vtctld forwards `apply` to. */
export function supervisorPort(place: Place): number {
  return INTERNAL_PORTS.supervisor + place.portOffset;
}
