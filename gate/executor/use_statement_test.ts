import { deepStrictEqual, throws } from "node:assert/strict";
import { parseShardName } from "../../shared/key/range.ts";
import type { Catalog, KnownTablet } from "./catalog.ts";
import { resolveTarget } from "./use_statement.ts";

/** One shard serves; tablets of two more are there. */
const CATALOG: Pick<Catalog, "keyspaces" | "shards" | "tablets"> = {
  keyspaces: ["customer"],
  shards: () => [{ name: "-", range: parseShardName("-") }],
  tablets: ["-", "-80", "80-"].map((shard): KnownTablet => ({
    health: {
      alias: { cell: "zone1", uid: 1 },
      target: { keyspace: "customer", shard, tabletType: "primary" },
      serving: true,
      primaryTermStartTime: undefined,
      lagSeconds: 0,
      error: undefined,
      schemaVersion: 1,
    },
    hostname: "",
    database: "vt_customer",
    mysqlHostname: "",
    mysqlPort: 0,
  })),
};

Deno.test("a shard that doesn't serve can be named, one that isn't there can't", () => {
  // Only these parts are looked at.
  const catalog = CATALOG as Catalog;
  const shardOf = (text: string) => resolveTarget(text, catalog).destination;
  deepStrictEqual(shardOf("customer/-80"), { kind: "shard", shard: "-80" });
  deepStrictEqual(shardOf("customer/0"), { kind: "shard", shard: "-" });
  throws(() => shardOf("customer/40-80"), /VT24001.*it has -, -80, 80-/);
});
