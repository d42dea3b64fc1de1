import assert from "node:assert/strict";
import { integerValue, NULL_VALUE, textValue, type Value } from "../value/value.ts";
import { reverseHash } from "./numeric.ts";
import { createVindex, isLookupType, isUniqueType, unknownParams } from "./registry.ts";
import { bytesOf, keyspaceId, type Vindex } from "./vindex.ts";

/** The vectors of Vitess's own tests (go/vt/vtgate/vindexes/*_test.go). */
// deno-fmt-ignore
const VECTORS: Readonly<Record<string, readonly (readonly [input: bigint | string | null, id: string])[]>> = {
  hash: [
    [1n, "166b40b44aba4bd6"], [2n, "06e7ea22ce92708f"], [3n, "4eb190c9a2fa169c"],
    [4n, "d2fd8867d50d2dfe"], [5n, "70bb023c810ca87a"], [6n, "f098480ac4c4be71"],
    [0n, "8ca64de9c1b123a7"], [-1n, "355550b2150e2451"], [18446744073709551615n, "355550b2150e2451"],
    [9223372036854775807n, "f77d48aadda1f1bb"], [-9223372036854775808n, "95f8a5e5dd31d900"],
    [null, "none"], ["4", "d2fd8867d50d2dfe"], ["aa", "none"], ["", "none"], ["1.1", "none"],
    ["18446744073709551616", "none"],
  ],
  binary_md5: [
    ["test1", "5a105e8b9d40e1329780d62ea2265d8a"], ["TEST", "033bd94b1168d7e4f0d644c3c95e35bf"],
    ["Test", "0cbc6611f5540bd0809a388dc95a615b"], [null, "d41d8cd98f00b204e9800998ecf8427e"],
  ],
  unicode_loose_md5: [
    ["Test", "0b5edbb401fd7524393690491d64f1f5"], ["TEST", "0b5edbb401fd7524393690491d64f1f5"],
    ["Te\u0301st", "0b5edbb401fd7524393690491d64f1f5"], ["Tést", "0b5edbb401fd7524393690491d64f1f5"],
    ["Test ", "0b5edbb401fd7524393690491d64f1f5"], ["Bést", "c2b2332e4f73d00741026249706f2fb6"],
    [" Test", "a2e3515c7e8df1ffd2ccfc11c6b19dd1"], ["Test\t", "82456dd87a9c7a02b1c2056b5abaa272"],
    ["TéstLooong", "9683e12b80430cd453f5dfdfba81c9a5"], ["T", "ac0f9179f51db87fe8ecc0cf40cab97a"],
    [null, "d41d8cd98f00b204e9800998ecf8427e"],
  ],
  unicode_loose_xxhash: [
    ["Test", "42d21361087a4c07"], ["TEST", "42d21361087a4c07"], ["Te\u0301st", "42d21361087a4c07"],
    ["Tést", "42d21361087a4c07"], ["Test ", "42d21361087a4c07"], ["Bést", "926975b9ce2ec316"],
    [" Test", "4fcb8be34ec05775"], ["Test\t", "20af87fc36e3fd51"], ["TéstLooong", "d3ea873942b484a7"],
    ["T", "f81c3be2d501fe18"], [null, "99e9d85137db46ef"],
  ],
  xxhash: [
    ["test1", "d01ab7e4d6978f0b"], ["test2", "87eb11714c0a0e89"],
    ["testaverylongvaluetomakesurethisworks", "81d8c38e0d850e6a"], [null, "99e9d85137db46ef"],
    [1n, "d46405367612b4b7"], [-1n, "d8e2a6a7c8c7623d"], [18446744073709551615n, "477cfa8d6d8f1f8d"],
    [9223372036854775807n, "b37eb01f7bffafd8"], [-9223372036854775808n, "102c27ddb26a609e"],
    [2n, "8b59801662b52160"], [3n, "a42c16f52a7c1626"], [4n, "896ba42c32143991"], [5n, "ed48b60574b4816a"],
  ],
  numeric: [
    [1n, "0000000000000001"], [2n, "0000000000000002"], [3n, "0000000000000003"], [4n, "0000000000000004"],
    [5n, "0000000000000005"], [6n, "0000000000000006"], [7n, "0000000000000007"], [8n, "0000000000000008"],
    ["1.1", "none"], [null, "none"], [-1n, "ffffffffffffffff"], [-4294967296n, "ffffffff00000000"],
    [4294967296n, "0000000100000000"], [999999999999999n, "00038d7ea4c67fff"],
  ],
  reverse_bits: [
    [1n, "8000000000000000"], [2n, "4000000000000000"], [3n, "c000000000000000"],
    [4n, "2000000000000000"], [5n, "a000000000000000"], [6n, "6000000000000000"], [null, "none"],
  ],
  binary: [["test1", "7465737431"], [null, ""]],
  null: [[1n, "00"], ["test1", "00"], [null, "00"]],
};

function value(input: bigint | string | null): Value {
  if (input === null) return NULL_VALUE;
  if (typeof input === "bigint") return integerValue(input);
  const bytes = new TextEncoder().encode(input);
  return textValue(String.fromCharCode(...bytes));
}

function mapped(vindex: Vindex | undefined, input: bigint | string | null): string {
  return vindex?.map([value(input)])?.toHex() ?? "none";
}

for (const [type, cases] of Object.entries(VECTORS)) {
  Deno.test(`${type} maps as Vitess does`, () => {
    const vindex = createVindex("v", type, {});
    for (const [input, id] of cases) assert.equal(mapped(vindex, input), id, String(input));
  });
}

Deno.test("numeric_static_map maps as Vitess does", () => {
  const plain = createVindex("v", "numeric_static_map", { json: '{"1":1,"3":2}' });
  for (const [input, id] of [[1n, 1], [2n, 2], [3n, 2], [4n, 4]] as const) {
    assert.equal(mapped(plain, input), id.toString(16).padStart(16, "0"));
  }
  assert.equal(mapped(plain, "1.1"), "none");
  assert.equal(mapped(plain, null), "none");
  const json = '{"1":2,"3":4,"4":5,"5":6,"6":7,"7":8,"8":9,"10":18446744073709551615}';
  const fallback = createVindex("v", "numeric_static_map", { json, fallback_type: "xxhash" });
  assert.equal(mapped(fallback, 1n), "0000000000000002");
  assert.equal(mapped(fallback, 2n), "8b59801662b52160");
  assert.equal(mapped(fallback, 3n), "0000000000000004");
  assert.equal(mapped(fallback, "test1"), "none");
  assert.equal(mapped(fallback, 10n), "ffffffffffffffff");
});

Deno.test("mapDigits() agrees with map() on digits, and refuses the rest", () => {
  for (const type of ["hash", "numeric", "reverse_bits"]) {
    const vindex = createVindex("v", type, {});
    const out = new Uint8Array(8);
    for (const text of ["0", "1", "-1", "007", "+5", "123456789012345", "9007199254740993", "-5"]) {
      assert.equal(vindex?.mapDigits?.(`id = ${text};`, 5, 5 + text.length, out), true, text);
      assert.equal(out.toHex(), mapped(vindex, text), text);
    }
    for (
      const text of ["", "-", "1.0", "1e3", "x", "18446744073709551616", "-9223372036854775809"]
    ) {
      assert.equal(vindex?.mapDigits?.(text, 0, text.length, out), false, text);
    }
  }
});

Deno.test("reverseHash() finds the number again", () => {
  const id = keyspaceId(Uint8Array.fromHex("166b40b44aba4bd6"));
  assert.equal(reverseHash(id), 1n);
  assert.throws(() => reverseHash(keyspaceId(new Uint8Array(3))), /invalid keyspace id: 000000/);
});

Deno.test("unicode_loose refuses text that is not UTF-8", () => {
  const vindex = createVindex("v", "unicode_loose_md5", {});
  assert.throws(() => vindex?.map([textValue("a\xff")]), /invalid UTF-8/);
});

Deno.test("bytesOf() keeps every byte", () => {
  assert.equal(bytesOf("\x00\x7f\x80\xff").toHex(), "007f80ff");
});

Deno.test("createVindex() says what is wrong", () => {
  assert.throws(
    () => createVindex("v", "hsah", {}),
    /VT25001: vindex v: vindexType "hsah" not found/,
  );
  assert.throws(() => createVindex("v", "toString", {}), /not found/);
  assert.throws(() => createVindex("v", "numeric_static_map", {}), /Could not find either/);
  assert.throws(
    () => createVindex("v", "numeric_static_map", { json: "{}", json_path: "p" }),
    /Found both/,
  );
  assert.throws(() => createVindex("v", "numeric_static_map", { json: "[1]" }), /not a JSON map/);
  assert.equal(createVindex("v", "lookup", {}), undefined);
  assert.equal(isLookupType("consistent_lookup"), true);
  assert.equal(isUniqueType("lookup"), false);
  assert.equal(isUniqueType("hash"), true);
  assert.deepEqual(unknownParams("lookup", { table: "t", frmo: "a" }), ["frmo"]);
});
