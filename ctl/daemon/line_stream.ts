/** An answer in lines that come as they are there: application/x-ndjson. */

export interface LineStream {
  /** Aborts when the reader has left. */
  readonly signal: AbortSignal;
  /** Lines that wait for a slow reader. */
  readonly waiting: number;
  /** One line, without a line feed. A reader that has left is told nothing more. */
  send(line: string): void;
  /** Resolves when the reader has taken what was sent, or has left. */
  drained(): Promise<void>;
}

/** The response ends when `write` has; it must not throw. */
export function lineResponse(write: (lines: LineStream) => Promise<void>): Response {
  const leave = new AbortController();
  const encoder = new TextEncoder();
  let wanted = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const room = () => controller.desiredSize ?? 0;
      const lines: LineStream = {
        signal: leave.signal,
        get waiting() {
          return Math.max(0, -room());
        },
        send(line) {
          if (!leave.signal.aborted) controller.enqueue(encoder.encode(`${line}\n`));
        },
        async drained() {
          if (leave.signal.aborted || room() > 0) return;
          wanted = Promise.withResolvers();
          await wanted.promise;
        },
      };
      // Its end is the stream's. An error here is a bug, and breaks the answer off.
      void write(lines)
        .then(() => leave.signal.aborted || controller.close())
        .catch((error) => leave.signal.aborted || controller.error(error));
    },
    pull() {
      wanted.resolve();
    },
    cancel() {
      leave.abort(new DOMException("the client has left", "AbortError"));
      wanted.resolve();
    },
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}
