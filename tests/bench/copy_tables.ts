/** Tables that the copy bench fills, one set a case. */

/** What is copied: tables with their definition, and the statement that fills them up to `rows`. */
export interface CopyCase {
  readonly name: string;
  readonly tables: readonly string[];
  /** Of each table; NAME stands for it. */
  readonly create: string;
  /** Gives rows; SEQ is a table of so many numbers. */
  readonly select: string;
  /** All tables together. */
  readonly rows: number;
  /** Shards that rows go to. */
  readonly shards: readonly string[];
}

const SBTEST_COLUMNS = "id int NOT NULL, k int NOT NULL DEFAULT 0, " +
  "c char(120) NOT NULL DEFAULT '', pad char(60) NOT NULL DEFAULT '', PRIMARY KEY (id)";
const SBTEST_ROW = "seq, FLOOR(RAND(seq) * 1000000), RPAD(RAND(seq), 119, RAND()), " +
  "RPAD(RAND(), 59, RAND())";

const WIDE = Array.from(
  { length: 10 },
  (_, i) => [`a${i} int`, `b${i} varchar(40)`, `c${i} decimal(20,4)`, `d${i} datetime`].join(", "),
);
const WIDE_ROW = Array.from(
  { length: 10 },
  () =>
    "FLOOR(RAND() * 1e9), CONCAT('name ', RAND()), RAND() * 1e6, '2026-01-01' + INTERVAL seq SECOND",
);

/** `rows` of the sbtest kind; the others have about as many bytes. */
export function copyCases(rows: number): readonly CopyCase[] {
  const one = { tables: ["t0"], shards: ["-"], rows };
  const sbtest = { create: `CREATE TABLE NAME (${SBTEST_COLUMNS}, KEY (k))`, select: SBTEST_ROW };
  return [
    { ...one, ...sbtest, name: "narrow" },
    {
      ...one,
      name: "wide",
      rows: Math.round(rows / 4),
      create: `CREATE TABLE NAME (id int NOT NULL PRIMARY KEY, ${WIDE.join(", ")})`,
      select: `seq, ${WIDE_ROW.join(", ")}`,
    },
    {
      ...one,
      ...sbtest,
      name: "secondary keys",
      rows: Math.round(rows / 4),
      create: `CREATE TABLE NAME (${SBTEST_COLUMNS}, KEY (k), KEY (c), KEY (pad), KEY (k, pad))`,
    },
    {
      ...sbtest,
      name: "100 small tables",
      tables: Array.from({ length: 100 }, (_, i) => `t${i}`),
      rows: Math.round(rows / 10),
      shards: ["-"],
    },
    {
      ...sbtest,
      // More than one snapshot is taken for.
      name: "500 tiny tables",
      tables: Array.from({ length: 500 }, (_, i) => `t${i}`),
      rows: Math.round(rows / 30 / 500) * 500,
      shards: ["-"],
    },
    {
      ...sbtest,
      name: "8 tables",
      tables: Array.from({ length: 8 }, (_, i) => `t${i}`),
      rows,
      shards: ["-"],
    },
    { ...one, ...sbtest, name: "1 -> 2 shards", shards: ["-80", "80-"] },
  ];
}
