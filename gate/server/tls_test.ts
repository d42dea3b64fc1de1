import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import mysql from "mysql2/promise";
import { makeCertificates } from "../../tests/harness/certificates.ts";
import { startTestServer, type TestServer } from "../../tests/harness/mysql_server.ts";
import { RawMysqlClient } from "../../tests/harness/raw_mysql_client.ts";
import { CLIENT_SSL } from "../../shared/mysql/capabilities.ts";
import { encodeSslRequest } from "../../shared/mysql/handshake_response.ts";
import { tlsStarter } from "./tls_channel.ts";

async function withTls(
  run: (started: TestServer, ca: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const files = await makeCertificates(folder);
  const startTls = tlsStarter({
    certificate: await Deno.readTextFile(files.cert),
    privateKey: await Deno.readTextFile(files.key),
  });
  {
    await using started = startTestServer({ startTls });
    await run(started, files.ca);
  }
  await Deno.remove(folder, { recursive: true });
}

Deno.test("mysql2 works over TLS, beside a plain client", async () => {
  await withTls(async (started, ca) => {
    const { port } = started;
    using plain = await RawMysqlClient.login(port, "app", "secret");
    const client = await mysql.createConnection({
      host: "127.0.0.1",
      port,
      user: "app",
      password: "secret",
      ssl: { ca: await Deno.readTextFile(ca) },
    });
    deepStrictEqual((await client.query("echo secret"))[0], [{ text: "secret" }]);
    const big = "x".repeat(20 << 20);
    const [rows] = await client.query(`echo ${big}`);
    ok(JSON.stringify(rows).length > big.length);
    await plain.query("echo plain");
    strictEqual(await plain.readEcho(), "plain");
    await client.end();
  });
});

Deno.test("the mysql command line client works over TLS", async () => {
  await withTls(async (started, ca) => {
    const { port } = started;
    const { stdout, stderr, code } = await new Deno.Command("mysql", {
      args: [
        "--no-defaults",
        "-h127.0.0.1",
        `-P${port}`,
        "-uapp",
        "-psecret",
        `--ssl-ca=${ca}`,
        "--ssl",
        "-e",
        "echo secret",
      ],
    }).output();
    strictEqual(code, 0, new TextDecoder().decode(stderr));
    strictEqual(new TextDecoder().decode(stdout), "text\nsecret\n");
    const [client] = started.sessions.clients;
    ok(client !== undefined && (client.capabilities & CLIENT_SSL) !== 0);
  });
});

Deno.test("packets in the clear behind a request for TLS, and no TLS at all, end the login", async () => {
  await withTls(async ({ port }) => {
    const request = { capabilities: 0x200 | 0x800, maxPacketBytes: 1, collation: 45 };
    {
      using client = await RawMysqlClient.connect(port);
      await client.read();
      const frame = new Uint8Array([32, 0, 0, 1, ...encodeSslRequest(request)]);
      await client.write(new Uint8Array([...frame, ...frame]));
      await client.closed();
    }
    using client = await RawMysqlClient.connect(port);
    await client.read();
    await client.send(encodeSslRequest(request), 1);
    await client.write(new TextEncoder().encode("this is not TLS at all, but long enough"));
    await client.closed();
  });
});
