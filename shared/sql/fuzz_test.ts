/** Whatever comes in, the parser answers or says ER_PARSE_ERROR: no other error, no endless loop. */
import { VtError } from "../error/errors.ts";
import { DEFAULT_OPTIONS } from "./options.ts";
import { parseSql } from "./parser.ts";
import { splitStatements } from "./split.ts";
import { readCorpus } from "./testdata/corpus.ts";

const CORPUS: readonly string[] = [
  ...readCorpus("corpus.txt"),
  ...readCorpus("only_mysql.txt"),
  ...readCorpus("invalid.txt"),
];

function survives(sql: string): void {
  for (const use of [parseSql, splitStatements]) {
    try {
      use(sql, DEFAULT_OPTIONS);
    } catch (error) {
      if (error instanceof VtError) continue;
      throw new Error(`Cannot parse ${JSON.stringify(sql)}`, { cause: error });
    }
  }
}

Deno.test("the parser survives every prefix of every statement", () => {
  for (const sql of CORPUS) {
    for (let end = 0; end < sql.length; end++) survives(sql.slice(0, end));
  }
});

Deno.test("the parser survives mutations", () => {
  const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1_000_000);
  // deno-lint-ignore no-console -- whoever sees it fail needs it to see it again
  console.log(`SEED=${seed}`);
  let state = seed >>> 0;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const pick = (): string => CORPUS[random(CORPUS.length)] ?? "";
  for (let round = 0; round < 20_000; round++) {
    const [one, other] = [pick(), pick()];
    const at = random(one.length);
    switch (random(4)) {
      case 0:
        survives(one.slice(0, at) + one.slice(at + 1 + random(8)));
        break;
      case 1:
        survives(one.slice(0, at) + other.slice(random(other.length)));
        break;
      case 2:
        survives(one.slice(0, at) + String.fromCharCode(random(256)) + one.slice(at));
        break;
      default:
        survives(one.slice(0, at) + other + one.slice(at));
    }
  }
});
