/** A column's type as information_schema.columns prints it. */

export interface ParsedColumnType {
  /** In small letters: "decimal", "varchar". */
  readonly base: string;
  /** What the parentheses hold: "10,2", "'a','b'"; "" without them. */
  readonly size: string;
  readonly unsigned: boolean;
  readonly zerofill: boolean;
}

const TYPE = /^([a-z]\w*)(?:\(([^]*)\))?([^)]*)$/i;

/** MariaDB marks what it stores in an old form: "datetime /* mariadb-5.3 *\/". */
const REMARK = / ?\/\*.*?\*\/$/;

/** Digits behind the point of a decimal. */
export function scaleOf({ size }: ParsedColumnType): number {
  return Number(size.split(",")[1] ?? 0);
}

/** Of "bigint(20) unsigned", "varchar(64)", "enum('a','b')". */
export function parseColumnType(text: string): ParsedColumnType {
  const [, base = text, size = "", rest = ""] = TYPE.exec(text.replace(REMARK, "")) ?? [];
  return {
    base: base.toLowerCase(),
    size,
    unsigned: /\bunsigned\b/i.test(rest),
    zerofill: /\bzerofill\b/i.test(rest),
  };
}
