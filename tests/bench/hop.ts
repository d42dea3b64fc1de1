/**
 * The hop between gate and tablet alone: the gate's MySQL server and the tablet's query service
 * with nothing between them that plans. Point selects by sysbench, directly and through both hops,
 * in turns; then the memory of both while a slow client reads a million rows.
 *
 *     deno run -A tests/bench/hop.ts [--threads 32] [--seconds 5] [--turns 3] [--prof]
 *
 * `--prof` writes a CPU profile of each hop into the working directory.
 */
// deno-lint-ignore-file no-console
import { parseArgs } from "node:util";
import { TabletDirectory } from "../../gate/tablets/directory.ts";
import { Gateway } from "../../gate/tablets/gateway.ts";
import { MysqlServer } from "../../gate/server/mysql_server.ts";
import { parseUsers } from "../../gate/server/users.ts";
import type { ClientInfo, ClientSession, Command } from "../../gate/session/client.ts";
import { HOST_CLOCK } from "../../shared/host/clock.ts";
import { SILENT_LOG } from "../../shared/host/log.ts";
import { freePort } from "../harness/ports.ts";
import { startTestMysqld } from "../harness/mysqld.ts";
import { request, startQueryTablet, TARGET } from "../harness/query_tablet.ts";
import { EMPTY_OK, encodeOkPacket } from "../../shared/mysql/ok_packet.ts";
import { CLIENT_DEPRECATE_EOF } from "../../shared/mysql/capabilities.ts";
import { cpuMicros, measure, prepare, residentBytes } from "./sysbench.ts";

const ROWS = 10_000;
const DATABASE = "vt_commerce";
const SELF = new URL(import.meta.url).pathname;

/** Sends each query to the one tablet, as it came. */
function relaySession(gateway: Gateway, client: ClientInfo): ClientSession {
  const profile = {
    capabilities: client.capabilities & CLIENT_DEPRECATE_EOF,
    collation: 45,
    settings: "",
  };
  const base = { ...request(""), user: client.user, profile };
  return {
    inTransaction: false,
    serverStatus: 2,
    async run(command: Command, writer, options) {
      if (command.com !== "query") {
        writer.packet(encodeOkPacket({ ...EMPTY_OK, statusFlags: 2 }, client.capabilities));
        return;
      }
      const result = await gateway.execute({ ...base, sql: command.sql }, (packets) => {
        writer.raw(packets);
        if (writer.buffered > 256 * 1024) return writer.drained();
      }, options);
      writer.raw(result.terminal);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function gate(port: number, tabletPort: number): Promise<void> {
  const directory = new TabletDirectory({
    cell: "zone1",
    gateName: "bench gate",
    clock: HOST_CLOCK,
    log: SILENT_LOG,
    random: Math.random,
    waitersMax: 1000,
    serves: () => true,
  });
  const { keyspace, shard, tabletType } = TARGET;
  const record = {
    alias: { cell: "zone1", uid: 100 },
    hostname: "127.0.0.1",
    portMap: { vt: 0, grpc: tabletPort },
    keyspace,
    shard,
    type: tabletType,
    dbNameOverride: "",
    tags: {},
    mysqlHostname: "127.0.0.1",
    mysqlPort: 0,
  };
  directory.update("zone1", new Map([["zone1-0000000100", record]]));
  const gateway = new Gateway({ directory, clock: HOST_CLOCK, bufferMs: 10_000 });
  const users = parseUsers('{"user": [{"Password": ""}]}', "bench");
  MysqlServer.listen({
    hostname: "127.0.0.1",
    port,
    serverVersion: "8.0.40-Vitess",
    connectionsMax: 1000,
    users: () => users,
    sessions: { open: (client) => Promise.resolve(relaySession(gateway, client)) },
    log: SILENT_LOG,
  });
  await gateway.schema(TARGET, { signal: new AbortController().signal });
  console.log("ready");
}

async function startSelf(args: readonly string[], prof: boolean): Promise<Deno.ChildProcess> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      ...(prof ? ["--cpu-prof", `--cpu-prof-name=${args[0]}.cpuprofile`] : []),
      SELF,
      ...args,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  reader.releaseLock();
  void child.stdout.cancel();
  return child;
}

interface Hops {
  readonly direct: number;
  readonly gatePort: number;
  readonly pids: readonly [tablet: number, gate: number];
}

async function points(hops: Hops, options: { threads: number; seconds: number; turns: number }) {
  const settings = {
    script: "oltp_point_select",
    prepared: false,
    threads: options.threads,
    seconds: options.seconds,
    rows: ROWS,
  } as const;
  const ratios: number[] = [];
  for (let turn = 0; turn < options.turns; turn++) {
    const direct = await measure({ port: hops.direct, database: DATABASE }, settings);
    const before = await Promise.all(hops.pids.map(cpuMicros));
    const through = await measure({ port: hops.gatePort, database: DATABASE }, settings);
    const after = await Promise.all(hops.pids.map(cpuMicros));
    const [tablet = 0, gate = 0] = after.map((micros, index) =>
      (micros - (before[index] ?? 0)) / through.queries
    );
    ratios.push(through.queriesPerSecond / direct.queriesPerSecond);
    console.log(
      `direct ${direct.queriesPerSecond.toFixed(0)}/s, two hops ${
        through.queriesPerSecond.toFixed(0)
      }/s, ` +
        `ratio ${ratios.at(-1)?.toFixed(2)}, p95 ${direct.p95Ms} / ${through.p95Ms} ms, ` +
        `CPU gate ${gate.toFixed(1)} + tablet ${tablet.toFixed(1)} = ${
          (gate + tablet).toFixed(1)
        } us`,
    );
  }
}

/** Reads a million rows at about 20 MB/s and says the most that each hop held. */
async function slowReader(hops: Hops): Promise<void> {
  const before = await Promise.all(hops.pids.map(residentBytes));
  const client = new Deno.Command("sh", {
    args: [
      "-c",
      `mysql -h 127.0.0.1 -P ${hops.gatePort} -u user --quick -N -e "select seq, repeat('x', 100) from seq_1_to_1000000" ` +
      "| (while dd bs=1M count=1 iflag=fullblock 2>/dev/null | grep -q x; do sleep 0.05; done)",
    ],
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const most = [0, 0];
  let running = true;
  const done = client.status.finally(() => running = false);
  while (running) {
    const now = await Promise.all(hops.pids.map(residentBytes));
    now.forEach((bytes, index) => most[index] = Math.max(most[index] ?? 0, bytes));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await done;
  const mb = (bytes: number | undefined) => `${((bytes ?? 0) / 1e6).toFixed(0)} MB`;
  console.log(
    `slow reader of 1M rows: gate ${mb(before[1])} -> at most ${mb(most[1])}, ` +
      `tablet ${mb(before[0])} -> at most ${mb(most[0])}`,
  );
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      threads: { type: "string", default: "32" },
      seconds: { type: "string", default: "5" },
      turns: { type: "string", default: "3" },
      prof: { type: "boolean", default: false },
    },
  });
  const never = { signal: new AbortController().signal };
  await using server = await startTestMysqld();
  await server.root.query(`create database ${DATABASE}`, never);
  await server.root.query("create user user@'127.0.0.1'", never);
  await server.root.query("grant all on *.* to user@'127.0.0.1'", never);
  const { port: direct } = server;
  await prepare({ port: direct, database: DATABASE }, ROWS);
  const [tabletPort, gatePort] = [freePort(), freePort()];
  const tablet = await startSelf(["tablet", server.socketPath, `${tabletPort}`], values.prof);
  const relay = await startSelf(["gate", `${gatePort}`, `${tabletPort}`], values.prof);
  try {
    const hops: Hops = { direct, gatePort, pids: [tablet.pid, relay.pid] };
    await points(hops, {
      threads: Number(values.threads),
      seconds: Number(values.seconds),
      turns: Number(values.turns),
    });
    await slowReader(hops);
  } finally {
    for (const child of [relay, tablet]) {
      child.kill("SIGTERM");
      await child.status;
    }
  }
}

const [role, first = "", second = ""] = Deno.args;
if (role === "tablet" || role === "gate") {
  // In order, so that a profile is written.
  Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
  if (role === "gate") await gate(Number(first), Number(second));
  else {
    startQueryTablet({ socketPath: first, database: DATABASE, port: Number(second) });
    console.log("ready");
  }
} else await main();
