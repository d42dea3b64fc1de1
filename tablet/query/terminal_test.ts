import assert from "node:assert/strict";
import { encodeEofPacket } from "../../shared/mysql/eof_packet.ts";
import { encodeErrPacket } from "../../shared/mysql/err_packet.ts";
import { encodeFrames } from "../../shared/mysql/frame.ts";
import { EMPTY_OK, encodeOkPacket, OK_HEADER_AFTER_ROWS } from "../../shared/mysql/ok_packet.ts";
import { CLIENT_DEPRECATE_EOF } from "../../shared/mysql/capabilities.ts";
import { RowCounter } from "./row_counter.ts";
import { errnoOf, isErr, isOk, statusFlagsOf } from "./terminal.ts";

Deno.test("statusFlagsOf() reads OK, EOF and the OK after rows; an ERR has none", () => {
  const ok = { ...EMPTY_OK, statusFlags: 0x4003, affectedRows: 70_000n, lastInsertId: 1n << 40n };
  assert.equal(statusFlagsOf(encodeFrames(encodeOkPacket(ok, 0), 1)), 3);
  const afterRows = encodeOkPacket(ok, CLIENT_DEPRECATE_EOF, OK_HEADER_AFTER_ROWS);
  assert.equal(statusFlagsOf(encodeFrames(afterRows, 5)), 3);
  const small = encodeOkPacket({ ...EMPTY_OK, statusFlags: 0x22 }, 0, OK_HEADER_AFTER_ROWS);
  assert.equal(statusFlagsOf(encodeFrames(small, 5)), 0x22);
  const eof = encodeEofPacket({ warnings: 1, statusFlags: 0x0103 });
  assert.equal(statusFlagsOf(encodeFrames(eof, 5)), 0x0103);
  const err = encodeFrames(encodeErrPacket({ errno: 1213, sqlState: "40001", message: "x" }), 1);
  assert.equal(statusFlagsOf(err), undefined);
  assert.ok(isErr(err) && !isOk(err));
  assert.equal(errnoOf(err), 1213);
});

Deno.test("RowCounter counts rows, however the packets are cut", () => {
  const packets = [[2], [1, 1], [2, 2], [7], [8], [9]].map((payload, index) =>
    encodeFrames(Uint8Array.from(payload), index + 1)
  );
  const deprecated = new RowCounter(CLIENT_DEPRECATE_EOF);
  assert.deepEqual(packets.map((packet) => deprecated.add(packet)), [0, 0, 0, 1, 2, 3]);
  const whole = new Uint8Array(packets.reduce((sum, packet) => sum + packet.length, 0));
  packets.reduce((at, packet) => (whole.set(packet, at), at + packet.length), 0);
  assert.equal(new RowCounter(0).add(whole), 2);
});
