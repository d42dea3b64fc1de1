import { deepEqual, equal } from "node:assert/strict";
import type { Clock } from "../../shared/io/clock.ts";
import { DefinitionReader, type Texts } from "./definition_rows.ts";

const QUERY = { database: "d", columns: "column_name", keys: "column_name", keysWhere: "TRUE" };

/** A database whose tables have one column each, of their own name, which is their key. */
function server(tables: readonly string[]) {
  let nowMs = 0;
  const asked: string[] = [];
  const clock: Clock = {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: () => Promise.reject(new Error("nobody sleeps")),
  };
  const read = (sql: string): Promise<Texts> => {
    const named = [
      .../table_name (?:= |IN \()([^)]*?)(?:\)| (?:AND|ORDER))/.exec(sql)?.[1]
        ?.matchAll(/'(\w+)'/g) ?? [],
    ].map(([, name]) => name ?? "");
    if (sql.includes("information_schema.columns")) asked.push(named.join());
    return Promise.resolve(
      named.filter((name) => tables.includes(name)).map((name) => [name, name]),
    );
  };
  const definitions = new DefinitionReader(QUERY, clock);
  return {
    asked,
    definitions,
    read,
    wait: (ms: number) => nowMs += ms,
    rows: (table: string) => definitions.rows(table, read),
  };
}

function rowsOf(table: string) {
  return { columns: [[table]], keys: [[table]] };
}

Deno.test("tables that were to be expected are looked at together", async () => {
  const { definitions, read, rows, asked } = server(["a", "b", "c"]);
  await definitions.expect([], read);
  deepEqual(asked, []);
  await definitions.expect(["a", "b"], read);
  deepEqual([await rows("b"), await rows("a"), await rows("c")], ["b", "a", "c"].map(rowsOf));
  deepEqual(asked, ["a,b", "c"]);
});

Deno.test("what is known is taken once, and for a second; then those to come are looked at anew", async () => {
  const { definitions, read, rows, wait, asked } = server(["a", "b", "c", "d"]);
  await definitions.expect(["a", "b", "c", "d"], read);
  await rows("a");
  deepEqual(await rows("a"), rowsOf("a"));
  wait(999);
  await rows("b");
  wait(1);
  deepEqual(await rows("c"), rowsOf("c"));
  await rows("d");
  deepEqual(asked, ["a,b,c,d", "a", "c,d"]);
});

Deno.test("one that was not found among the others is looked for by itself", async () => {
  const { definitions, read, rows, asked } = server(["a"]);
  await definitions.expect(["a", "B"], read);
  equal((await rows("B")).columns.length, 0);
  deepEqual(asked, ["a,B", "B"]);
});
