import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { canHold, toUtf8 } from "./charset_text.ts";

/** A byte string out of a text. */
function utf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

// As `select hex(convert('...' using ...))` prints it on both servers.
// deno-fmt-ignore
const STORED: readonly (readonly [characterSet: string, hex: string, text: string | undefined])[] = [
  ["latin1", "E480", "ä€"], ["latin1", "61", "a"], ["latin1", "81", "\u0081"],
  ["utf8mb4", "C3A4", "ä"], ["utf8mb3", "E282AC", "€"], ["binary", "C3A4", "ä"],
  ["ucs2", "00E420AC", "ä€"], ["utf16", "00E4D83DDE00", "ä😀"], ["utf16le", "E4003DD800DE", "ä😀"],
  ["utf32", "000000E40001F600", "ä😀"], ["utf16", "00", undefined], ["utf16", "D83D", undefined],
  ["utf32", "00110000", undefined], ["cp1251", "41", "A"], ["cp1251", "C0", undefined],
  ["gbk", "6162", "ab"], ["gbk", "C4E3", undefined], ["sjis", "5C", undefined],
];

Deno.test("toUtf8() gives a column's text, or nothing where that isn't certain", () => {
  for (const [characterSet, hex, text] of STORED) {
    const bytes = Buffer.from(hex, "hex").toString("latin1");
    const want = text === undefined ? undefined : utf8(text);
    assert.equal(toUtf8(bytes, characterSet), want, `${characterSet} ${hex}`);
  }
});

// deno-fmt-ignore
const HELD: readonly (readonly [characterSet: string, text: string, held: boolean | undefined])[] = [
  ["latin1", "ä€", true], ["latin1", "漢", false], ["latin1", "a", true], ["ascii", "ä", false],
  ["utf8mb3", "漢", true], ["utf8mb3", "😀", false], ["utf8mb4", "😀", true], ["ucs2", "😀", false],
  ["utf16", "😀", true], ["utf32", "漢", true], ["cp1251", "a", true], ["cp1251", "я", undefined],
  ["sjis", "a", undefined], ["binary", "😀", true],
];

Deno.test("canHold() tells what a column would change", () => {
  for (const [characterSet, text, held] of HELD) {
    assert.equal(canHold(characterSet, utf8(text)), held, `${characterSet} ${text}`);
  }
  assert.equal(canHold("utf8mb4", "\xff"), false);
});
