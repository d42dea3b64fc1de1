/**
 * TLS for a client that asks for it. Deno's own TLS can't take over an accepted connection, and
 * node:tls can, over any duplex stream: so plain clients keep the native path, and the others pay
 * for a stream in between.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { Duplex } from "node:stream";
import { createSecureContext, TLSSocket } from "node:tls";
import type { Channel } from "./channel.ts";

export interface TlsFiles {
  /** PEM: the server's certificate, followed by those of intermediate authorities. */
  readonly certificate: string;
  /** PEM. */
  readonly privateKey: string;
}

const READ_BYTES = 16 * 1024;

/** For `MysqlServerOptions.startTls`. Throws when the files are no certificate and key. */
export function tlsStarter(files: TlsFiles): (plain: Channel) => Promise<Channel> {
  checkFiles(files);
  const secureContext = createSecureContext({
    cert: files.certificate,
    key: files.privateKey,
    minVersion: "TLSv1.2",
  });
  return async (plain) => {
    const socket = new TLSSocket(duplexOf(plain), { isServer: true, secureContext });
    const channel = new TlsChannel(plain, socket);
    await channel.secured();
    return channel;
  };
}

/** createSecureContext() takes anything under Deno; clients would find out. */
function checkFiles({ certificate, privateKey }: TlsFiles): void {
  const isPem = /-----BEGIN CERTIFICATE-----/.test(certificate) &&
    /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(privateKey);
  if (!isPem) throw new TypeError("no certificate and private key in PEM form");
  if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey))) return;
  throw new TypeError("the private key is not the certificate's");
}

/** Its callbacks take both outcomes of each promise. */
function duplexOf(plain: Channel): Duplex {
  return new Duplex({
    read() {
      const buffer = new Uint8Array(READ_BYTES);
      void plain.read(buffer).then(
        (count) => this.push(count === null ? null : buffer.subarray(0, count)),
        (error) => this.destroy(error),
      );
    },
    write(chunk: Uint8Array<ArrayBuffer>, _encoding, done) {
      void writeAll(plain, chunk).then(() => done(), done);
    },
    final(done) {
      void plain.closeWrite().then(() => done(), done);
    },
  });
}

async function writeAll(plain: Channel, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await plain.write(bytes.subarray(sent));
}

class TlsChannel implements Channel {
  readonly #plain: Channel;
  readonly #socket: TLSSocket;
  /** Why nothing comes any more; undefined while something may. */
  #ended: { readonly error: Error | undefined } | undefined;
  #wake: (() => void) | undefined;

  constructor(plain: Channel, socket: TLSSocket) {
    this.#plain = plain;
    this.#socket = socket;
    const wake = () => this.#wake?.();
    const end = (error?: Error) => {
      this.#ended ??= { error };
      wake();
    };
    socket.on("readable", wake);
    socket.on("secure", wake);
    socket.on("end", () => end());
    socket.on("close", () => end());
    socket.on("error", end);
  }

  /** Resolves when both sides have keys. Throws what the client did wrong. */
  async secured(): Promise<void> {
    while (this.#socket.getProtocol() === null) {
      if (this.#ended !== undefined) throw this.#ended.error ?? new Error("no TLS handshake");
      await this.#next();
    }
  }

  #next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    return promise;
  }

  async read(into: Uint8Array<ArrayBuffer>): Promise<number | null> {
    for (;;) {
      const waiting = Math.min(this.#socket.readableLength, into.length);
      const chunk: Uint8Array | null = waiting === 0 ? null : this.#socket.read(waiting);
      if (chunk !== null) {
        into.set(chunk);
        return chunk.length;
      }
      if (this.#ended?.error !== undefined) throw this.#ended.error;
      if (this.#ended !== undefined) return null;
      // With nothing buffered, asking is what makes the stream read on.
      this.#socket.read(0);
      await this.#next();
    }
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    const written = Promise.withResolvers<void>();
    this.#socket.write(bytes, (error) => error ? written.reject(error) : written.resolve());
    await written.promise;
    return bytes.length;
  }

  closeWrite(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.end(() => resolve());
    return promise;
  }

  close(): void {
    this.#socket.destroy();
    this.#plain.close();
    this.#ended ??= { error: undefined };
    this.#wake?.();
  }
}
