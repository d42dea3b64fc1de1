/** A TCP proxy that breaks connections in the ways networks do. */
import { freePort } from "./ports.ts";

export class TcpProxy implements AsyncDisposable {
  readonly address: string;
  readonly #target: Deno.ConnectOptions;
  readonly #hostPort: { readonly hostname: string; readonly port: number };
  readonly #connections = new Set<Deno.Conn>();
  readonly #pumps = new Set<Promise<void>>();
  #listener: Deno.Listener | undefined;
  #frozen: PromiseWithResolvers<void> | undefined;
  #accepted = 0;

  private constructor(hostname: string, port: number) {
    this.#target = { hostname, port };
    this.#hostPort = { hostname: "127.0.0.1", port: freePort() };
    this.address = `127.0.0.1:${this.#hostPort.port}`;
    this.accept();
  }

  /** `target` is "host:port". */
  static to(target: string): TcpProxy {
    const { hostname, port } = new URL(`http://${target}`);
    return new TcpProxy(hostname, Number(port));
  }

  /** Connections taken so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Closes every connection; new ones are taken. */
  cut(): void {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
  }

  /** Closes every connection and refuses new ones, until accept(). */
  refuse(): void {
    this.#listener?.close();
    this.#listener = undefined;
    this.cut();
  }

  accept(): void {
    if (this.#listener !== undefined) return;
    this.#listener = Deno.listen(this.#hostPort);
    this.#track(this.#serve(this.#listener));
  }

  /** Connections stay open, and no byte passes, until thaw(). */
  freeze(): void {
    this.#frozen ??= Promise.withResolvers();
  }

  thaw(): void {
    this.#frozen?.resolve();
    this.#frozen = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.refuse();
    this.thaw();
    while (this.#pumps.size > 0) await Promise.all(this.#pumps);
  }

  async #serve(listener: Deno.Listener): Promise<void> {
    for await (const client of listener) {
      // Taken off the backlog while it was being closed: refused as well.
      if (this.#listener !== listener) {
        client.close();
        continue;
      }
      this.#accepted++;
      this.#connections.add(client);
      this.#track(this.#forward(client));
    }
  }

  async #forward(client: Deno.Conn): Promise<void> {
    const server = await Deno.connect(this.#target);
    if (!this.#connections.has(client)) return server.close(); // Cut meanwhile.
    this.#connections.add(server);
    await Promise.all([this.#pump(client, server), this.#pump(server, client)]);
  }

  async #pump(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const count = await from.read(buffer);
        await this.#frozen?.promise;
        if (count === null) break;
        for (let sent = 0; sent < count;) sent += await to.write(buffer.subarray(sent, count));
      }
    } finally {
      for (const connection of [from, to]) {
        if (this.#connections.delete(connection)) connection.close();
      }
    }
  }

  #track(work: Promise<void>): void {
    // Broken connections are this proxy's trade: an error only ends its pump.
    const tracked = work.catch(() => {}).finally(() => this.#pumps.delete(tracked));
    this.#pumps.add(tracked);
  }
}
