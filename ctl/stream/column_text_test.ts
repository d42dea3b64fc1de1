import assert from "node:assert/strict";
import { defaultCollation } from "../../shared/mysql/collations.ts";
import { rowText } from "./column_text.ts";

/** What a value of such a column becomes. */
function textOf(characterSet: string, bytes: readonly number[] | null): unknown {
  const field = {
    name: "c",
    type: 253,
    columnType: "varchar(9)",
    collation: defaultCollation(characterSet)?.id ?? 0,
    unsigned: false,
    nullable: true,
    invisible: false,
  };
  const fields = { table: "t", fields: [field], primaryKey: [] };
  return rowText(fields, [bytes === null ? null : Uint8Array.from(bytes)])["c"];
}

Deno.test("each column's text is read in its own character set", () => {
  assert.equal(textOf("utf8mb4", [0xf0, 0x9f, 0x90, 0xac]), "🐬");
  assert.equal(textOf("utf8mb4", [0xef, 0xbb, 0xbf, 0x61]), "\ufeffa");
  assert.equal(textOf("latin1", [0xe9, 0x80]), "é€");
  assert.equal(textOf("latin2", [0xb1]), "ą");
  assert.equal(textOf("cp1251", [0xc4, 0xe0]), "Да");
  assert.equal(textOf("cp866", [0x84]), "Д");
  assert.equal(textOf("koi8r", [0xe4]), "Д");
  assert.equal(textOf("greek", [0xe1]), "α");
  assert.equal(textOf("sjis", [0x82, 0xa0]), "あ");
  assert.equal(textOf("ujis", [0xa4, 0xa2]), "あ");
  assert.equal(textOf("gbk", [0xd6, 0xd0]), "中");
  assert.equal(textOf("big5", [0xa4, 0xa4]), "中");
  assert.equal(textOf("euckr", [0xb0, 0xa1]), "가");
  assert.equal(textOf("ucs2", [0x4e, 0x2d]), "中");
  assert.equal(textOf("utf16le", [0x2d, 0x4e]), "中");
  assert.equal(textOf("binary", [0x31, 0x32]), "12");
  assert.equal(textOf("utf8mb4", []), "");
  assert.equal(textOf("utf8mb4", null), null);
});

Deno.test("bytes that are no text, or of an unknown character set, stay bytes", () => {
  assert.deepEqual(textOf("binary", [0xff, 0x00]), { base64: "/wA=" });
  assert.deepEqual(textOf("utf8mb4", [0xe9]), { base64: "6Q==" });
  assert.deepEqual(textOf("dec8", [0x61]), { base64: "YQ==" });
});
