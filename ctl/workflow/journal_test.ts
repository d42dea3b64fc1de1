import assert from "node:assert/strict";
import type { NewStream, StreamStatus } from "../../shared/rpc/vreplication.ts";
import type { PlacedStream } from "./facts.ts";
import { migrationId, stampStream } from "./journal.ts";

/** Only what the id is made of. */
function placed(stream: Pick<StreamStatus, "id" | "workflow" | "options">): PlacedStream {
  return { shard: "-80", stream: stream as StreamStatus };
}

Deno.test("streams of a new database, with the ids of old ones, have another migration id", () => {
  const stream = { workflow: "w", options: "{}" } as NewStream;
  const [one, other] = ["1", "2"].map((stamp) => stampStream(stream, stamp));
  assert(one !== undefined && other !== undefined);
  const idOf = ({ workflow, options }: NewStream): string =>
    migrationId("customer", [placed({ id: 1, workflow, options })]);
  assert.equal(idOf(one), idOf(one));
  assert.notEqual(idOf(one), idOf(other));
});

Deno.test("a stamp leaves the other notes in a stream's options", () => {
  const stream = { workflow: "w", options: '{"note":5}' } as NewStream;
  assert.deepEqual(JSON.parse(stampStream(stream, "s").options), {
    note: 5,
    migration_stamp: "s",
  });
});
