/**
 * Where a strict mysqld keeps another value than it is given and neither refuses nor warns: seconds
 * are rounded, times of a day go, blanks at the end go, bytes are filled up, numbers lose digits
 * (manual, "Strict SQL Mode", "Fractional Seconds in Time Values", "The CHAR and VARCHAR Types").
 * All else that doesn't fit is an error, or a note that session.ts looks at.
 */
import { parseColumnType, type ParsedColumnType } from "../../shared/mysql/column_type.ts";

/**
 * True when the target's column may do so with a value of the source's, both as they are declared.
 * What an expression gives has no declared type (""), and is stored as its column was chosen to be.
 */
export function changesInSilence(sourceType: string, targetType: string): boolean {
  if (sourceType === "") return false;
  const [source, target] = [parseColumnType(sourceType), parseColumnType(targetType)];
  switch (target.base) {
    case "char":
      return VARYING_TEXTS.has(source.base);
    case "binary":
      return source.base !== "binary" || source.size !== target.size;
    case "float":
    case "double":
      return losesDigits(source, target);
    case "decimal":
    case "tinyint":
    case "smallint":
    case "mediumint":
    case "int":
    case "bigint":
      return source.base === "float" || source.base === "double";
  }
  const kept = TIMES[target.base];
  return kept !== undefined &&
    (!kept.includes(source.base) || fractionOf(source) > fractionOf(target));
}

const VARYING_TEXTS: ReadonlySet<string> = new Set([
  ...["varchar", "tinytext", "text", "mediumtext", "longtext"],
]);

/** Types whose values each of these keeps, but for digits of a second. */
const TIMES: Readonly<Partial<Record<string, readonly string[]>>> = {
  date: ["date"],
  datetime: ["date", "datetime", "timestamp"],
  timestamp: ["datetime", "timestamp"],
  time: ["time"],
  year: ["year"],
};

/** Digits behind the point of a second; the width of a year is none. */
function fractionOf({ base, size }: ParsedColumnType): number {
  return base === "year" ? 0 : Number(size);
}

/** A float keeps integers of 24 bits, a double those of 53. */
function losesDigits(source: ParsedColumnType, target: ParsedColumnType): boolean {
  if (source.base === target.base) return target.size !== "" && source.size !== target.size;
  if (target.size !== "") return true;
  if (source.base === "tinyint" || source.base === "smallint") return false;
  return target.base === "float" || !["float", "mediumint", "int"].includes(source.base);
}
