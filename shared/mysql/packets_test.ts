import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { forRandom, type Random } from "../../tests/harness/random.ts";
import { VtError } from "../error/errors.ts";
import {
  decodeAuthMoreData,
  decodeAuthSwitchRequest,
  encodeAuthMoreData,
  encodeAuthSwitchRequest,
} from "./auth_packets.ts";
import {
  CLIENT_CONNECT_ATTRS,
  CLIENT_CONNECT_WITH_DB,
  CLIENT_LONG_PASSWORD,
  CLIENT_PLUGIN_AUTH,
  CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA,
  CLIENT_PROTOCOL_41,
  CLIENT_SECURE_CONNECTION,
  CLIENT_SESSION_TRACK,
} from "./capabilities.ts";
import { decodeColumnDefinition, encodeColumnDefinition } from "./column_definition.ts";
import { decodeEofPacket, encodeEofPacket } from "./eof_packet.ts";
import { decodeErrPacket, encodeErrPacket } from "./err_packet.ts";
import { decodeHandshakeGreeting, encodeHandshakeGreeting } from "./handshake_greeting.ts";
import {
  decodeHandshakeResponse,
  encodeHandshakeResponse,
  encodeSslRequest,
  isSslRequest,
} from "./handshake_response.ts";
import {
  decodeOkPacket,
  decodeTrackedText,
  decodeTrackedVariables,
  encodeOkPacket,
  SESSION_TRACK_SCHEMA,
  SESSION_TRACK_SYSTEM_VARIABLES,
} from "./ok_packet.ts";
import { decodeStmtPrepareOk, encodeStmtPrepareOk } from "./stmt_prepare.ts";
import { decodeTextRow, encodeTextRow } from "./text_row.ts";

function hex(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replace(/\s+/g, ""));
}

/** Every prefix of a packet either throws the protocol's error, or is one that old servers send. */
function checkTruncations(
  packet: Uint8Array,
  decode: (payload: Uint8Array) => unknown,
  options: { readonly optionalFrom?: number } = {},
): void {
  for (let length = 0; length < packet.length; length++) {
    const cut = () => decode(packet.subarray(0, length));
    if (length >= (options.optionalFrom ?? packet.length)) cut();
    else throws(cut, (error) => error instanceof VtError && error.errno >= 1043, `at ${length}`);
  }
}

Deno.test("decodeHandshakeGreeting() reads the manual's greeting of 5.5.2", () => {
  const packet = hex(
    `0a 35 2e 35 2e 32 2d 6d 32 00 0b 00 00 00 64 76 48 40 49 2d 43 4a 00 ff f7 08 02 00
    00 00 00 00 00 00 00 00 00 00 00 00 00 2a 34 64 7c 63 5a 77 6b 34 5e 5d 3a 00`,
  );
  const greeting = decodeHandshakeGreeting(packet);
  strictEqual(greeting.serverVersion, "5.5.2-m2");
  strictEqual(greeting.connectionId, 11);
  strictEqual(greeting.capabilities, 0xf7ff);
  strictEqual(greeting.collation, 8);
  strictEqual(greeting.authPlugin, "");
  deepStrictEqual(greeting.scramble, hex("64764840492d434a2a34647c635a776b345e5d3a"));
});

Deno.test("decodeHandshakeGreeting() reads the manual's greeting of 5.6.4", () => {
  const packet = hex(
    `0a 35 2e 36 2e 34 2d 6d 37 2d 6c 6f 67 00 56 0a 00 00 52 42 33 76 7a 26 47 72 00 ff
    ff 08 02 00 0f c0 15 00 00 00 00 00 00 00 00 00 00 2b 79 44 26 2f 5a 5a 33 30 35 5a 47 00 6d 79
    73 71 6c 5f 6e 61 74 69 76 65 5f 70 61 73 73 77 6f 72 64 00`,
  );
  const greeting = decodeHandshakeGreeting(packet);
  strictEqual(greeting.serverVersion, "5.6.4-m7-log");
  strictEqual(greeting.connectionId, 2646);
  strictEqual(greeting.capabilities, 0xc00f_ffff);
  strictEqual(greeting.authPlugin, "mysql_native_password");
  deepStrictEqual(encodeHandshakeGreeting(greeting), packet);
  // The plugin's name may end without a NUL, or be missing.
  checkTruncations(packet, decodeHandshakeGreeting, { optionalFrom: packet.length - 22 });
});

Deno.test("decodeHandshakeResponse() reads the manual's response with attributes", () => {
  const packet = hex(
    `8d a6 0f 00 00 00 00 01 08 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
    00 00 00 70 61 6d 00 14 ab 09 ee f6 bc b1 32 3e 61 14 38 65 c0 99 1d 95 7d 75 d4 47 74 65 73 74
    00 6d 79 73 71 6c 5f 6e 61 74 69 76 65 5f 70 61 73 73 77 6f 72 64 00`,
  );
  const response = decodeHandshakeResponse(packet);
  strictEqual(response.user, "pam");
  strictEqual(response.database, "test");
  strictEqual(response.maxPacketBytes, 1 << 24);
  strictEqual(response.collation, 8);
  strictEqual(response.authPlugin, "mysql_native_password");
  deepStrictEqual(response.authResponse, hex("ab09eef6bcb1323e61143865c0991d957d75d447"));
  deepStrictEqual(encodeHandshakeResponse(response), packet);
});

const FULL_CAPABILITIES = CLIENT_LONG_PASSWORD | CLIENT_PROTOCOL_41 | CLIENT_SECURE_CONNECTION |
  CLIENT_CONNECT_WITH_DB | CLIENT_PLUGIN_AUTH | CLIENT_PLUGIN_AUTH_LENENC_CLIENT_DATA |
  CLIENT_CONNECT_ATTRS;

Deno.test("a handshake response survives the round trip with any set of capabilities", () => {
  forRandom(200, (random) => {
    const optional = FULL_CAPABILITIES & ~(CLIENT_PROTOCOL_41 | CLIENT_SECURE_CONNECTION);
    const capabilities = (optional & random.int(2 ** 30)) | CLIENT_PROTOCOL_41 |
      CLIENT_SECURE_CONNECTION;
    const response = {
      capabilities,
      maxPacketBytes: random.int(2 ** 32),
      collation: random.int(256),
      user: "Jürgen".slice(0, random.int(7)),
      authResponse: random.bytes(random.int(200)),
      database: capabilities & CLIENT_CONNECT_WITH_DB ? "customer:-80@replica" : "",
      authPlugin: capabilities & CLIENT_PLUGIN_AUTH ? "caching_sha2_password" : "",
      attributes: new Map(
        capabilities & CLIENT_CONNECT_ATTRS
          ? [["_client_name", "x".repeat(random.int(300))], ["", "y"]]
          : [],
      ),
    };
    deepStrictEqual(decodeHandshakeResponse(encodeHandshakeResponse(response)), response);
  });
});

Deno.test("decodeHandshakeResponse() takes what clients leave out at the end for empty", () => {
  const packet = encodeHandshakeResponse({
    capabilities: FULL_CAPABILITIES,
    maxPacketBytes: 0,
    collation: 33,
    user: "app",
    authResponse: new Uint8Array(0),
    database: "d",
    authPlugin: "mysql_native_password",
    attributes: new Map([["a", "b"]]),
  });
  const fixedEnd = 32 + "app\0".length;
  for (let length = fixedEnd; length <= packet.length; length++) {
    try {
      const response = decodeHandshakeResponse(packet.subarray(0, length));
      strictEqual(response.user, "app");
    } catch (error) {
      // Attributes that end too early are malformed, not missing.
      if (!(error instanceof VtError) || length < packet.length - 5) throw error;
    }
  }
  checkTruncations(packet.subarray(0, fixedEnd), decodeHandshakeResponse);
});

Deno.test("isSslRequest() tells a request for TLS from a response", () => {
  const request = { capabilities: CLIENT_PROTOCOL_41, maxPacketBytes: 1, collation: 45 };
  strictEqual(isSslRequest(encodeSslRequest(request)), true);
  strictEqual(isSslRequest(encodeSslRequest(request).subarray(0, 31)), false);
});

Deno.test("decodeHandshakeResponse() refuses the protocol before 4.1 as a bad handshake", () => {
  throws(
    () => decodeHandshakeResponse(hex("05 24 00 00 00 6f 6c 64 00 47 44 53 43 51 59 52 5f")),
    (error) => error instanceof VtError && error.id === "ER_HANDSHAKE_ERROR",
  );
});

Deno.test("auth switch and more data survive the round trip, and the manual's bytes", () => {
  const packet = hex(
    `fe 6d 79 73 71 6c 5f 6e 61 74 69 76 65 5f 70 61 73 73 77 6f 72 64 00 7a 51 67 34 69
    6f 36 6f 4e 79 3d 72 48 4e 2f 3e 2d 62 29 41 00`,
  );
  const request = decodeAuthSwitchRequest(packet);
  strictEqual(request.authPlugin, "mysql_native_password");
  strictEqual(request.data.length, 20);
  deepStrictEqual(encodeAuthSwitchRequest(request), packet);
  deepStrictEqual(decodeAuthMoreData(encodeAuthMoreData(hex("04"))), hex("04"));
  throws(() => decodeAuthMoreData(hex("00")), VtError);
  throws(() => decodeAuthSwitchRequest(hex("fe 6d 79")), VtError);
  throws(
    () => decodeAuthSwitchRequest(hex("fe")),
    (error) => error instanceof VtError && error.id === "ER_NOT_SUPPORTED_AUTH_MODE",
  );
});

Deno.test("decodeOkPacket() reads the manual's OK, and every OK survives the round trip", () => {
  const ok = decodeOkPacket(hex("00 00 00 02 00 00 00"), 0);
  strictEqual(ok.statusFlags, 2);
  checkTruncations(hex("00 00 00 02 00 00 00"), (payload) => decodeOkPacket(payload, 0));
  forRandom(300, (random) => {
    const tracked = random.int(2) === 1;
    const packet = {
      affectedRows: randomBigInt(random),
      lastInsertId: randomBigInt(random),
      statusFlags: random.int(0x4000),
      warnings: random.int(65536),
      info: random.pick(["", "Rows matched: 1  Changed: 1  Warnings: 0", "ü"]),
      sessionState: [],
    };
    const capabilities = tracked ? CLIENT_SESSION_TRACK : 0;
    deepStrictEqual(decodeOkPacket(encodeOkPacket(packet, capabilities), capabilities), packet);
  });
});

function randomBigInt(random: Random): bigint {
  const limit = random.pick([0xfbn, 0x1_0000n, 0x100_0000n, 2n ** 64n]);
  return BigInt(random.int(2 ** 32)) * BigInt(random.int(2 ** 32)) % limit;
}

Deno.test("decodeOkPacket() reads the manual's session state changes", () => {
  // Taken from the manual, "SESSION_TRACK_SCHEMA" and "SESSION_TRACK_SYSTEM_VARIABLES".
  const schema = decodeOkPacket(
    hex("00 00 00 02 40 00 00 00 07 01 05 04 74 65 73 74"),
    CLIENT_SESSION_TRACK,
  );
  const [change] = schema.sessionState;
  strictEqual(change?.type, SESSION_TRACK_SCHEMA);
  strictEqual(decodeTrackedText(change), "test");
  const variables = decodeOkPacket(
    hex("00 00 00 02 40 00 00 00 11 00 0f 0a 61 75 74 6f 63 6f 6d 6d 69 74 03 4f 46 46"),
    CLIENT_SESSION_TRACK,
  );
  const [variable] = variables.sessionState;
  strictEqual(variable?.type, SESSION_TRACK_SYSTEM_VARIABLES);
  deepStrictEqual(decodeTrackedVariables(variable), new Map([["autocommit", "OFF"]]));
  deepStrictEqual(
    decodeOkPacket(encodeOkPacket(variables, CLIENT_SESSION_TRACK), CLIENT_SESSION_TRACK),
    variables,
  );
});

Deno.test("ERR packets: the manual's bytes, no SQLSTATE, long and cut texts", () => {
  const packet = hex(`ff 48 04 23 48 59 30 30 30 4e 6f 20 74 61 62 6c 65 73 20 75 73 65 64`);
  const error = decodeErrPacket(packet);
  deepStrictEqual(error, { errno: 1096, sqlState: "HY000", message: "No tables used" });
  deepStrictEqual(encodeErrPacket(error), packet);
  // After errno an error without SQLSTATE and text may end; inside the SQLSTATE it may not.
  checkTruncations(packet.subarray(0, 3), decodeErrPacket);
  for (let length = 4; length < 9; length++) {
    throws(() => decodeErrPacket(packet.subarray(0, length)), VtError);
  }
  deepStrictEqual(decodeErrPacket(hex("ff 10 04 54 6f 6f")), {
    errno: 1040,
    sqlState: "HY000",
    message: "Too",
  });
  const long = decodeErrPacket(encodeErrPacket({ ...error, message: "ü".repeat(400) }));
  strictEqual(long.message, "ü".repeat(255));
});

Deno.test("EOF packets: the manual's bytes, truncation, trailing bytes", () => {
  const packet = hex("fe 00 00 02 00");
  deepStrictEqual(decodeEofPacket(packet), { warnings: 0, statusFlags: 2 });
  deepStrictEqual(encodeEofPacket({ warnings: 0, statusFlags: 2 }), packet);
  checkTruncations(packet, decodeEofPacket);
  throws(() => decodeEofPacket(hex("fe 00 00 02 00 00")), VtError);
});

Deno.test("column definitions survive the round trip and say when they are cut", () => {
  // The manual's COM_QUERY response: select @@version_comment limit 1.
  const packet = hex(
    `03 64 65 66 00 00 00 11 40 40 76 65 72 73 69 6f 6e 5f 63 6f 6d 6d 65 6e 74 00 0c 08
    00 1c 00 00 00 fd 00 00 1f 00 00`,
  );
  const column = decodeColumnDefinition(packet);
  strictEqual(column.name, "@@version_comment");
  strictEqual(column.type, 0xfd);
  strictEqual(column.columnLength, 28);
  strictEqual(column.decimals, 31);
  deepStrictEqual(encodeColumnDefinition(column), packet);
  checkTruncations(packet, decodeColumnDefinition);
});

Deno.test("text rows: NULL beside empty, long values, truncation", () => {
  const values = [null, new Uint8Array(0), new Uint8Array(300).fill(7), hex("31")];
  const packet = encodeTextRow(values);
  deepStrictEqual(decodeTextRow(packet, 4), values);
  checkTruncations(packet, (payload) => decodeTextRow(payload, 4));
  throws(() => decodeTextRow(packet, 3), VtError);
  strictEqual(encodeTextRow([new Uint8Array(0x1_0000)]).length, 4 + 0x1_0000);
});

Deno.test("COM_STMT_PREPARE_OK: the manual's bytes", () => {
  const packet = hex("00 01 00 00 00 01 00 02 00 00 00 00");
  const ok = { statementId: 1, columnCount: 1, parameterCount: 2, warnings: 0 };
  deepStrictEqual(decodeStmtPrepareOk(packet), ok);
  deepStrictEqual(encodeStmtPrepareOk(ok), packet);
  checkTruncations(packet, decodeStmtPrepareOk, { optionalFrom: 10 });
});
