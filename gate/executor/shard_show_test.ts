import { deepStrictEqual } from "node:assert/strict";
import { withKeyspaces } from "./shard_show.ts";

const COLUMNS = ["Db", "Name", "Create Database"].map((name) => ({ name }));

/** Two keyspaces have databases "shop", on servers of their own; only commerce has vt_commerce. */
function shown(keyspace: string, database: string, ...row: readonly (string | null)[]) {
  const values = row.map((value) => value === null ? null : new TextEncoder().encode(value));
  const keyspaceOf = (name: string) => name === "vt_commerce" ? "commerce" : undefined;
  return withKeyspaces(COLUMNS, values, { keyspace, database, keyspaceOf })
    .map((value) => value === null ? null : new TextDecoder().decode(value));
}

Deno.test("rows of SHOW name keyspaces where mysqld names their databases", () => {
  deepStrictEqual(shown("south", "shop", "shop", "shop"), ["south", "shop"]);
  deepStrictEqual(shown("south", "shop", "vt_commerce"), ["commerce"]);
  deepStrictEqual(shown("south", "shop", "mysql", null), ["mysql", null]);
  deepStrictEqual(
    shown("south", "shop", "shop", null, "CREATE DATABASE `shop` /* of shop */"),
    ["south", null, "CREATE DATABASE `south` /* of shop */"],
  );
});

Deno.test("a name that several keyspaces have stays when any of them may be meant", () => {
  deepStrictEqual(shown("", "vt_", "shop"), ["shop"]);
  deepStrictEqual(shown("", "vt_", "vt_commerce"), ["commerce"]);
});
