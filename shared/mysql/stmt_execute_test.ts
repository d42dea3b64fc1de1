import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { forRandom } from "../../tests/harness/random.ts";
import { VtError } from "../error/errors.ts";
import type { Value } from "../value/value.ts";
import { ByteWriter } from "./byte_writer.ts";
import * as column from "./column_types.ts";
import {
  decodeStmtExecute,
  encodeStmtExecuteParameters,
  PARAMETER_COUNT_AVAILABLE,
  type ParameterType,
  type StmtExecuteContext,
} from "./stmt_execute.ts";

const NO_LONG_DATA: ReadonlyMap<number, Uint8Array> = new Map();

function context(
  parameterCount: number,
  more: Partial<StmtExecuteContext> = {},
): StmtExecuteContext {
  return {
    parameterCount,
    types: undefined,
    longData: NO_LONG_DATA,
    queryAttributes: false,
    ...more,
  };
}

/** Flags and iteration count, then the parameters. */
function payload(parameters: Uint8Array, flags = 0): Uint8Array {
  return new ByteWriter().u8(flags).u32(1).bytes(parameters).finish();
}

const SIGNED = { unsigned: false };

Deno.test("decodeStmtExecute() reads the manual's packet", () => {
  // Statement 1, one VARCHAR parameter "foo" (manual, "COM_STMT_EXECUTE").
  const execute = decodeStmtExecute(
    Uint8Array.fromHex("00" + "01000000" + "00" + "01" + "0f00" + "03666f6f"),
    context(1),
  );
  deepStrictEqual(execute.values, [{ type: "text", text: "foo" }]);
  deepStrictEqual(execute.types, [{ type: column.MYSQL_TYPE_VARCHAR, ...SIGNED }]);
  strictEqual(execute.parameters.toHex(), "00010f0003666f6f");
});

Deno.test("a parameter that looks like types and lengths is read by its place", () => {
  const types: ParameterType[] = [
    { type: column.MYSQL_TYPE_VAR_STRING, ...SIGNED },
    { type: column.MYSQL_TYPE_LONGLONG, unsigned: true },
  ];
  const values: Value[] = [
    { type: "text", text: "\x01\xfd\x00\x08\x00\x03" },
    { type: "integer", text: "18446744073709551615" },
  ];
  const execute = decodeStmtExecute(
    payload(encodeStmtExecuteParameters(values, types)),
    context(2),
  );
  deepStrictEqual(execute.values, values);
});

Deno.test("types that are left out are those of the last execution, and are put in for mysqld", () => {
  const types = [{ type: column.MYSQL_TYPE_TINY, ...SIGNED }];
  const bare = payload(Uint8Array.of(0, 0, 0xff));
  const execute = decodeStmtExecute(bare, context(1, { types }));
  deepStrictEqual(execute.values, [{ type: "integer", text: "-1" }]);
  strictEqual(execute.parameters.toHex(), "0001" + "0100" + "ff");
  throws(() => decodeStmtExecute(bare, context(1)), VtError);
});

Deno.test("long data takes the place of its parameter's value", () => {
  const types = [
    { type: column.MYSQL_TYPE_LONG, ...SIGNED },
    { type: column.MYSQL_TYPE_BLOB, ...SIGNED },
  ];
  const parameters = new ByteWriter().u8(0).u8(1).u8(3).u8(0).u8(0xfc).u8(0).u32(7).finish();
  const longData = new Map([[1, Uint8Array.of(0xff, 0)]]);
  const execute = decodeStmtExecute(payload(parameters), context(2, { longData }));
  deepStrictEqual(execute.values, [{ type: "integer", text: "7" }, {
    type: "binary",
    text: "\xff\0",
  }]);
  deepStrictEqual(execute.parameters, encodeStmtExecuteParameters(execute.values, types));
});

Deno.test("query attributes are read and left out of what goes on", () => {
  const attributes = new ByteWriter()
    .lenencInt(2).u8(0).u8(1)
    .u8(column.MYSQL_TYPE_TINY).u8(0).lenencText("")
    .u8(column.MYSQL_TYPE_VAR_STRING).u8(0).lenencText("trace")
    .u8(5).lenencText("abc")
    .finish();
  const execute = decodeStmtExecute(
    payload(attributes, PARAMETER_COUNT_AVAILABLE),
    context(1, { queryAttributes: true }),
  );
  deepStrictEqual(execute.values, [{ type: "integer", text: "5" }]);
  strictEqual(execute.parameters.toHex(), "0001010005");
});

Deno.test("parameters survive the round trip, and are malformed when cut anywhere", () => {
  const choices: readonly (readonly [number, Value])[] = [
    [column.MYSQL_TYPE_LONGLONG, { type: "integer", text: "-9223372036854775808" }],
    [column.MYSQL_TYPE_DOUBLE, { type: "float", text: "0.1" }],
    [column.MYSQL_TYPE_FLOAT, { type: "float", text: "0.10000000149011612" }],
    [column.MYSQL_TYPE_NEWDECIMAL, { type: "decimal", text: "12.340" }],
    [column.MYSQL_TYPE_DATETIME, { type: "text", text: "2026-01-02 03:04:05.600000" }],
    [column.MYSQL_TYPE_TIME, { type: "text", text: "-34:00:01" }],
    [column.MYSQL_TYPE_STRING, { type: "text", text: "\xc3\xbc" }],
    [column.MYSQL_TYPE_BLOB, { type: "binary", text: "\0\xff" }],
    [column.MYSQL_TYPE_NULL, { type: "null", text: "" }],
    [column.MYSQL_TYPE_LONG, { type: "null", text: "" }],
  ];
  forRandom(300, (random) => {
    const chosen = Array.from({ length: 1 + random.int(20) }, () => random.pick(choices));
    const types = chosen.map(([type]) => ({ type, ...SIGNED }));
    const values = chosen.map(([, value]) => value);
    const packet = payload(encodeStmtExecuteParameters(values, types));
    const execute = decodeStmtExecute(packet, context(values.length));
    deepStrictEqual(execute.values, values);
    deepStrictEqual(execute.types, types);
    const length = random.int(packet.length);
    throws(() => decodeStmtExecute(packet.subarray(0, length), context(values.length)), VtError);
  });
});

Deno.test("a statement without parameters has no bytes to send on", () => {
  const execute = decodeStmtExecute(payload(new Uint8Array(0), 1), context(0));
  deepStrictEqual([execute.flags, execute.values, execute.parameters.length], [1, [], 0]);
});
