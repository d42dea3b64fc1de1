/**
 * Collations that MariaDB and MySQL have under two names, as MariaDB 11.4 takes MySQL's: both sides
 * follow the Unicode Collation Algorithm, of version 14 and of 9.
 */

/** What MariaDB calls a collation of MySQL's; undefined for what has no other name there. */
export function mariadbCollation(name: string): string | undefined {
  if (name === "utf8mb4_0900_bin") return "utf8mb4_nopad_bin";
  const kind = /^utf8mb4_0900_(ai_ci|as_ci|as_cs)$/.exec(name)?.[1];
  return kind === undefined ? undefined : `utf8mb4_uca1400_nopad_${kind}`;
}

/** What MySQL calls a collation of MariaDB's. It knows no other that pads. */
export function mysqlCollation(name: string): string | undefined {
  if (name === "utf8mb4_nopad_bin") return "utf8mb4_0900_bin";
  const kind = /^utf8mb4_uca1400_(?:nopad_)?(ai_ci|as_ci|as_cs)$/.exec(name)?.[1];
  return kind === undefined ? undefined : `utf8mb4_0900_${kind}`;
}

/** Only one of the servers has these: where tables go to the other, somebody chose another one. */
const OF_ONE_SERVER = /_uca1400_|_nopad_|_0900_/;

/** Blanks at the end of a text count in these. */
const NO_PAD = /_0900_|_nopad_/;

/**
 * Whether texts compare alike. A column that no unique key has may have another of the same
 * character set where one server lacks it: no two rows become one by it.
 */
export function isSameCollation(source: string, target: string, isUnique: boolean): boolean {
  const [one, other] = [nameOfToday(source), nameOfToday(target)];
  if (one === other) return true;
  const isPair = mariadbCollation(one) === other || mysqlCollation(one) === other;
  // With and without blanks at the end, a text is one value or two.
  if (isUnique) return isPair && NO_PAD.test(one) === NO_PAD.test(other);
  return isPair ||
    characterSetOf(one) === characterSetOf(other) &&
      OF_ONE_SERVER.test(one) !== OF_ONE_SERVER.test(other);
}

function characterSetOf(collation: string): string {
  return collation.split("_", 1)[0] ?? "";
}

/** UTF8 was MySQL's name until 8.0.30. */
function nameOfToday(name: string): string {
  return name.replace(/^utf8_/, "utf8mb3_");
}
