/**
 * Where a strict mysqld keeps another value than it is given and neither refuses nor warns: numbers
 * and seconds are rounded, times of a day go, blanks at the end go, bytes are filled up, numbers
 * mean members (manual, "Strict SQL Mode", "Fractional Seconds in Time Values", "The CHAR and
 * VARCHAR Types", "The ENUM Type"). All else that doesn't fit is an error, or noted
 * (changesWithNote); silent_change_server_test.ts tries each type with each other one.
 */
import { parseColumnType, type ParsedColumnType, scaleOf } from "../../shared/value/column_type.ts";
import { columnLimit } from "../../shared/vindex/column_limit.ts";

/**
 * True when the target's column may do so with a value of the source's, both as they are declared.
 * What an expression gives has no declared type (""), and is stored as its column was chosen to be.
 */
export function changesInSilence(sourceType: string, targetType: string): boolean {
  if (sourceType === "") return false;
  const [source, target] = [parseColumnType(sourceType), parseColumnType(targetType)];
  if (source.base === target.base) return changesWithin(source, target);
  if (KEPT_BY_SAME.has(source.base) || KEEPS_SAME.has(target.base)) return true;
  switch (target.base) {
    case "char":
      return source.zerofill || VARYING.has(source.base);
    case "varchar":
    case "tinytext":
    case "text":
    case "mediumtext":
    case "longtext":
      // The binlog has the number alone.
      return source.zerofill;
    case "datetime":
    case "timestamp":
      return !MOMENTS.has(source.base) || fractionOf(source) > fractionOf(target);
    case "double":
      return target.size !== "" || !INTEGERS.has(source.base) || source.base === "bigint";
    case "decimal":
      return !EXACT.has(source.base);
  }
  return INTEGERS.has(target.base) && (!EXACT.has(source.base) || scaleOf(source) > 0);
}

/**
 * True when the target's column may round a value of the source's or cut blanks off its end, of
 * which mysqld leaves the note WARN_DATA_TRUNCATED in every sql_mode.
 */
export function changesWithNote(sourceType: string, targetType: string): boolean {
  const [source, target] = [parseColumnType(sourceType), parseColumnType(targetType)];
  if (source.base === "decimal" && target.base === "decimal") {
    return scaleOf(source) > scaleOf(target);
  }
  const [one, other] = [columnLimit(sourceType, undefined), columnLimit(targetType, undefined)];
  if (other?.kind !== "text" || one === undefined || one.kind === "integer") return false;
  const isCounted = one.kind === "text" && one.unit === "characters" && other.unit === "bytes";
  return one.max * (isCounted ? CHARACTER_BYTES_MAX : 1) > other.max;
}

const CHARACTER_BYTES_MAX = 4;

/** Both are of one type. */
function changesWithin(source: ParsedColumnType, target: ParsedColumnType): boolean {
  switch (target.base) {
    case "binary":
      return source.size !== target.size;
    case "float":
    case "double":
      // The binlog doesn't tell the digits.
      return source.size !== "" && target.size !== "" && source.size !== target.size;
    case "datetime":
    case "timestamp":
    case "time":
      return fractionOf(source) > fractionOf(target);
    case "enum":
    case "set":
      return membersOf(source).some((member) =>
        /^'\d+'$/.test(member) && !membersOf(target).includes(member)
      );
    default:
      return false;
  }
}

/** Their bytes mean something else in other types. */
const KEPT_BY_SAME: ReadonlySet<string> = new Set(["bit", "float"]);

/** They make what they like of other types. */
const KEEPS_SAME: ReadonlySet<string> = new Set([
  ...["bit", "float", "binary", "date", "time", "year", "enum", "set"],
]);

const VARYING: ReadonlySet<string> = new Set([
  ...["varchar", "tinytext", "text", "mediumtext", "longtext"],
  ...["varbinary", "tinyblob", "blob", "mediumblob", "longblob"],
]);

const MOMENTS: ReadonlySet<string> = new Set(["date", "datetime", "timestamp"]);

const INTEGERS: ReadonlySet<string> = new Set([
  ...["tinyint", "smallint", "mediumint", "int", "bigint"],
]);

const EXACT: ReadonlySet<string> = new Set([...INTEGERS, "year", "decimal"]);

function fractionOf({ size }: ParsedColumnType): number {
  return Number(size);
}

function membersOf({ size }: ParsedColumnType): readonly string[] {
  return size.match(/'(?:[^']|'')*'/g) ?? [];
}
