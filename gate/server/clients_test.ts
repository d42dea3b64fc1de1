/** Real clients, and the handshakes and commands of forty more that were recorded. */
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import mysql from "mysql2/promise";
import { startTestServer } from "../../tests/harness/mysql_server.ts";
import { command, RawMysqlClient } from "../../tests/harness/raw_mysql_client.ts";
import { decodeHandshakeGreeting } from "../../shared/mysql/handshake_greeting.ts";
import { encodeHandshakeResponse } from "../../shared/mysql/handshake_response.ts";
import { nativePasswordResponse } from "../../shared/mysql/native_password.ts";
import { GATE_CAPABILITIES } from "./capabilities.ts";

async function mysqlCli(port: number, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("mysql", {
    args: ["--no-defaults", "-h127.0.0.1", `-P${port}`, "--batch", ...args],
  }).output();
  const text = new TextDecoder();
  return code === 0 ? text.decode(stdout) : text.decode(stderr).trim();
}

Deno.test("the mysql command line client logs in with every form of password", async () => {
  await using started = startTestServer();
  const { port } = started;
  strictEqual(await mysqlCli(port, "-uuser", "-e", "echo 1; echo 2"), "text\n1\ntext\n2\n");
  for (const user of ["app", "native", "sha2"]) {
    strictEqual(await mysqlCli(port, `-u${user}`, "-psecret", "-e", "echo hi"), "text\nhi\n", user);
    strictEqual(
      await mysqlCli(port, `-u${user}`, "-pwrong", "-e", "echo hi"),
      `ERROR 1045 (28000): Access denied for user '${user}'@'localhost' (using password: YES)`,
    );
    strictEqual(
      await mysqlCli(port, `-u${user}`, "-e", "echo hi"),
      `ERROR 1045 (28000): Access denied for user '${user}'@'localhost' (using password: NO)`,
    );
  }
  strictEqual(
    await mysqlCli(port, "-unobody", "-psecret", "-e", "echo hi"),
    "ERROR 1045 (28000): Access denied for user 'nobody'@'localhost' (using password: YES)",
  );
  strictEqual(
    await mysqlCli(port, "-uuser", "-psecret", "-e", "echo hi"),
    "ERROR 1045 (28000): Access denied for user 'user'@'localhost' (using password: YES)",
  );
  strictEqual(
    await mysqlCli(port, "-uuser", "nowhere", "-e", "echo hi"),
    "ERROR 1049 (42000): Unknown database 'nowhere'",
  );
});

Deno.test("mysql2 runs text and prepared statements, and changes its user", async () => {
  for (const authPlugin of ["mysql_native_password", "caching_sha2_password"] as const) {
    await using started = startTestServer({ authPlugin });
    const base = { host: "127.0.0.1", port: started.port, user: "app", password: "secret" };
    const client = await mysql.createConnection(base);
    deepStrictEqual((await client.query("echo ü"))[0], [{ text: "ü" }]);
    const [rows] = await client.execute("any ? ? ?", [1.5, "b", null]);
    deepStrictEqual(rows, [{ text: "1.5", text2: "b", text3: null }]);
    await client.ping();
    await client.changeUser({ user: "sha2", password: "secret", database: "customer:-80" });
    const session = [...started.sessions.sessions.values()][0];
    strictEqual(session?.client.user, "sha2");
    strictEqual(session.client.database, "customer:-80");
    deepStrictEqual((await client.query("echo after"))[0], [{ text: "after" }]);
    await client.end();
    for (const user of ["native", "sha2"]) {
      const other = await mysql.createConnection({ ...base, user });
      await other.ping();
      await other.end();
      await rejects(mysql.createConnection({ ...base, user, password: "wrong" }), {
        errno: 1045,
        sqlState: "28000",
      });
    }
  }
});

interface Recorded {
  readonly client: string;
  readonly capabilities: string;
  readonly maxPacketBytes: number;
  readonly collation: number;
  readonly database: string;
  readonly authPlugin: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly commands: readonly string[];
}

const RECORDED: readonly Recorded[] = Deno.readTextFileSync(
  new URL("testdata/client_handshakes.jsonl", import.meta.url),
).trim().split("\n").map((line) => JSON.parse(line));

async function logInAs(recorded: Recorded, port: number): Promise<RawMysqlClient> {
  const client = await RawMysqlClient.connect(port);
  const greeting = decodeHandshakeGreeting((await client.read()).payload);
  const response = encodeHandshakeResponse({
    capabilities: Number(recorded.capabilities),
    maxPacketBytes: recorded.maxPacketBytes,
    collation: recorded.collation,
    user: "app",
    authResponse: nativePasswordResponse("secret", greeting.scramble),
    database: recorded.database,
    authPlugin: recorded.authPlugin,
    attributes: new Map(Object.entries(recorded.attributes)),
  });
  await client.send(response, 1);
  strictEqual((await client.read()).payload[0], 0, recorded.client);
  return client;
}

/** Sends a command, and reads as many packets as its answer has. */
async function replay(name: string, client: RawMysqlClient, capabilities: number): Promise<void> {
  const eofs = (capabilities & (1 << 24)) === 0 ? 1 : 0;
  const send = async (payload: Uint8Array, packets: number) => {
    await client.send(payload);
    for (let i = 0; i < packets; i++) await client.read();
  };
  switch (name) {
    case "QUERY":
      return await send(command(0x03, "echo 1"), 4 + eofs);
    case "STMT_PREPARE":
      return await send(command(0x16, "any ?"), 3 + 2 * eofs);
    case "STMT_EXECUTE":
      return await send(Uint8Array.fromHex("17010000000001000000" + "0001fd000161"), 4 + eofs);
    case "STMT_CLOSE":
      return await send(Uint8Array.of(0x19, 1, 0, 0, 0), 0);
    case "STMT_RESET":
      return await send(Uint8Array.of(0x1a, 1, 0, 0, 0), 1);
    case "PING":
    case "STATISTICS":
      return await send(Uint8Array.of(name === "PING" ? 0x0e : 0x09), 1);
    case "INIT_DB":
      return await send(command(0x02, "commerce"), 1);
    case "RESET_CONNECTION":
      return await send(Uint8Array.of(0x1f), 1);
    case "CHANGE_USER":
      return await changeUser(client, capabilities);
    default:
      throw new Error(`no way to replay ${name}`);
  }
}

async function changeUser(client: RawMysqlClient, capabilities: number): Promise<void> {
  await client.send(command(0x11, "user\0\0commerce\0\x2d\0mysql_native_password\0"));
  const request = await client.read();
  strictEqual(request.payload[0], capabilities & (1 << 19) ? 0xfe : 0);
  await client.send(new Uint8Array(0), request.nextSequenceId);
  strictEqual((await client.read()).payload[0], 0);
}

Deno.test("the handshakes and commands of recorded clients are served", async () => {
  await using started = startTestServer();
  ok(RECORDED.length > 20);
  for (const recorded of RECORDED) {
    using client = await logInAs(recorded, started.port);
    const info = started.sessions.clients.at(-1);
    strictEqual(info?.database, recorded.database, recorded.client);
    strictEqual(info.capabilities & ~GATE_CAPABILITIES, 0);
    strictEqual(info.collation, recorded.collation === 255 ? 45 : recorded.collation);
    strictEqual(info.attributes.size, Object.keys(recorded.attributes).length);
    for (const name of recorded.commands) {
      if (name !== "QUIT") await replay(name, client, info.capabilities);
    }
    await client.send(Uint8Array.of(1));
    await client.closed();
  }
});
