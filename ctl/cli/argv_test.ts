import assert from "node:assert/strict";
import { parseCommandLine, readFiles } from "./argv.ts";

const files = {
  read: (file: string): string => `<${file}>`,
  resolve: (file: string): string => `/here/${file}`,
};

Deno.test("parseCommandLine() takes vtctl's own flags on both sides of the command", () => {
  const line = parseCommandLine(["--server", "a:1", "GetTablets", "--keyspace", "x"], "");
  assert.deepEqual(line, {
    server: "a:1",
    json: false,
    help: false,
    command: "GetTablets",
    args: ["--keyspace", "x"],
  });
  assert.equal(parseCommandLine(["GetTablets", "--server=b:2"], "a:1").server, "b:2");
  assert.equal(parseCommandLine(["GetTablets"], "a:1").server, "a:1");
  assert.equal(parseCommandLine(["GetTablets"], "").server, "localhost:15000");
});

Deno.test("parseCommandLine() understands an old vtctlclient's alias", () => {
  const argv = ["-server=172.16.0.60:15999", "-logtostderr", "ListAllTablets"];
  const { server, command, args } = parseCommandLine(argv, "");
  assert.deepEqual([server, command, args], ["172.16.0.60:15999", "ListAllTablets", []]);
});

Deno.test("parseCommandLine() finds help and json", () => {
  assert.equal(parseCommandLine(["GetShard", "--help"], "").help, true);
  assert.deepEqual(parseCommandLine(["help", "GetShard"], "").command, "GetShard");
  assert.deepEqual(parseCommandLine(["--json", "GetShard", "a/-"], "").args, ["a/-", "--json"]);
  assert.throws(() => parseCommandLine(["--sever=x", "GetShard"], ""), /unknown flag --sever=x/);
  assert.throws(() => parseCommandLine(["GetShard", "--server"], ""), /--server needs/);
});

Deno.test("readFiles() sends what files hold", () => {
  assert.deepEqual(readFiles("ApplySchema", ["--sql-file", "a.sql", "ks"], files), [
    "--sql=<a.sql>",
    "ks",
  ]);
  assert.deepEqual(readFiles("ApplyVSchema", ["-vschema_file=v.json", "ks"], files), [
    "--vschema=<v.json>",
    "ks",
  ]);
  assert.deepEqual(readFiles("ApplySchema", ["--sql", "@a.sql", "ks"], files), [
    "--sql=<a.sql>",
    "ks",
  ]);
  assert.deepEqual(readFiles("ApplySchema", ["-sql=@a.sql", "ks"], files), ["-sql=<a.sql>", "ks"]);
  assert.deepEqual(readFiles("apply", ["-f", "c.yaml"], files), [
    "--yaml=<c.yaml>",
    "--file=/here/c.yaml",
  ]);
  assert.deepEqual(readFiles("apply", ["-f", "-"], files), ["--yaml=<->"]);
  assert.deepEqual(readFiles("CreateKeyspace", ["-f", "ks"], files), ["-f", "ks"]);
  assert.deepEqual(readFiles("ApplySchema", ["--sql", "select 1", "--", "--sql=@x"], files), [
    "--sql",
    "select 1",
    "--",
    "--sql=@x",
  ]);
});
