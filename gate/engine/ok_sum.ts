/** The OK packets of several shards, as the one that the client sees. */
import { FRAME_HEADER_BYTES } from "../../shared/mysql/frame.ts";
import { decodeOkPacket, EMPTY_OK, type OkPacket } from "../../shared/mysql/ok_packet.ts";

/** The OK packet with its header that ended a statement without rows. */
export function okOf(terminal: Uint8Array): OkPacket {
  return decodeOkPacket(terminal.subarray(FRAME_HEADER_BYTES), 0);
}

/** Counts are added, also those in "Rows matched: 1  Changed: 1  Warnings: 0" and its like. */
export function sumOks(oks: readonly OkPacket[]): OkPacket {
  const [first] = oks;
  if (first === undefined) return EMPTY_OK;
  if (oks.length === 1) return first;
  return {
    affectedRows: oks.reduce((sum, ok) => sum + ok.affectedRows, 0n),
    lastInsertId: oks.find((ok) => ok.lastInsertId !== 0n)?.lastInsertId ?? 0n,
    statusFlags: first.statusFlags,
    warnings: oks.reduce((sum, ok) => sum + ok.warnings, 0),
    info: sumInfos(oks.map((ok) => ok.info)),
    sessionState: [],
  };
}

/** Adds the numbers of texts that differ in numbers only. Shards without a text don't count. */
function sumInfos(infos: readonly string[]): string {
  const told = infos.filter((info) => info !== "");
  const [first = ""] = told;
  const numbers = told.map((info) => (info.match(/[0-9]+/g) ?? []).map(BigInt));
  let index = 0;
  return first.replace(/[0-9]+/g, () => {
    const at = index++;
    return String(numbers.reduce((sum, row) => sum + (row[at] ?? 0n), 0n));
  });
}

/** A multi-row INSERT that was split into single rows has a text although no part has one. */
export function insertInfo(ok: OkPacket, rows: number, rowsTold: number): OkPacket {
  if (rows === 1) return ok;
  if (ok.info !== "" && rowsTold === rows) return ok;
  const duplicates = BigInt(rows) > ok.affectedRows ? BigInt(rows) - ok.affectedRows : 0n;
  const text = `Records: ${rows}  Duplicates: ${duplicates}  Warnings: ${ok.warnings}`;
  return { ...ok, info: text };
}
