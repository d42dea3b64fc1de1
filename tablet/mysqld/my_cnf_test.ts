import assert from "node:assert/strict";
import { golden } from "../../tests/golden/golden.ts";
import { flavorOf } from "./flavor.ts";
import { printMyCnf } from "./my_cnf.ts";
import { mysqldPaths } from "./paths.ts";
import { parseServerVersion } from "./version.ts";

/** The my.cnf of a server version. */
golden(new URL("testdata/my_cnf/", import.meta.url), ({ input }) => {
  const flavor = flavorOf(parseServerVersion(input));
  const server = { binary: "/usr/sbin/mysqld", basedir: undefined };
  return printMyCnf(flavor, server, mysqldPaths("/data/vt_0000000100"), {
    uid: 100,
    port: 17100,
    bindAddress: "127.0.0.1",
    extraLines: ["max_connections = 7"],
    bufferPoolMb: 32,
    connectionsMax: 364,
  }, "root");
});

Deno.test("mysqldPaths() keeps the socket's path short enough for the system", () => {
  const short = mysqldPaths("/data/vt_1");
  assert.equal(short.socket, "/data/vt_1/mysql.sock");
  const long = mysqldPaths(`/data/${"x".repeat(120)}`);
  assert.match(long.socket, /^\/tmp\/vttablet-[0-9a-f]{16}\/mysql\.sock$/);
  assert.notEqual(long.socket, mysqldPaths(`/data/${"y".repeat(120)}`).socket);
});
