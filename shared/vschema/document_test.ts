import assert from "node:assert/strict";
import { golden } from "../../tests/golden/golden.ts";
import { buildKeyspace } from "./keyspace.ts";
import { parseKeyspaceText } from "./parse.ts";
import { printKeyspace } from "./print.ts";

golden(new URL("./testdata/", import.meta.url), ({ args, input }) => {
  const document = parseKeyspaceText(input);
  buildKeyspace("ks", document);
  return printKeyspace(document, args.get("spelling") === "camel" ? "camel" : "snake");
});

Deno.test("printKeyspace() prints an empty table as the old ApplyVSchema did", () => {
  const document = parseKeyspaceText(
    '{"tables": {"product": {}, "order_seq": {"type": "sequence"}}}',
  );
  assert.equal(
    printKeyspace(document, "camel"),
    `{
  "tables": {
    "order_seq": {
      "type": "sequence"
    },
    "product": {

    }
  }
}`,
  );
  assert.match(printKeyspace(document, "snake"), /"product": \{\}/);
});

Deno.test("what printKeyspace() prints is read back the same, in both spellings", () => {
  const text = `{"sharded": true, "require_explicit_routing": true, "foreign_key_mode": "managed",
    "vindexes": {"v": {"type": "numeric_static_map", "params": {"json": "{}"}}},
    "tables": {"t": {"column_vindexes": [{"column": "a", "name": "v"}],
      "auto_increment": {"column": "a", "sequence": "main.s"},
      "columns": [{"name": "a", "type": "INT64", "nullable": false, "collation_name": "binary"}],
      "column_list_authoritative": true}},
    "multi_tenant_spec": {"tenant_id_column_name": "tenant"}}`;
  const document = parseKeyspaceText(text);
  assert.deepEqual(parseKeyspaceText(printKeyspace(document, "snake")), document);
  assert.deepEqual(parseKeyspaceText(printKeyspace(document, "camel")), document);
});
