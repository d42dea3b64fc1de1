import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { VtError } from "../error/errors.ts";
import { CLIENT_CONNECT_ATTRS, CLIENT_PLUGIN_AUTH } from "./capabilities.ts";
import {
  collationById,
  collationByName,
  defaultCollation,
  isClientCollation,
} from "./collations.ts";
import { decodeCommand } from "./command_packet.ts";

function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replace(/\s+/g, ""));
}

Deno.test("decodeCommand() reads the manual's commands", () => {
  deepStrictEqual(decodeCommand(hex("01"), 0), { com: "quit" });
  deepStrictEqual(decodeCommand(hex("02 74 65 73 74"), 0), { com: "init_db", database: "test" });
  const query = decodeCommand(hex("03 73 65 6c"), 0);
  ok(query.com === "query");
  strictEqual(new TextDecoder().decode(query.sql), "sel");
  deepStrictEqual(decodeCommand(hex("04 74 31 00 25"), 0), {
    com: "field_list",
    table: "t1",
    wildcard: "%",
  });
  deepStrictEqual(decodeCommand(hex("0c 05 00 00 00"), 0), {
    com: "process_kill",
    connectionId: 5,
  });
  deepStrictEqual(decodeCommand(hex("19 01 00 00 00"), 0), { com: "stmt_close", statementId: 1 });
  deepStrictEqual(decodeCommand(hex("1b 00 00"), 0), { com: "set_option", multiStatements: true });
  deepStrictEqual(decodeCommand(hex("1c 01 00 00 00 0a 00 00 00"), 0), {
    com: "stmt_fetch",
    statementId: 1,
    rows: 10,
  });
  deepStrictEqual(decodeCommand(hex("18 01 00 00 00 02 00 ff"), 0), {
    com: "stmt_send_long_data",
    statementId: 1,
    parameter: 2,
    data: hex("ff"),
  });
});

Deno.test("decodeCommand() reads COM_CHANGE_USER, and what old clients leave out", () => {
  const packet = hex(
    `11 61 70 70 00 03 01 02 03 64 00 2d 00 6d 79 73 71 6c 00 06 01 61 03 62 63 64`,
  );
  const all = decodeCommand(packet, CLIENT_PLUGIN_AUTH | CLIENT_CONNECT_ATTRS);
  deepStrictEqual(all, {
    com: "change_user",
    user: "app",
    authResponse: hex("010203"),
    database: "d",
    collation: 45,
    authPlugin: "mysql",
    attributes: new Map([["a", "bcd"]]),
  });
  const old = decodeCommand(packet.subarray(0, 11), 0);
  ok(old.com === "change_user");
  deepStrictEqual([old.database, old.collation, old.authPlugin], ["d", 0, ""]);
});

Deno.test("decodeCommand() says malformed and unknown with MySQL's codes", () => {
  const id = (bytes: string) => {
    try {
      decodeCommand(hex(bytes), 0);
    } catch (error) {
      if (error instanceof VtError) return error.id;
      throw error;
    }
    return "none";
  };
  strictEqual(id(""), "ER_MALFORMED_PACKET");
  strictEqual(id("17 01 00"), "ER_MALFORMED_PACKET");
  strictEqual(id("18 01 00 00 00 02"), "ER_MALFORMED_PACKET");
  strictEqual(id("0c 05"), "ER_MALFORMED_PACKET");
  strictEqual(id("1b 07 00"), "ER_UNKNOWN_COM_ERROR");
  strictEqual(id("12"), "ER_UNKNOWN_COM_ERROR");
  strictEqual(id("ff"), "ER_UNKNOWN_COM_ERROR");
  throws(() => decodeCommand(hex("04 74"), 0), VtError);
});

Deno.test("collations have the ids of MySQL and MariaDB", () => {
  strictEqual(collationById(45)?.name, "utf8mb4_general_ci");
  strictEqual(collationById(255)?.name, "utf8mb4_0900_ai_ci");
  strictEqual(collationById(309)?.name, "utf8mb4_0900_bin");
  strictEqual(collationById(1070)?.name, "utf8mb4_nopad_bin");
  strictEqual(collationById(2304)?.name, "utf8mb4_uca1400_ai_ci");
  strictEqual(collationById(2503)?.name, "utf8mb4_uca1400_croatian_nopad_as_cs");
  strictEqual(collationById(63)?.characterSet, "binary");
  strictEqual(collationById(0), undefined);
  strictEqual(collationByName("UTF8_General_CI")?.id, 33);
  strictEqual(collationByName("utf8mb3_bin")?.id, 83);
  strictEqual(defaultCollation("utf8")?.id, 33);
  strictEqual(defaultCollation("utf8mb4")?.id, 45);
  strictEqual(defaultCollation("latin1")?.name, "latin1_swedish_ci");
  strictEqual(defaultCollation("klingon"), undefined);
});

Deno.test("clients may use character sets whose bytes never look like a quote", () => {
  for (const id of [8, 11, 33, 45, 46, 63, 224, 255]) ok(isClientCollation(id), String(id));
  for (const id of [1, 13, 28, 35, 54, 60, 95, 248, 9999]) ok(!isClientCollation(id), String(id));
});
