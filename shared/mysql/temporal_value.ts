/**
 * Dates and times in binary form (manual, "Binary Protocol Value"): a length byte, then only as many
 * fields as differ from zero. In text: `2026-01-02 03:04:05.000006`, `-838:59:59.000000`.
 */
import { vtError } from "../error/errors.ts";
import type { ByteReader } from "./byte_reader.ts";
import type { ByteWriter } from "./byte_writer.ts";

const HOURS_PER_DAY = 24;

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** ".123" for three digits; nothing for none. Undefined digits: all six, or none for zero. */
function fraction(microseconds: number, digits: number | undefined): string {
  const count = digits ?? (microseconds === 0 ? 0 : 6);
  return count === 0 ? "" : `.${String(microseconds).padStart(6, "0").slice(0, count)}`;
}

function readYearMonthDay(reader: ByteReader): string {
  const year = String(reader.u16()).padStart(4, "0");
  const month = reader.u8();
  return `${year}-${two(month)}-${two(reader.u8())}`;
}

function readHourMinuteSecond(reader: ByteReader, days: number): string {
  const hours = two(reader.u8() + days * HOURS_PER_DAY);
  const minutes = two(reader.u8());
  return `${hours}:${minutes}:${two(reader.u8())}`;
}

/** The length byte, which must be one of `lengths`. */
function readLength(reader: ByteReader, lengths: readonly number[]): number {
  const length = reader.u8();
  if (!lengths.includes(length)) throw vtError("ER_MALFORMED_PACKET");
  return length;
}

export function readDate(reader: ByteReader): string {
  const length = readLength(reader, [0, 4, 7, 11]);
  if (length === 0) return "0000-00-00";
  const date = readYearMonthDay(reader);
  reader.skip(length - 4);
  return date;
}

export function readDatetime(reader: ByteReader, digits: number | undefined): string {
  const length = readLength(reader, [0, 4, 7, 11]);
  const date = length >= 4 ? readYearMonthDay(reader) : "0000-00-00";
  const time = length >= 7 ? readHourMinuteSecond(reader, 0) : "00:00:00";
  return `${date} ${time}${fraction(length >= 11 ? reader.u32() : 0, digits)}`;
}

export function readTime(reader: ByteReader, digits: number | undefined): string {
  const length = readLength(reader, [0, 8, 12]);
  if (length === 0) return `00:00:00${fraction(0, digits)}`;
  const sign = reader.u8() === 0 ? "" : "-";
  const days = reader.u32();
  const time = readHourMinuteSecond(reader, days);
  return `${sign}${time}${fraction(length >= 12 ? reader.u32() : 0, digits)}`;
}

const DATETIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?)?$/;
const TIME = /^(-?)([0-9]{2,3}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?$/;

function microsecondsOf(digits: string | undefined): number {
  return Number((digits ?? "").padEnd(6, "0"));
}

/** DATE, DATETIME and TIMESTAMP. */
export function writeDatetime(writer: ByteWriter, text: string): void {
  const match = DATETIME.exec(text);
  if (match === null) throw vtError("ER_MALFORMED_PACKET");
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7)
    .map((part) => Number(part ?? 0));
  const microseconds = microsecondsOf(match[7]);
  const hasTime = hour + minute + second + microseconds > 0;
  if (year + month + day === 0 && !hasTime) {
    writer.u8(0);
    return;
  }
  writer.u8(microseconds > 0 ? 11 : hasTime ? 7 : 4).u16(year).u8(month).u8(day);
  if (hasTime) writer.u8(hour).u8(minute).u8(second);
  if (microseconds > 0) writer.u32(microseconds);
}

export function writeTime(writer: ByteWriter, text: string): void {
  const match = TIME.exec(text);
  if (match === null) throw vtError("ER_MALFORMED_PACKET");
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(2, 5).map(Number);
  const microseconds = microsecondsOf(match[5]);
  if (hours + minutes + seconds + microseconds === 0) {
    writer.u8(0);
    return;
  }
  writer.u8(microseconds > 0 ? 12 : 8)
    .u8(match[1] === "-" ? 1 : 0)
    .u32(Math.floor(hours / HOURS_PER_DAY))
    .u8(hours % HOURS_PER_DAY)
    .u8(minutes)
    .u8(seconds);
  if (microseconds > 0) writer.u32(microseconds);
}
