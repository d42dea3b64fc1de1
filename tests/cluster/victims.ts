/**
 * What fault tests do to processes, known by what they are to a workflow: "kill source mysqld",
 * "kill etcd + vtctld", "stall target tablet 8 s", "cut source tablet", "none". One shard's
 * processes are meant where there are several: the first of the source, the first of the target.
 */
import type { LocalCluster } from "./local_cluster.ts";
import type { Place, WorkflowCase } from "./workflow_case.ts";

export const VICTIMS = [
  "gate",
  "vtctld",
  "etcd",
  "source tablet",
  "target tablet",
  "source mysqld",
  "target mysqld",
  "source replica",
  "target replica",
] as const;
export type Victim = (typeof VICTIMS)[number];

export type Fault =
  | { readonly do: "none" }
  | { readonly do: "kill" | "cut"; readonly victims: readonly Victim[] }
  | { readonly do: "stall"; readonly victims: readonly Victim[]; readonly seconds: number }
  /** Stopped as by SIGSTOP while another vtctld does its work, and going on after `seconds`. */
  | { readonly do: "replace"; readonly victims: readonly ["vtctld"]; readonly seconds: number };

/** A fault that is ready to happen. */
export interface Aim {
  /** At once; throws when there is nothing to strike. */
  strike(): void;
  /** Resolves when nothing that it stopped stands still any more. */
  over(): Promise<void>;
  /** Another vtctld shall do the work meanwhile. */
  readonly replaces: boolean;
}

export function printFault(fault: Fault): string {
  if (fault.do === "none") return "none";
  const text = `${fault.do} ${fault.victims.join(" + ")}`;
  return "seconds" in fault ? `${text} ${fault.seconds} s` : text;
}

/** TypeError when it is no fault. */
export function parseFault(text: string): Fault {
  if (text === "none") return { do: "none" };
  const match = /^(kill|cut|stall|replace) (.*?)(?: (\d+) s)?$/.exec(text);
  const [, verb, names = "", seconds] = match ?? [];
  const victims = names.split(" + ").map((name) => {
    const victim = VICTIMS.find((one) => one === name);
    if (victim === undefined) throw new TypeError(`"${text}": no "${name}"; there are: ${VICTIMS}`);
    return victim;
  });
  if ((verb === "kill" || verb === "cut") && seconds === undefined) return { do: verb, victims };
  if (verb === "stall" && seconds !== undefined) {
    return { do: verb, victims, seconds: Number(seconds) };
  }
  if (verb === "replace" && seconds !== undefined && names === "vtctld") {
    return { do: verb, victims: ["vtctld"], seconds: Number(seconds) };
  }
  throw new TypeError(`"${text}" is no fault, like: kill gate; stall target tablet 8 s`);
}

/** Finds who it is before the moment comes. */
export async function aim(
  cluster: LocalCluster,
  fault: Fault,
  { source, target }: WorkflowCase,
): Promise<Aim> {
  if (fault.do === "none") return atOnce(() => {});
  const places = { source, target };
  if (fault.do === "cut") {
    const ports = await Promise.all(fault.victims.map((one) => portsOf(cluster, one, places)));
    return cutting(ports.flat());
  }
  const pids = await Promise.all(fault.victims.map((victim) => pidOf(cluster, victim, places)));
  if (!("seconds" in fault)) {
    return atOnce(() => pids.forEach((pid) => Deno.kill(pid, "SIGKILL")));
  }
  return { ...stalling(pids, fault.seconds * 1000), replaces: fault.do === "replace" };
}

function atOnce(strike: () => void): Aim {
  return { strike, over: () => Promise.resolve(), replaces: false };
}

function stalling(pids: readonly number[], ms: number): Omit<Aim, "replaces"> {
  let over = Promise.resolve();
  return {
    strike: () => {
      pids.forEach((pid) => Deno.kill(pid, "SIGSTOP"));
      over = new Promise((resolve) => {
        setTimeout(() => {
          for (const pid of pids) {
            try {
              Deno.kill(pid, "SIGCONT");
            } catch {
              // Somebody gave it up for dead, and ended it.
            }
          }
          resolve();
        }, ms);
      });
    },
    over: () => over,
  };
}

/** ss -K needs CAP_NET_ADMIN, and a kernel with CONFIG_INET_DIAG_DESTROY. */
function cutting(ports: readonly number[]): Aim {
  const ends = ports.flatMap((
    port,
  ) => ["or", "sport", "=", `:${port}`, "or", "dport", "=", `:${port}`]);
  return atOnce(() => {
    const args = ["-H", "-K", "-t", "state", "established", "(", ...ends.slice(1), ")"];
    const { code, stdout, stderr } = new Deno.Command("ss", { args }).outputSync();
    const text = new TextDecoder();
    if (code !== 0) throw new Error(`ss -K: ${text.decode(stderr)}`);
    if (text.decode(stdout).trim() === "") throw new Error("ss -K: no connection was cut");
  });
}

interface Places {
  readonly source: Place;
  readonly target: Place;
}

function aliasOf(cluster: LocalCluster, victim: Victim, places: Places): Promise<string> {
  const [side, what] = victim.split(" ");
  return tabletOf(
    cluster,
    side === "source" ? places.source : places.target,
    what === "replica" ? "replica" : "primary",
  );
}

async function pidOf(cluster: LocalCluster, victim: Victim, places: Places): Promise<number> {
  if (victim === "gate") return (await cluster.pidOf("zone1-gate-1")).pid;
  if (victim === "vtctld" || victim === "etcd") return (await cluster.pidOf(victim)).pid;
  const alias = await aliasOf(cluster, victim, places);
  if (victim.endsWith("mysqld")) return await cluster.mysqldPidOf(alias);
  return (await cluster.pidOf(alias)).pid;
}

/** What it listens on. */
async function portsOf(
  cluster: LocalCluster,
  victim: Victim,
  places: Places,
): Promise<readonly number[]> {
  const offset = cluster.options.portOffset;
  if (victim === "gate") return [15306 + offset];
  if (victim === "vtctld") return [15000 + offset];
  const state = JSON.parse(await Deno.readTextFile(`${cluster.options.dataDir}/cluster.json`)) as {
    readonly etcd: { readonly client: number };
    readonly tablets: Readonly<Record<string, { rpc: number; http: number; mysql: number }>>;
  };
  if (victim === "etcd") return [state.etcd.client];
  const ports = state.tablets[await aliasOf(cluster, victim, places)];
  if (ports === undefined) throw new Error(`${victim} has no ports`);
  return victim.endsWith("mysqld") ? [ports.mysql] : [ports.rpc, ports.http];
}

/** Of its first shard. */
async function tabletOf(
  cluster: LocalCluster,
  { keyspace, shards }: Place,
  type: "primary" | "replica",
): Promise<string> {
  const lines = (await cluster.vtctl("GetTablets", "--keyspace", keyspace)).trim().split("\n");
  const found = lines.map((line) => line.split(" "))
    .find((fields) => fields[2] === shards[0] && fields[3] === type);
  if (found?.[0] === undefined) throw new Error(`${keyspace}/${shards[0]} has no ${type}`);
  return found[0];
}
