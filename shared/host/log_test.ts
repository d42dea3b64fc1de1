import assert from "node:assert/strict";
import { createLog } from "./log.ts";

function capture(format: "logfmt" | "json") {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  return { lines, log: createLog({ level: "info", format, write, time: () => "T" }) };
}

Deno.test("createLog() prints one line an event, whatever the fields hold", () => {
  const { lines, log } = capture("logfmt");
  log.with({ program: "vtgate" }).warn("lost tablet", { error: 'a\n"b"=c', none: undefined, n: 1 });
  log.debug("not this");
  assert.deepEqual(lines, [
    'time=T level=warn msg="lost tablet" program=vtgate error="a\\n\\"b\\"=c" n=1\n',
  ]);
});

Deno.test("createLog() prints JSON", () => {
  const { lines, log } = capture("json");
  log.info("up", { port: 1 });
  assert.deepEqual(lines, ['{"time":"T","level":"info","msg":"up","port":1}\n']);
});
