/**
 * Dates and times as they are stored (sql-common/my_time.cc, my_datetime_packed_to_binary and its
 * like): big-endian bit fields with an offset, so that they compare as bytes; fractions behind.
 */
import type { RowCursor } from "./row_cursor.ts";

const TIME_OFFSET = 0x80_0000;
const DATETIME_OFFSET = 0x80_0000_0000;
/** Bytes and the factor to microseconds of a fraction with 0 ... 6 digits. */
const FRACTION_BYTES = [0, 1, 1, 2, 2, 3, 3] as const;
const FRACTION_FACTOR = [0, 10_000, 10_000, 100, 100, 1, 1] as const;

const SECONDS_PER_DAY = 86_400;

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function four(value: number): string {
  return String(value).padStart(4, "0");
}

/** ".123" of microseconds; nothing for no digits. */
function printFraction(microseconds: number, digits: number): string {
  return digits === 0 ? "" : `.${String(microseconds).padStart(6, "0").slice(0, digits)}`;
}

function readFraction(cursor: RowCursor, digits: number): number {
  return cursor.bigEndian(FRACTION_BYTES[digits] ?? 0) * (FRACTION_FACTOR[digits] ?? 0);
}

/** DATE: day 5 bits, month 4, year 15, little-endian. */
export function readDate(cursor: RowCursor): string {
  const packed = cursor.length(3);
  return `${four(packed >> 9)}-${two((packed >> 5) & 15)}-${two(packed & 31)}`;
}

export function readYear(cursor: RowCursor): string {
  const year = cursor.length(1);
  return year === 0 ? "0000" : String(1900 + year);
}

/**
 * TIME(n): sign 1 bit, unused 1, hour 10, minute 6, second 6. Of a negative time the whole, with
 * its fraction, is negated.
 */
export function readTime2(cursor: RowCursor, digits: number): string {
  const bytes = FRACTION_BYTES[digits] ?? 0;
  const scale = 256 ** bytes;
  const packed = cursor.bigEndian(3 + bytes) - TIME_OFFSET * scale;
  const magnitude = Math.abs(packed);
  const whole = Math.floor(magnitude / scale);
  const microseconds = (magnitude - whole * scale) * (FRACTION_FACTOR[digits] ?? 0);
  const hours = two((whole >> 12) & 1023);
  return `${packed < 0 ? "-" : ""}${hours}:${two((whole >> 6) & 63)}:${two(whole & 63)}` +
    printFraction(microseconds, digits);
}

/** DATETIME(n): sign 1 bit, year * 13 + month 17, day 5, hour 5, minute 6, second 6. */
export function readDatetime2(cursor: RowCursor, digits: number): string {
  const packed = cursor.bigEndian(5) - DATETIME_OFFSET;
  const clock = packed % 0x2_0000;
  const date = (packed - clock) / 0x2_0000;
  const month = date >> 5;
  const text = `${four(Math.floor(month / 13))}-${two(month % 13)}-${two(date & 31)} ` +
    `${two(clock >> 12)}:${two((clock >> 6) & 63)}:${two(clock & 63)}`;
  return text + printFraction(readFraction(cursor, digits), digits);
}

/** TIMESTAMP(n), in UTC. All zeros is the zero date. */
export function readTimestamp2(cursor: RowCursor, digits: number): string {
  const seconds = cursor.bigEndian(4);
  const microseconds = readFraction(cursor, digits);
  if (seconds === 0 && microseconds === 0) {
    return `0000-00-00 00:00:00${printFraction(0, digits)}`;
  }
  const clock = seconds % SECONDS_PER_DAY;
  const hours = Math.floor(clock / 3600);
  const minutes = Math.floor(clock / 60) % 60;
  return `${printDay((seconds - clock) / SECONDS_PER_DAY)} ${two(hours)}:${two(minutes)}:` +
    two(clock % 60) + printFraction(microseconds, digits);
}

/** The date so many days after 1970-01-01 (Hinnant's "civil_from_days", from 0000-03-01 on). */
function printDay(daysOfEpoch: number): string {
  const days = daysOfEpoch + 719_468;
  const era = Math.floor(days / 146_097);
  const ofEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365,
  );
  const ofYear = ofEra -
    (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return `${four(yearOfEra + era * 400 + (month <= 2 ? 1 : 0))}-${two(month)}-${two(day)}`;
}

const MICROSECONDS = 1n << 24n;

/** A date or time within JSON: a packed number of 8 bytes, little-endian; always six digits. */
export function printPackedTemporal(packed: bigint, kind: "date" | "time" | "datetime"): string {
  const negative = packed < 0n;
  const magnitude = negative ? -packed : packed;
  const fraction = `.${String(magnitude % MICROSECONDS).padStart(6, "0")}`;
  const whole = Number(magnitude / MICROSECONDS);
  const clock = whole % 0x2_0000;
  const time = `${two((clock >> 6) & 63)}:${two(clock & 63)}${fraction}`;
  if (kind === "time") return `${negative ? "-" : ""}${two((whole >> 12) & 1023)}:${time}`;
  const date = (whole - clock) / 0x2_0000;
  const month = date >> 5;
  const day = `${four(Math.floor(month / 13))}-${two(month % 13)}-${two(date & 31)}`;
  return kind === "date" ? day : `${day} ${two(clock >> 12)}:${time}`;
}
