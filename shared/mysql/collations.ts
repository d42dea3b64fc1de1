/** Collation ids and names, and the character sets that a client may use. */
import { COLLATIONS_BY_CHARACTER_SET } from "./collation_table.ts";

export const COLLATION_UTF8MB4_GENERAL_CI = 45;
/** MySQL 8's default; MariaDB has none of the 0900 collations. */
export const COLLATION_UTF8MB4_0900_AI_CI = 255;

export interface Collation {
  readonly id: number;
  readonly name: string;
  readonly characterSet: string;
}

/**
 * A client's statements must be in one of these: in others a byte of a character can look like a
 * quote (docs/decisions/0002-sql-text-is-a-byte-string.md).
 */
export const CLIENT_CHARACTER_SETS: ReadonlySet<string> = new Set([
  "utf8mb4",
  "utf8mb3",
  "latin1",
  "ascii",
  "binary",
]);

/** First id of MariaDB's uca1400 collations; from there 256 a character set, 8 a language. */
const UCA1400_FIRST = 2048;
const UCA1400_CHARACTER_SETS = ["utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32"] as const;
/** In the order of ids; the places of 21 and 22 are empty. */
const UCA1400_LANGUAGES = [
  ..." icelandic latvian romanian slovenian polish estonian spanish swedish turkish czech".split(
    " ",
  ),
  ..."danish lithuanian slovak spanish2 roman persian esperanto hungarian sinhala german2".split(
    " ",
  ),
  undefined,
  undefined,
  "vietnamese",
  "croatian",
] as const;
const UCA1400_STRENGTHS = ["ai_ci", "ai_cs", "as_ci", "as_cs"] as const;

function* listed(): Generator<Collation> {
  for (const [characterSet, list] of Object.entries(COLLATIONS_BY_CHARACTER_SET)) {
    for (const entry of list.trim().split(/\s+/)) {
      const [id = "", rest = ""] = entry.split(":");
      const name = characterSet === "binary" ? "binary" : `${characterSet}_${rest}`;
      yield { id: Number(id), name, characterSet };
    }
  }
}

function* uca1400(): Generator<Collation> {
  for (const [set, characterSet] of UCA1400_CHARACTER_SETS.entries()) {
    for (const [language, languageName] of UCA1400_LANGUAGES.entries()) {
      if (languageName === undefined) continue;
      for (let variant = 0; variant < 8; variant++) {
        const words = [
          characterSet,
          "uca1400",
          languageName,
          variant >= 4 ? "nopad" : "",
          UCA1400_STRENGTHS[variant & 3],
        ];
        const id = UCA1400_FIRST + set * 256 + language * 8 + variant;
        yield { id, name: words.filter((word) => word !== "").join("_"), characterSet };
      }
    }
  }
}

const BY_ID = new Map<number, Collation>();
const BY_NAME = new Map<string, Collation>();
const DEFAULT_OF = new Map<string, Collation>();
for (const collation of [...listed(), ...uca1400()]) {
  BY_ID.set(collation.id, collation);
  BY_NAME.set(collation.name, collation);
  if (!DEFAULT_OF.has(collation.characterSet)) {
    DEFAULT_OF.set(collation.characterSet, collation);
  }
}

/** "utf8" is an old name of utf8mb3, alone and in front of collations' names. */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/^utf8(?=_|$)/, "utf8mb3");
}

export function collationById(id: number): Collation | undefined {
  return BY_ID.get(id);
}

/** By its name in any case; "utf8_general_ci" and "utf8mb3_general_ci" are one. */
export function collationByName(name: string): Collation | undefined {
  return BY_NAME.get(canonicalName(name));
}

/** The default collation of a character set: of utf8mb4 utf8mb4_general_ci, which all servers have. */
export function defaultCollation(characterSet: string): Collation | undefined {
  return DEFAULT_OF.get(canonicalName(characterSet));
}

/** True when statements in this collation's character set can be read as bytes. */
export function isClientCollation(id: number): boolean {
  const collation = BY_ID.get(id);
  return collation !== undefined && CLIENT_CHARACTER_SETS.has(collation.characterSet);
}
