import assert from "node:assert/strict";
import { golden } from "../../tests/golden/golden.ts";
import { parseClusterFile } from "./cluster_file.ts";
import type { ClusterSpec, TabletSpec } from "./cluster_spec.ts";

/** Who an external tablet logs in as, and where; without the password. */
function at({ external }: TabletSpec): string {
  if (external === undefined) return "";
  const { user, host, port, database, password } = external;
  return `@${user}@${host}:${port}/${database}(${password.length})`;
}

function print(spec: ClusterSpec): string {
  const lines = [`cluster ${spec.name}`];
  for (const cell of spec.cells) {
    lines.push(`cell ${cell.name} gates=${cell.gates} users=${cell.usersJson !== undefined}`);
  }
  for (const keyspace of spec.keyspaces) {
    const { name, durabilityPolicy, turndownPolicy, mysqld } = keyspace;
    const server = mysqld === undefined ? "" : ` mysqld=${mysqld}`;
    lines.push(`keyspace ${name} ${durabilityPolicy} ${turndownPolicy}${server}`);
    for (const shard of keyspace.shards) {
      const tablets = shard.tablets.map((t) => `${t.cell}-${t.uid}:${t.type}${at(t)}`).join(" ");
      lines.push(`  shard ${shard.name} init=${shard.initDbSql !== undefined} ${tablets}`);
    }
  }
  if (spec.ignored.length > 0) lines.push(`ignored ${spec.ignored.join(" ")}`);
  return lines.join("\n");
}

golden(
  new URL("./testdata/", import.meta.url),
  ({ input }) => print(parseClusterFile("cluster.yaml", input.replaceAll("\t", "  "))),
);

Deno.test("parseClusterFile() reads every file of examples/", async () => {
  const folder = new URL("../../examples/", import.meta.url);
  let files = 0;
  for await (const entry of Deno.readDir(folder)) {
    if (!entry.name.endsWith(".yaml")) continue;
    const path = new URL(entry.name, folder).pathname;
    const spec = parseClusterFile(path, await Deno.readTextFile(path));
    assert.deepEqual(spec.ignored, [], entry.name);
    assert.ok(spec.keyspaces.length > 0, entry.name);
    files++;
  }
  assert.ok(files >= 5);
});
