/**
 * A port that nobody listens on. The range below Linux's ephemeral ports (32768...), so that no
 * outgoing connection takes it before the server does.
 */
export function freePort(): number {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("Cannot find a free port in 20000-32000 after 200 attempts");
}
