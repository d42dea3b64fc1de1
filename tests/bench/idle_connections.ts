/** Opens many idle client connections, to see what each costs the gate. */

/** Largest answer to expect in the connection phase. */
const PACKET_BYTES_MAX = 1024;
/** Connections that are opened at the same time; more would only queue in the kernel's backlog. */
const AT_ONCE = 100;

/** CLIENT_LONG_PASSWORD | PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH, and an empty password. */
function handshakeResponse(user: string): Uint8Array {
  const name = new TextEncoder().encode(user);
  const plugin = new TextEncoder().encode("mysql_native_password");
  const payload = new Uint8Array(32 + name.length + 1 + 1 + plugin.length + 1);
  const view = new DataView(payload.buffer);
  view.setUint32(0, 0x0000_0001 | 0x0000_0200 | 0x0000_8000 | 0x0008_0000, true);
  view.setUint32(4, 0x00ff_ffff, true);
  payload[8] = 45;
  payload.set(name, 32);
  payload.set(plugin, 32 + name.length + 2);
  return Uint8Array.of(payload.length, 0, 0, 1, ...payload);
}

async function connect(port: number): Promise<Deno.Conn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(PACKET_BYTES_MAX);
  await connection.read(buffer);
  await connection.write(handshakeResponse("user"));
  const read = await connection.read(buffer);
  if (read === null || buffer[4] !== 0) {
    connection.close();
    throw new Error(`login refused: ${new TextDecoder().decode(buffer.subarray(7, read ?? 0))}`);
  }
  return connection;
}

/** Holds `count` logged-in connections until disposed. */
export async function openIdle(port: number, count: number): Promise<AsyncDisposable> {
  const connections: Deno.Conn[] = [];
  while (connections.length < count) {
    const batch = Math.min(AT_ONCE, count - connections.length);
    connections.push(...await Promise.all(Array.from({ length: batch }, () => connect(port))));
  }
  return {
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.close();
      await Promise.resolve();
    },
  };
}
