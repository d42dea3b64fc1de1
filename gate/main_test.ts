/** The program as it is run: its flags, its signals, its end. */
import assert from "node:assert/strict";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { makeCertificates } from "../tests/harness/certificates.ts";
import { type GateProgram, startGateSurroundings } from "../tests/harness/gate_program.ts";
import { waitFor } from "../tests/harness/wait.ts";

const TABLE = "create table vt_commerce.t (id bigint primary key)";

function connect({ port }: GateProgram, more: Record<string, unknown> = {}) {
  const address = { host: "127.0.0.1", port, user: "user", database: "commerce" };
  return createConnection({ ...address, ...more });
}

/** Errors and exit code of a gate that can't start with these flags. */
async function refused(...flags: readonly string[]): Promise<{ code: number; err: string }> {
  const { code, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL("main.ts", import.meta.url).pathname, ...flags],
  }).output();
  const text = new TextDecoder();
  return { code, err: text.decode(stderr) + text.decode(stdout) };
}

Deno.test("vtgate: TLS for clients, users read again at SIGHUP", async () => {
  await using around = await startGateSurroundings([TABLE]);
  const { ca, cert, key } = await makeCertificates(around.folder);
  const gate = await around.start([
    `--mysql-server-ssl-cert=${cert}`,
    `--mysql-server-ssl-key=${key}`,
    "--mysql-server-require-secure-transport",
  ]);
  const ssl = { ca: await Deno.readTextFile(ca) };
  const client = await connect(gate, { ssl });
  await client.query("insert into t values (1)");
  const [rows] = await client.query<RowDataPacket[]>("select count(*) c from t");
  assert.deepEqual(rows, [{ c: 1 }]);
  await client.end();
  await assert.rejects(connect(gate), { errno: 3159, code: "ER_SECURE_TRANSPORT_REQUIRED" });

  // As mysql.user has it on a MySQL 9: the password is "secret".
  const stored = "0x24412430304124043A017B0340675A384C6D335E22092D7008281A487A74414F4E576D646A6F" +
    "52666C4C4C6B6D6257755648653333754F584B337048457662746B5251504631";
  const users = { app: [{ Password: "new" }], stored: [{ CachingSha2Password: stored }] };
  await Deno.writeTextFile(around.usersFile, JSON.stringify(users));
  gate.child.kill("SIGHUP");
  await waitFor("the new users", async () => /users read again/.test(await gate.log()));
  await (await connect(gate, { ssl, user: "app", password: "new" })).end();
  await (await connect(gate, { ssl, user: "stored", password: "secret" })).end();
  await assert.rejects(connect(gate, { ssl, user: "stored", password: "Secret" }), { errno: 1045 });
  await assert.rejects(connect(gate, { ssl }), { errno: 1045 });
});

Deno.test("vtgate: TLS flags that don't fit end it with the remedy", async () => {
  const needed = ["--cell=zone1", "--topo-address=http://127.0.0.1:1"];
  const folder = await Deno.makeTempDir();
  const users = `${folder}/users.json`;
  await Deno.writeTextFile(users, "{}");
  for (
    const [flags, want] of [
      [["--mysql-server-require-secure-transport"], /needs --mysql-server-ssl-cert/],
      [["--mysql-server-ssl-cert=/nowhere"], /--mysql-server-ssl-key is required/],
      [["--mysql-server-ssl-cert=/nowhere", "--mysql-server-ssl-key=/nowhere"], /No such file/],
      [
        [`--mysql-server-ssl-cert=${users}`, `--mysql-server-ssl-key=${users}`],
        /no certificate and/,
      ],
    ] as const
  ) {
    const { code, err } = await refused(...needed, `--users-file=${users}`, ...flags);
    assert.equal(code, 1, err);
    assert.match(err, want);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("vtgate: SIGTERM lets transactions end and takes no new ones", async () => {
  await using around = await startGateSurroundings([TABLE]);
  const gate = await around.start(["--drain-timeout-ms=20000"]);
  const [held, idle] = await Promise.all([connect(gate), connect(gate)]);
  await idle.query("select count(*) from t");
  await held.query("begin");
  await held.query("insert into t values (1)");
  const running = held.query("select sleep(0.5)");
  gate.child.kill("SIGTERM");
  await waitFor("the drain", async () => /draining/.test(await gate.log()));
  // Who has nothing to finish is sent away, and nobody comes in any more.
  await assert.rejects(idle.query("select 1"));
  await assert.rejects(connect(gate), { code: "ECONNREFUSED" });
  await running;
  await held.query("insert into t values (2)");
  await held.query("commit");
  const started = performance.now();
  assert.equal((await gate.child.exited).code, 0);
  assert.ok(performance.now() - started < 5000);
  const { rows } = await around.mysqld.root.query("select id from vt_commerce.t", {
    signal: new AbortController().signal,
  });
  assert.equal(rows.length, 2);
  held.destroy();
  idle.destroy();
});

Deno.test("vtgate: a transaction that doesn't end is rolled back when the drain's time is up", async () => {
  await using around = await startGateSurroundings([TABLE]);
  const gate = await around.start(["--drain-timeout-ms=1000"]);
  const held = await connect(gate);
  held.on("error", () => {});
  await held.query("begin");
  await held.query("insert into t values (1)");
  const started = performance.now();
  gate.child.kill("SIGTERM");
  assert.equal((await gate.child.exited).code, 0);
  const tookMs = performance.now() - started;
  assert.ok(tookMs >= 950 && tookMs < 6000, `${tookMs} ms`);
  await waitFor("the rollback", () => around.tablet.engine.transactions.size === 0);
  held.destroy();
});

Deno.test("vtgate: a slow reader of a million rows costs little memory", async () => {
  await using around = await startGateSurroundings([TABLE]);
  const gate = await around.start();
  const statement = "select seq, repeat('x', 100) from seq_1_to_1000000";
  // About 40 MB/s: the shard would be ten times as fast.
  const slow =
    "while dd bs=1M count=1 iflag=fullblock 2>/dev/null | grep -q x; do sleep 0.025; done";
  const mysql = `mysql -h 127.0.0.1 -P ${gate.port} -u user --quick -N -e "${statement}" commerce`;
  const reading = new Deno.Command("sh", { args: ["-c", `${mysql} | (${slow})`] }).output();
  let most = 0;
  let done = false;
  void reading.finally(() => done = true);
  await waitFor("the last row", async () => {
    most = Math.max(most, await residentMb(gate.child.pid));
    return done;
  }, { timeoutMs: 60_000, everyMs: 50 });
  assert.equal(new TextDecoder().decode((await reading).stderr), "");
  assert.ok(most > 20 && most < 150, `the gate held ${most} MB`);
});

async function residentMb(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1000;
}
