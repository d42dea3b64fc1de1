import assert from "node:assert/strict";
import { printTextType, refuseRetyping, type TextTypes } from "./text_types.ts";

Deno.test("printTextType() prints as MariaDB does", () => {
  const print = (type: "uuid" | "inet4" | "inet6", hex: string) =>
    printTextType(type, Uint8Array.fromHex(hex));
  assert.equal(
    print("uuid", "00112233445516778899aabbccddeeff"),
    "00112233-4455-1677-8899-aabbccddeeff",
  );
  assert.equal(print("inet4", "01020304"), "1.2.3.4");
  for (
    const [hex, text] of [
      ["00".repeat(16), "::"],
      ["20010db8" + "00".repeat(11) + "01", "2001:db8::1"],
      ["00".repeat(10) + "ffff01020304", "::ffff:1.2.3.4"],
      ["00".repeat(12) + "01020304", "::1.2.3.4"],
      ["00010002000300040005000600070008", "1:2:3:4:5:6:7:8"],
    ] as const
  ) assert.equal(print("inet6", hex), text);
});

Deno.test("refuseRetyping() stops where columns may be of other types", () => {
  const types: TextTypes = new Map([["t", new Map([["u", "uuid"]])]]);
  const refused = (sql: string, table: string) =>
    assert.throws(() => refuseRetyping(sql, [table], types), /VT26002/);
  refused("ALTER TABLE t RENAME COLUMN u TO v", "t");
  refused("ALTER TABLE x ADD COLUMN u UUID", "x");
  refused("alter table t modify u binary(16)", "t");
  refuseRetyping("ALTER TABLE t ADD COLUMN n int", ["t"], types);
  refuseRetyping("ALTER TABLE x MODIFY n int", ["x"], types);
  refuseRetyping("CREATE TABLE x (u uuid)", ["x"], types);
});
