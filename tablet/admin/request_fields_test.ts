import assert from "node:assert/strict";
import type { TabletAdminMethod } from "../../shared/rpc/tablet_admin.ts";
import { decodeRequest, isTabletAdminMethod } from "./request_fields.ts";

Deno.test("decodeRequest() gives what was sent, and nothing besides", () => {
  const parent = { cell: "zone1", uid: 100 };
  const request = { parent, host: "h", port: 3306, semiSync: true, start: false };
  assert.deepEqual(decodeRequest("SetReplicationSource", { ...request, more: 1 }), request);
  assert.deepEqual(decodeRequest("Ping", {}), {});
});

Deno.test("decodeRequest() names the field that is wrong", () => {
  const bad: readonly (readonly [TabletAdminMethod, unknown, RegExp])[] = [
    ["Ping", null, /VT20013.*the request must be an object/],
    ["Ping", [], /must be an object/],
    ["WaitForPosition", { position: 1, timeoutMs: 1 }, /"position" must be a text: got 1/],
    ["WaitForPosition", { position: "", timeoutMs: -1 }, /"timeoutMs" must be a whole number/],
    ["InitPrimary", {}, /"semiSync" must be true or false: got undefined/],
    ["ChangeType", { type: "king" }, /"type" must be one of .*primary.*: got "king"/],
    ["ApplySchema", { statements: ["a", 1] }, /"statements" must be a list of texts/],
    ["SetReplicationSource", { parent: { cell: "c", uid: 2 ** 32 } }, /"uid" must be/],
  ];
  for (const [method, body, want] of bad) assert.throws(() => decodeRequest(method, body), want);
});

Deno.test("isTabletAdminMethod() knows no other names", () => {
  assert.ok(isTabletAdminMethod("Ping"));
  for (const name of ["ping", "toString", "__proto__", ""]) assert.ok(!isTabletAdminMethod(name));
});
