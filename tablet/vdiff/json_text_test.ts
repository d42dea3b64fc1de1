import assert from "node:assert/strict";
import { canonicalJson } from "./json_text.ts";

function canonical(text: string): string {
  return new TextDecoder().decode(canonicalJson(new TextEncoder().encode(text)));
}

Deno.test("canonicalJson() makes documents alike that are equal for MySQL", () => {
  for (
    const [one, other] of [
      ['{"b":1, "a" : [1,2.50, null,"\\u00e9"]}', '{"a": [1, 2.5, null, "é"], "b": 1}'],
      ['{"a":1,"a":2}', '{"a": 2}'],
      ["1e2", "100.0"],
      ["36893488147419103232", "3.6893488147419103e19"],
      ['"\\/\\u0041"', '"/A"'],
    ] as const
  ) assert.equal(canonical(one), canonical(other));
});

Deno.test("canonicalJson() tells others apart", () => {
  for (
    const [one, other] of [
      ["18446744073709551615", "18446744073709551614"],
      ["9007199254740993", "9007199254740992"],
      ["[1,2]", "[2,1]"],
      ['"1"', "1"],
      ['{"10":1}', '{"9":1}'],
      ["null", '"null"'],
    ] as const
  ) assert.notEqual(canonical(one), canonical(other));
  assert.equal(canonical("{no json"), "{no json");
});
