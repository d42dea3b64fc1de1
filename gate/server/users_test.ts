import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { SILENT_LOG } from "../../tests/harness/mysql_server.ts";
import { waitFor } from "../../tests/harness/wait.ts";
import { cachingSha2Hash } from "../../shared/mysql/caching_sha2_password.ts";
import { nativePasswordHash } from "../../shared/mysql/native_password.ts";
import { isLocalAddress, parseUsers } from "./users.ts";
import { UsersFile } from "./users_file.ts";

const LOCAL = { isLocal: true };

Deno.test("parseUsers() reads Vitess's format, its older form, and names in any case", () => {
  const users = parseUsers(
    `{
      "user": [{"UserData": "user", "Password": ""}],
      "old": {"Password": "p", "Groups": ["g1", "g2"]},
      "both": [{"password": "one"}, {"MySQLNativePassword": "*14E65567ABDB5135D0CFD9A70B3032C179A49EE7", "UserData": "x"}]
    }`,
    "users.json",
  );
  const [empty] = users.entriesOf("user", LOCAL);
  ok(empty?.empty);
  const [old] = users.entriesOf("old", LOCAL);
  deepStrictEqual([old?.userData, old?.groups, old?.empty], ["old", ["g1", "g2"], false]);
  deepStrictEqual(old?.nativeHash, nativePasswordHash("p"));
  deepStrictEqual(old?.cachingSha2Hash, cachingSha2Hash("p"));
  const [, hashed] = users.entriesOf("both", LOCAL);
  deepStrictEqual([hashed?.userData, hashed?.cachingSha2Hash], ["x", undefined]);
  deepStrictEqual(hashed?.nativeHash, nativePasswordHash("secret"));
  deepStrictEqual(users.entriesOf("nobody", LOCAL), []);
  strictEqual(users.size, 3);
});

Deno.test("an entry for localhost counts on this machine only", () => {
  const users = parseUsers('{"a": [{"Password": "x", "SourceHost": "localhost"}]}', "users.json");
  strictEqual(users.entriesOf("a", LOCAL).length, 1);
  strictEqual(users.entriesOf("a", { isLocal: false }).length, 0);
  for (const host of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", undefined]) {
    ok(isLocalAddress(host), host);
  }
  for (const host of ["10.0.0.1", "::2", "128.0.0.1"]) ok(!isLocalAddress(host), host);
});

/** File to what is said about it. */
const WRONG: readonly (readonly [string, RegExp])[] = [
  ['{"a": [', /^VT22001: users\.json is not JSON: .*/],
  ["[]", /users\.json: must be an object of user names/],
  ['{"a": ["x"]}', /users\.json: user "a", entry 1: must be an object/],
  ['{"a": [{}, {"Pasword": "x"}]}', /user "a", entry 2: unknown field "Pasword"/],
  ['{"a": [{"Password": 5}]}', /user "a", entry 1: field "password" must be a string/],
  [
    '{"a": [{"SourceHost": "10.0.0.1"}]}',
    /invalid SourceHost found \(only localhost is supported\): 10/,
  ],
  ['{"a": [{"MysqlNativePassword": "14E6"}]}', /field "MysqlNativePassword" must be "\*" and 40/],
  ['{"a": [{"CachingSha2Password": "xx"}]}', /field "CachingSha2Password" must be 64/],
  ['{"a": [{"Groups": "g"}]}', /field "Groups" must be an array of strings/],
];

Deno.test("parseUsers() names the place of what is wrong", () => {
  for (const [text, message] of WRONG) {
    throws(() => parseUsers(text, "users.json"), { message });
  }
});

Deno.test("UsersFile follows its file, and keeps the users when it turns bad", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/users.json`;
  await Deno.writeTextFile(path, '{"a": [{"Password": "x"}]}');
  const file = await UsersFile.open(path, { log: SILENT_LOG });
  const stop = new AbortController();
  const watching = file.watch({ signal: stop.signal });
  await Deno.writeTextFile(path, '{"a": [{"Password": "x"}], "b": [{"Password": "y"}]}');
  await waitFor("the new user", () => file.users.size === 2);
  await Deno.writeTextFile(path, "{");
  await file.reload();
  strictEqual(file.users.size, 2);
  stop.abort();
  await watching;
  await Deno.remove(folder, { recursive: true });
});
