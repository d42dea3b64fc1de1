// deno-lint-ignore-file no-console
/**
 * Resident memory of the tablets on both ends of a stream: while it copies, applies one huge
 * transaction, rows of 20 MB, and small transactions for a while, with an ALTER between. Flat means
 * that the last figures are not above the first.
 *
 *     deno run -A tests/bench/copy_memory.ts [--megabytes N] [--minutes N]
 */
import { parseArgs } from "node:util";
import { StreamCluster } from "../harness/stream_cluster.ts";
import { waitFor } from "../harness/wait.ts";
import { residentBytes } from "./sysbench.ts";

const SAMPLE_MS = 500;
const WAIT_MS = 30 * 60_000;
/** Of a row of `wide`. */
const WIDE_BYTES = 20 * 1024 * 1024;
const WIDE_ROWS = 12;
/** Of a row of `t`, about. */
const ROW_BYTES = 1024;

/** Highest and last resident megabytes of each process while `work` runs. */
async function phase(
  name: string,
  pids: Readonly<Record<string, number>>,
  work: () => Promise<void>,
): Promise<void> {
  const highest = new Map<string, number>();
  const sample = async () => {
    for (const [process, pid] of Object.entries(pids)) {
      const bytes = await residentBytes(pid);
      highest.set(process, Math.max(highest.get(process) ?? 0, bytes));
    }
  };
  const stop = new AbortController();
  const sampling = (async () => {
    while (!stop.signal.aborted) {
      await sample();
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  })();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  stop.abort();
  await sampling;
  const figures = await Promise.all(
    Object.entries(pids).map(async ([process, pid]) =>
      `${process} ${megabytes(await residentBytes(pid))} MB (highest ${
        megabytes(highest.get(process) ?? 0)
      })`
    ),
  );
  console.log(`${name}, ${seconds.toFixed(0)} s: ${figures.join(", ")}`);
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "2048" },
    minutes: { type: "string", default: "2" },
  },
});
const rows = Math.round(Number(values.megabytes) * 2 ** 20 / ROW_BYTES);
await using cluster = await StreamCluster.start();
const [target] = cluster.targets;
if (target === undefined) throw new RangeError("There is no target");
const pids = { "source tablet": cluster.source.pid, "target tablet": target.pid };
const onSource = (sql: string) => cluster.sql(cluster.source, sql);
await cluster.sqlEverywhere("CREATE TABLE t (id int PRIMARY KEY, n int, v varchar(1000))");
await cluster.sqlEverywhere("CREATE TABLE wide (id int PRIMARY KEY, v longblob)");
await onSource("INSERT INTO t VALUES (1, 0, REPEAT('v', 1000))");
for (let have = 1; have < rows; have *= 2) {
  await onSource(`INSERT INTO t SELECT id + ${have}, 0, v FROM t WHERE id + ${have} <= ${rows}`);
}
for (let i = 0; i < WIDE_ROWS; i++) {
  await onSource(`INSERT INTO wide VALUES (${i}, REPEAT('w', ${WIDE_BYTES}))`);
}
await phase("idle", pids, () => Promise.resolve());
await phase(`copy of ${values.megabytes} MB and ${WIDE_ROWS} rows of 20 MB`, pids, async () => {
  await cluster.createStreams(() =>
    ["t", "wide"].map((match) => ({ match, filter: `select * from ${match}` }))
  );
  await waitFor("the copy", async () => (await cluster.stream(target)).state === "Running", {
    timeoutMs: WAIT_MS,
  });
});
await phase(`one transaction of ${rows} rows`, pids, async () => {
  await onSource("UPDATE t SET n = n + 1");
  await cluster.untilCaughtUp(WAIT_MS);
});
await phase(`${WIDE_ROWS} rows of 20 MB changed`, pids, async () => {
  for (let i = 0; i < WIDE_ROWS; i++) {
    await onSource(`UPDATE wide SET v = REPEAT('x', ${WIDE_BYTES}) WHERE id = ${i}`);
  }
  await cluster.untilCaughtUp(WAIT_MS);
});
await phase("ALTER", pids, async () => {
  await cluster.sql(target, "ALTER TABLE t ADD COLUMN w int");
  await onSource("ALTER TABLE t ADD COLUMN w int");
  await onSource("UPDATE t SET w = 1 WHERE id <= 1000");
  await cluster.untilCaughtUp(WAIT_MS);
});
for (let minute = 0; minute < Number(values.minutes); minute++) {
  await phase(`minute ${minute + 1} of small transactions`, pids, async () => {
    const endMs = performance.now() + 60_000;
    for (let i = 0; performance.now() < endMs; i++) {
      const from = (i * 7) % rows;
      await onSource(`UPDATE t SET n = n + 1 WHERE id > ${from} AND id <= ${from + 20}`);
    }
    await cluster.untilCaughtUp(WAIT_MS);
  });
}
