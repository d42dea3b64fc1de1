import { claim } from "./claims.ts";

/** Above what local clusters use, below Linux's ephemeral ports (32768...). */
const FIRST = 26_000;
const COUNT = 6700;

/** Within it a server takes its port; then that it listens says that it is taken. */
const CLAIM_MS = 120_000;

/** A port that nobody listens on, and that no other test is given. */
export function freePort(): number {
  for (let attempt = 0; attempt < 500; attempt++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (!claim(`port-${port}`, { maxMs: CLAIM_MS })) continue;
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error(`Cannot find a free port in ${FIRST}-${FIRST + COUNT} after 500 attempts`);
}
