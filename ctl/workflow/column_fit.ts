/**
 * Whether a target's column keeps each value of its source's as it is, and clients see no other:
 * nothing is rounded, cut, padded, or compared in another way. Where both servers are alike a wider
 * number or text will do; where they differ, what one prints for the other's type.
 */
import { parseColumnType, type ParsedColumnType, scaleOf } from "../../shared/value/column_type.ts";
import type { ColumnSchema } from "../../shared/rpc/query_service.ts";
import { columnLimit } from "../../shared/vindex/column_limit.ts";
import { isSameCollation } from "../../shared/mysql/collation_pairs.ts";

/** Why not, said of the target's column; undefined when it does. `isUnique`: of a unique key. */
export function whyUnlike(
  source: ColumnSchema,
  target: ColumnSchema,
  isUnique: boolean,
): string | undefined {
  const other = whyOtherName(source, target);
  if (other !== undefined) return other;
  const has = `has the column ${target.name}`;
  if (!holds(source.columnType, target.columnType)) {
    return `${has} as ${target.columnType}, which doesn't keep each ${source.columnType} of its source as it is`;
  }
  if (source.generated !== target.generated) {
    return target.generated
      ? `generates the column ${target.name}, which its source doesn't`
      : `${has}, which its source generates, as an ordinary one`;
  }
  if (source.nullable !== target.nullable) {
    return `${has} as ${
      target.nullable ? "one that may be NULL" : "NOT NULL"
    }, other than its source`;
  }
  if (source.invisible !== target.invisible) {
    return `${has} as ${
      target.invisible ? "an invisible" : "a visible"
    } one, other than its source`;
  }
  const [from, to] = [source.collation, target.collation];
  const isText = from !== undefined && to !== undefined;
  return !isText || isSameCollation(from, to, isUnique)
    ? undefined
    : `${has} in the collation ${to}, its source in ${from}`;
}

export function whyOtherName(source: ColumnSchema, target: ColumnSchema): string | undefined {
  return source.name.toLowerCase() === target.name.toLowerCase()
    ? undefined
    : `has the column ${target.name} where its source has ${source.name}`;
}

function holds(sourceType: string, targetType: string): boolean {
  const [source, target] = [parseColumnType(sourceType), parseColumnType(targetType)];
  // The width is part of what clients see.
  if (source.zerofill || target.zerofill) return sourceType === targetType;
  const family = FAMILIES[source.base];
  if (family !== undefined && family === FAMILIES[target.base]) {
    return isWithin(sourceType, targetType, source, target);
  }
  if (canonical(source.base) !== canonical(target.base)) return isCounterpart(source, target);
  switch (source.base) {
    case "enum":
    case "set":
      // Members keep their numbers, new ones stand behind.
      return `${target.size},`.startsWith(`${source.size},`);
    case "year":
      return true;
    default:
      return source.size === target.size && (source.unsigned || !target.unsigned);
  }
}

/** Types of one family hold each other's values where the limit allows it. */
const FAMILIES: Readonly<Partial<Record<string, string>>> = {
  ...Object.fromEntries(
    ["tinyint", "smallint", "mediumint", "int", "bigint"].map((base) => [base, "integer"]),
  ),
  decimal: "decimal",
  char: "char",
  varchar: "varchar",
  varbinary: "varbinary",
  ...Object.fromEntries(["tiny", "", "medium", "long"].map((size) => [`${size}text`, "text"])),
  ...Object.fromEntries(["tiny", "", "medium", "long"].map((size) => [`${size}blob`, "blob"])),
};

function isWithin(
  sourceType: string,
  targetType: string,
  source: ParsedColumnType,
  target: ParsedColumnType,
): boolean {
  // More digits behind the point would be printed, too.
  if (source.base === "decimal" && scaleOf(source) !== scaleOf(target)) return false;
  const [one, other] = [columnLimit(sourceType, undefined), columnLimit(targetType, undefined)];
  if (one?.kind === "integer" && other?.kind === "integer") {
    return other.min <= one.min && one.max <= other.max;
  }
  return one !== undefined && other !== undefined && one.kind !== "integer" &&
    other.kind !== "integer" && one.max <= other.max;
}

function canonical(base: string): string {
  return base === "geomcollection" ? "geometrycollection" : base;
}

const GEOMETRIES: ReadonlySet<string> = new Set([
  ...["point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon"],
  ...["geometrycollection", "geomcollection"],
]);

/** Characters of MariaDB's types that MySQL lacks, as texts. */
const TEXT_CHARACTERS: Readonly<Partial<Record<string, number>>> = {
  uuid: 36,
  inet4: 15,
  inet6: 39,
};

/** Another type for the same values: those of the other server, or any geometry. */
function isCounterpart(source: ParsedColumnType, target: ParsedColumnType): boolean {
  if (target.base === "geometry") return GEOMETRIES.has(source.base);
  // MariaDB's JSON is a LONGTEXT.
  const bases = `${source.base} ${target.base}`;
  if (bases === "json longtext" || bases === "longtext json") return true;
  const characters = TEXT_CHARACTERS[source.base];
  return characters !== undefined && /^(?:var)?char$/.test(target.base) &&
    Number(target.size) >= characters;
}
